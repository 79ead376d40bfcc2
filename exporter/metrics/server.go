package metrics

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// DefaultAddr is where metrics are served unless told otherwise: on loopback,
// because counters by host tell who talks to whom.
const DefaultAddr = "127.0.0.1:9750"

// contentType is Prometheus text format. OpenMetrics is not offered: the
// metrics library does not write it.
const contentType = "text/plain; version=0.0.4; charset=utf-8"

// Limits against clients that are slow by accident or on purpose. A scrape of
// the largest answer takes milliseconds.
const (
	readTimeout     = 5 * time.Second
	writeTimeout    = 30 * time.Second
	idleTimeout     = 2 * time.Minute
	shutdownTimeout = 3 * time.Second
	maxHeaderBytes  = 16 << 10
)

// Handler serves /metrics, /healthz (the process answers) and /readyz (ready
// returns nil, else 503 with the text of its error). ready may be nil and is
// called by many goroutines.
func Handler(r *Registry, ready func() error) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", r.serve)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, "ok")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if ready != nil {
			if err := ready(); err != nil {
				answer(w, http.StatusServiceUnavailable, err.Error())
				return
			}
		}
		answer(w, http.StatusOK, "ready")
	})
	return mux
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
	h.Set("Content-Type", contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	if acceptsGzip(req) {
		h.Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(&body)
		// Neither writes to anything but memory, so neither fails.
		_ = r.Write(z)
		_ = z.Close()
	} else {
		_ = r.Write(&body)
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
// empty address is DefaultAddr.
func Listen(addr string, h http.Handler) (*Server, error) {
	if addr == "" {
		addr = DefaultAddr
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
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
