package metrics_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"spanwatch/exporter/metrics"
)

func start(t *testing.T, addr string, ready func() error) (url string, stop func() error) {
	t.Helper()
	r := metrics.NewRegistry("1.2.3")
	r.Add(everything)
	s, err := metrics.Listen(addr, metrics.TLS{}, metrics.Handler(r, metrics.Options{Ready: ready}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	return "http://" + s.Addr().String(), func() error { cancel(); return <-ended }
}

func get(t *testing.T, url string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestTheServerAnswersUntilItIsStopped(t *testing.T) {
	var mu sync.Mutex
	notReady := errors.New("no capture source is open")
	url, stop := start(t, "127.0.0.1:0", func() error {
		mu.Lock()
		defer mu.Unlock()
		return notReady
	})
	resp, body := get(t, url+"/metrics")
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("/metrics: %s, %s", resp.Status, resp.Header.Get("Content-Type"))
	}
	if _, err := parseExposition(body); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		path   string
		status int
		body   string
	}{
		{"/healthz", 200, "ok\n"},
		{"/readyz", 503, "no capture source is open\n"},
		{"/other", 404, "404 page not found\n"},
	} {
		if resp, body := get(t, url+c.path); resp.StatusCode != c.status || body != c.body {
			t.Errorf("%s: %d %q, want %d %q", c.path, resp.StatusCode, body, c.status, c.body)
		}
	}
	mu.Lock()
	notReady = nil
	mu.Unlock()
	if resp, body := get(t, url+"/readyz"); resp.StatusCode != 200 || body != "ready\n" {
		t.Errorf("/readyz: %d %q when ready", resp.StatusCode, body)
	}
	if err := stop(); err != nil {
		t.Errorf("Serve: %v", err)
	}
	if c, err := net.DialTimeout("tcp", strings.TrimPrefix(url, "http://"), time.Second); err == nil {
		c.Close()
		t.Error("the socket is open after Serve returned")
	}
}

func TestCompressionOnlyWhenAskedFor(t *testing.T) {
	url, stop := start(t, "127.0.0.1:0", nil)
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	for accept, want := range map[string]bool{
		"gzip": true, "deflate, gzip;q=0.5": true, "GZIP;q=0": false, "gzip;q=0": false, "gzip; q=0.0": false, "identity": false, "": false,
	} {
		resp, body := get(t, url+"/metrics", "Accept-Encoding", accept)
		if got := resp.Header.Get("Content-Encoding") == "gzip"; got != want {
			t.Errorf("Accept-Encoding %q: compressed %v, want %v", accept, got, want)
			continue
		}
		if want {
			z, err := gzip.NewReader(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			plain, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			body = string(plain)
		}
		if _, err := parseExposition(body); err != nil {
			t.Errorf("Accept-Encoding %q: %v", accept, err)
		}
	}
}

func TestManyScrapesAtOnceAreAllWhole(t *testing.T) {
	url, stop := start(t, "127.0.0.1:0", nil)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				resp, err := http.Get(url + "/metrics")
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil {
					t.Error(err)
				}
				if _, err := parseExposition(string(body)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestABusyAddressIsAnError(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := metrics.Listen(l.Addr().String(), metrics.TLS{}, nil); err == nil {
		t.Error("Listen took a busy address")
	}
}
