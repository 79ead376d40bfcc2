package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"spanwatch/exporter"
)

// Options are how to reach the peer and what to write.
type Options struct {
	// Name is the label sink of the metrics.
	Name string
	// Dial connects. It is called by Deliver only.
	Dial func(ctx context.Context) (net.Conn, error)
	// Frame appends a record as the peer wants it.
	Frame func(dst []byte, r *exporter.Record) []byte
	// Datagrams makes every record a write of its own.
	Datagrams bool
	// Confirm waits until the peer's kernel has acknowledged what was written,
	// where that can be known.
	Confirm bool
	// MaxBytes is the largest framed record; larger ones are dropped as
	// too_large. 0 is no bound.
	MaxBytes int

	// DialTimeout bounds an attempt to connect; 0 means 5 s.
	DialTimeout time.Duration
	// WriteTimeout bounds how long the peer may take a write in, and confirm
	// it; 0 means 10 s. After it the connection is given up.
	WriteTimeout time.Duration
	// GiveUpAfter is how long Deliver tries before it drops; 0 means 10 s.
	GiveUpAfter time.Duration
	// MaxBackoff bounds the growing pause between attempts; 0 means 5 s.
	MaxBackoff time.Duration
}

// Defaults of Options.
const (
	DefaultDialTimeout  = 5 * time.Second
	DefaultWriteTimeout = 10 * time.Second
	DefaultGiveUpAfter  = 10 * time.Second
	DefaultMaxBackoff   = 5 * time.Second
	firstBackoff        = 50 * time.Millisecond
)

// writeBytes is gathered before a write: large enough that the system call is
// a small part of the cost, small enough to be sent again.
const writeBytes = 64 << 10

// ErrStopped says that the deadline came before all records were written.
var ErrStopped = errors.New("stopped before all events were written")

// errBroken is the fault of a connection that the peer has closed.
var errBroken = errors.New("connection closed by the peer")

// Sink delivers over one connection. Connected may be called from any
// goroutine; the rest is for the goroutine of the outlet.
type Sink struct {
	opt Options

	conn      net.Conn // nil while there is none
	broken    chan struct{}
	connected atomic.Bool

	backoff time.Duration
	retryAt time.Time // no attempt before
	downAt  time.Time // begin of the present fault; zero while there is none
	fault   error     // of the last attempt

	buf []byte
}

// New makes a sink. It connects when there is something to deliver.
func New(o Options) *Sink {
	if o.DialTimeout <= 0 {
		o.DialTimeout = DefaultDialTimeout
	}
	if o.WriteTimeout <= 0 {
		o.WriteTimeout = DefaultWriteTimeout
	}
	if o.GiveUpAfter <= 0 {
		o.GiveUpAfter = DefaultGiveUpAfter
	}
	if o.MaxBackoff <= 0 {
		o.MaxBackoff = DefaultMaxBackoff
	}
	return &Sink{opt: o}
}

// Name implements exporter.Sink.
func (s *Sink) Name() string { return s.opt.Name }

// Connected says whether a connection stands.
func (s *Sink) Connected() bool { return s.connected.Load() }

// Close implements exporter.Sink.
func (s *Sink) Close() error {
	s.hangUp()
	return nil
}

// hangUp gives the connection up. Everything written to it is accounted for,
// so an error of closing tells nothing.
func (s *Sink) hangUp() {
	if s.conn != nil {
		_ = s.conn.Close()
		s.conn = nil
		s.connected.Store(false)
	}
}

// Deliver implements exporter.Sink.
func (s *Sink) Deliver(ctx context.Context, records []exporter.Record, tally *exporter.Tally) error {
	var fault error
	for len(records) > 0 {
		n, sent := s.fill(records, tally)
		if sent {
			if err := s.deliver(ctx, records[:n], tally); err != nil {
				fault = err
			}
		} else {
			fault = fmt.Errorf("%s: an event is larger than %d bytes", s.opt.Name, s.opt.MaxBytes)
		}
		records = records[n:]
	}
	return fault
}

