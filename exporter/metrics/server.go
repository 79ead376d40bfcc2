package metrics

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"
)

// DefaultAddr is where metrics are served unless told otherwise: on loopback,
// because counters by host tell who talks to whom.
const DefaultAddr = "127.0.0.1:9750"

// Limits against clients that are slow by accident or on purpose. A scrape of
// the largest answer takes milliseconds.
const (
	readTimeout     = 5 * time.Second
	writeTimeout    = 30 * time.Second
	idleTimeout     = 2 * time.Minute
	shutdownTimeout = 3 * time.Second
	maxHeaderBytes  = 16 << 10
)

// Options say what an endpoint serves, and to whom.
type Options struct {
	// Ready says why the sensor is not of use at present; nil when it is, or
	// always. It is called by many goroutines.
	Ready func() error
	// Auth is asked for by everything but /healthz and /readyz, which tell
	// nothing of the traffic.
	Auth Auth
	// PProf serves the profiles of net/http/pprof.
	PProf bool
}

// Handler serves /metrics, /healthz (the process answers) and /readyz (200, or
// 503 with the reason).
func Handler(r *Registry, o Options) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", o.Auth.guard(http.HandlerFunc(r.serve)))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, "ok")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if o.Ready != nil {
			if err := o.Ready(); err != nil {
				answer(w, http.StatusServiceUnavailable, err.Error())
				return
			}
		}
		answer(w, http.StatusOK, "ready")
	})
	if o.PProf {
		for path, h := range map[string]http.HandlerFunc{
			"/debug/pprof/": pprof.Index, "/debug/pprof/cmdline": pprof.Cmdline, "/debug/pprof/profile": pprof.Profile,
			"/debug/pprof/symbol": pprof.Symbol, "/debug/pprof/trace": pprof.Trace,
		} {
			mux.Handle("GET "+path, o.Auth.guard(longer(h)))
		}
	}
	return mux
}

// longer gives a profile, which takes as long as it was asked to, more time
// than other answers have.
func longer(h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		const most = 10 * time.Minute
		// Without a deadline of its own, the answer has that of the server.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(most))
		h(w, req)
	})
}

// answer writes a line of text. Its error means that the client has gone,
// which is the client's affair.
func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text)
}

// serve makes the whole answer before it writes, so that a slow client holds
// up no other scrape.
func (r *Registry) serve(w http.ResponseWriter, req *http.Request) {
	var body bytes.Buffer
	h := w.Header()
	write := r.Write
	h.Set("Content-Type", textType)
	if wantsOpenMetrics(req.Header.Get("Accept")) {
		write = r.WriteOpenMetrics
		h.Set("Content-Type", openMetricsType)
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept, Accept-Encoding")
	if acceptsGzip(req) {
		h.Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(&body)
		// Neither writes to anything but memory, so neither fails.
		_ = write(z)
		_ = z.Close()
	} else {
		_ = write(&body)
	}
	_, _ = w.Write(body.Bytes()) // fails when the client has gone
}

func acceptsGzip(req *http.Request) bool {
	for _, part := range strings.Split(req.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(coding) == "gzip" {
			weight = strings.ReplaceAll(weight, " ", "")
			return weight != "q=0" && strings.Trim(weight, "0") != "q=0."
		}
	}
	return false
}

// Server is an HTTP server with its socket open.
type Server struct {
	listener net.Listener
	http     *http.Server
}

// Listen opens the socket. Port 0 lets the system choose one; see Addr. An
// empty address is DefaultAddr. t serves HTTPS, unless it is zero.
func Listen(addr string, t TLS, h http.Handler) (*Server, error) {
	secure, err := t.Config()
	if err != nil {
		return nil, err
	}
	if addr == "" {
		addr = DefaultAddr
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	if secure != nil {
		secure.NextProtos = []string{"http/1.1"}
		l = tls.NewListener(l, secure)
	}
	return &Server{listener: l, http: &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
	}}, nil
}

// Addr is the address that the socket has.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Serve answers until ctx is done, then lets running answers finish for a
// moment. It blocks; the caller gives it a goroutine. It returns nil when ctx
// ended it.
func (s *Server) Serve(ctx context.Context) error {
	finished := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(finished)
		deadline, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
		defer cancel()
		if s.http.Shutdown(deadline) != nil {
			_ = s.http.Close() // the deadline has come: cut what is left
		}
	})
	err := s.http.Serve(s.listener)
	if !stop() {
		<-finished
	}
	if errors.Is(err, http.ErrServerClosed) && ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("metrics: %w", err)
}
