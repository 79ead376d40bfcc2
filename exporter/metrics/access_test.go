package metrics_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spanwatch/exporter/exportertest"
	"spanwatch/exporter/metrics"
)

func secret(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// serve runs an endpoint until the test ends.
func serve(t *testing.T, secure metrics.TLS, o metrics.Options) (url string) {
	t.Helper()
	r := metrics.NewRegistry("1.2.3")
	r.Add(everything)
	s, err := metrics.Listen("127.0.0.1:0", secure, metrics.Handler(r, o))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	scheme := "http://"
	if secure != (metrics.TLS{}) {
		scheme = "https://"
	}
	return scheme + s.Addr().String()
}

func TestOnlyThoseWithTheSecretMayScrape(t *testing.T) {
	both := metrics.Auth{User: "prom", PasswordFile: secret(t, "pass word"), TokenFile: secret(t, "tok3n")}
	basic := func(user, password string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(user, password) }
	}
	bearer := func(token string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	}
	url := serve(t, metrics.TLS{}, metrics.Options{Auth: both, PProf: true})
	for name, c := range map[string]struct {
		path string
		with func(*http.Request)
		want int
	}{
		"nothing":                {"/metrics", func(*http.Request) {}, 401},
		"the password":           {"/metrics", basic("prom", "pass word"), 200},
		"a wrong password":       {"/metrics", basic("prom", "pass"), 401},
		"a wrong user":           {"/metrics", basic("root", "pass word"), 401},
		"an empty password":      {"/metrics", basic("prom", ""), 401},
		"the token":              {"/metrics", bearer("tok3n"), 200},
		"a wrong token":          {"/metrics", bearer("tok3"), 401},
		"the password as token":  {"/metrics", bearer("pass word"), 401},
		"profiles with nothing":  {"/debug/pprof/", func(*http.Request) {}, 401},
		"profiles and the token": {"/debug/pprof/", bearer("tok3n"), 200},
		"health with nothing":    {"/healthz", func(*http.Request) {}, 200},
		"readiness with nothing": {"/readyz", func(*http.Request) {}, 200},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.with(req)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", name, resp.StatusCode, c.want)
		}
		if got := strings.Join(resp.Header.Values("WWW-Authenticate"), ", "); c.want == 401 && (!strings.Contains(got, "Basic") || !strings.Contains(got, "Bearer")) {
			t.Errorf("%s: WWW-Authenticate %q", name, got)
		}
	}
	// A changed secret counts from the next request.
	if err := os.WriteFile(both.TokenFile, []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	if resp, _ := get(t, url+"/metrics", "Authorization", "Bearer another"); resp.StatusCode != 200 {
		t.Errorf("the new token: %d", resp.StatusCode)
	}
	if err := os.Remove(both.TokenFile); err != nil {
		t.Fatal(err)
	}
	if resp, _ := get(t, url+"/metrics", "Authorization", "Bearer "); resp.StatusCode != 401 {
		t.Errorf("no token file and an empty token: %d", resp.StatusCode)
	}
}

func TestProfilesAreServedOnlyWhenAskedFor(t *testing.T) {
	if resp, _ := get(t, serve(t, metrics.TLS{}, metrics.Options{})+"/debug/pprof/"); resp.StatusCode != 404 {
		t.Errorf("profiles are served by default: %d", resp.StatusCode)
	}
	if resp, body := get(t, serve(t, metrics.TLS{}, metrics.Options{PProf: true})+"/debug/pprof/goroutine?debug=1"); resp.StatusCode != 200 || !strings.Contains(body, "goroutine profile") {
		t.Errorf("%d: %.100s", resp.StatusCode, body)
	}
}

func TestTheEndpointServesHTTPS(t *testing.T) {
	cert, key := exportertest.Certificate(t)
	pool := x509.NewCertPool()
	pem, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	pool.AppendCertsFromPEM(pem)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	client := func(c *tls.Config) *http.Client { return &http.Client{Transport: &http.Transport{TLSClientConfig: c}} }
	known, withCert, stranger := client(&tls.Config{RootCAs: pool}), client(&tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}), client(nil)

	url := serve(t, metrics.TLS{CertFile: cert, KeyFile: key}, metrics.Options{})
	if resp, err := known.Get(url + "/metrics"); err != nil || resp.StatusCode != 200 {
		t.Errorf("a client that knows the authority: %v", err)
	}
	if _, err := stranger.Get(url + "/metrics"); err == nil {
		t.Error("a client that does not know the authority got an answer")
	}
	url = serve(t, metrics.TLS{CertFile: cert, KeyFile: key, ClientCAFile: cert}, metrics.Options{})
	if resp, err := withCert.Get(url + "/metrics"); err != nil || resp.StatusCode != 200 {
		t.Errorf("a client with a certificate: %v", err)
	}
	if _, err := known.Get(url + "/metrics"); err == nil {
		t.Error("a client without a certificate got an answer")
	}
}

func TestSettingsOfAccessAreChecked(t *testing.T) {
	if _, err := (metrics.TLS{CertFile: "x"}).Config(); !errors.Is(err, metrics.ErrTLS) {
		t.Errorf("got %v", err)
	}
	if _, err := (metrics.TLS{CertFile: "/absent", KeyFile: "/absent"}).Config(); err == nil {
		t.Error("absent files were taken")
	}
	for name, a := range map[string]metrics.Auth{
		"no password":        {User: "x"},
		"an absent password": {User: "x", PasswordFile: "/absent"},
		"an empty token":     {TokenFile: secret(t, "")},
	} {
		if a.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := (&metrics.Auth{User: "x", PasswordFile: secret(t, "y")}).Validate(); err != nil {
		t.Error(err)
	}
}