// fill frames as many records as make one write and returns their number, at
// least one. A record that is too large is dropped by itself, which sent tells.
func (s *Sink) fill(records []exporter.Record, tally *exporter.Tally) (n int, sent bool) {
	s.buf = s.buf[:0]
	for n < len(records) && (n == 0 || !s.opt.Datagrams && len(s.buf) < writeBytes) {
		start := len(s.buf)
		s.buf = s.opt.Frame(s.buf, &records[n])
		if s.opt.MaxBytes > 0 && len(s.buf)-start > s.opt.MaxBytes {
			s.buf = s.buf[:start]
			if n == 0 {
				tally.Dropped(&records[0], exporter.DropTooLarge)
				return 1, false
			}
			break // it comes first next time
		}
		n++
	}
	return n, true
}

// deliver sends the buffer, which holds records, until that succeeds or the
// fault has lasted too long.
func (s *Sink) deliver(ctx context.Context, records []exporter.Record, tally *exporter.Tally) error {
	for {
		if err := ctx.Err(); err != nil {
			dropAll(records, tally, exporter.DropShutdown)
			return fmt.Errorf("%s: %w", s.opt.Name, ErrStopped)
		}
		err := s.attempt(ctx)
		if err == nil {
			for i := range records {
				tally.Delivered(&records[i])
			}
			s.downAt, s.fault, s.backoff, s.retryAt = time.Time{}, nil, 0, time.Time{}
			return nil
		}
		if tooLarge(err) {
			dropAll(records, tally, exporter.DropTooLarge)
			return fmt.Errorf("%s: %w", s.opt.Name, err)
		}
		now := time.Now()
		if s.downAt.IsZero() {
			s.downAt = now
		}
		if now.Sub(s.downAt) >= s.opt.GiveUpAfter {
			dropAll(records, tally, exporter.DropUnreachable)
			return fmt.Errorf("%s: %w", s.opt.Name, err)
		}
		s.wait(ctx, min(time.Until(s.retryAt), time.Until(s.downAt.Add(s.opt.GiveUpAfter))))
	}
}

// wait sleeps, or returns when ctx is done.
func (s *Sink) wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// attempt connects, if need be and if the pause is over, and writes the buffer.
func (s *Sink) attempt(ctx context.Context) error {
	if s.conn != nil {
		select {
		case <-s.broken:
			s.hangUp()
		default:
		}
	}
	if s.conn == nil {
		if time.Now().Before(s.retryAt) {
			return s.fault
		}
		if err := s.connect(ctx); err != nil {
			return s.failed(err)
		}
	}
	if err := s.write(ctx); err != nil {
		if tooLarge(err) {
			return err
		}
		s.hangUp()
		return s.failed(err)
	}
	return nil
}

// failed notes a fault and makes the pause before the next attempt longer.
func (s *Sink) failed(err error) error {
	s.fault = err
	s.backoff = min(max(2*s.backoff, firstBackoff), s.opt.MaxBackoff)
	s.retryAt = time.Now().Add(s.backoff)
	return err
}

func (s *Sink) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.opt.DialTimeout)
	defer cancel()
	conn, err := s.opt.Dial(ctx)
	if err != nil {
		return err
	}
	broken := make(chan struct{})
	s.conn, s.broken = conn, broken
	s.connected.Store(true)
	if !s.opt.Datagrams {
		// The peer has nothing to say; reading is how its end of the
		// connection is noticed. The goroutine ends with the connection.
		go func() {
			defer close(broken)
			_, _ = io.Copy(io.Discard, conn)
		}()
	}
	return nil
}

func (s *Sink) write(ctx context.Context) error {
	deadline := time.Now().Add(s.opt.WriteTimeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	conn := s.conn
	if err := conn.SetWriteDeadline(deadline); err != nil {
		return err
	}
	// A shutdown must not wait for a peer that takes nothing in.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := conn.Write(s.buf); err != nil {
		return err
	}
	if s.opt.Confirm {
		return s.confirm(ctx, deadline)
	}
	return nil
}

// confirm waits until all that was written is acknowledged.
func (s *Sink) confirm(ctx context.Context, deadline time.Time) error {
	const first, longest = 50 * time.Microsecond, 10 * time.Millisecond
	for pause := first; ; pause = min(2*pause, longest) {
		done, known, err := acknowledged(s.conn)
		if err != nil {
			return err
		}
		if done || !known {
			return nil
		}
		if !time.Now().Before(deadline) {
			return fmt.Errorf("the peer has not acknowledged for %v", s.opt.WriteTimeout)
		}
		select {
		case <-s.broken:
			return errBroken
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

func dropAll(records []exporter.Record, tally *exporter.Tally, why exporter.DropReason) {
	for i := range records {
		tally.Dropped(&records[i], why)
	}
}
