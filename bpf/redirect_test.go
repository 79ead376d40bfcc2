//go:build linux && (amd64 || arm64)

package bpf_test

import (
	"errors"
	"testing"
	"time"

	"spanwatch/bpf"
)

// TestRedirectedFramesHaveTheFateOfTheirFlow: of what is redirected, the XDP program
// drops what is shunted, but for ends, and duplicates. Here no queue has a socket.
func TestRedirectedFramesHaveTheFateOfTheirFlow(t *testing.T) {
	needRoot(t)
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			cfg := small("none")
			cfg.Redirect = true
			p := detached(t, cfg)
			frame, back, other := kind.frame(1, false), kind.frame(1, true), kind.frame(2, false)
			runXDP(t, p, frame)
			key := keys(t, p)[0]
			if err := p.Shunt(&key); err != nil {
				t.Fatal(err)
			}
			runXDP(t, p, frame)
			runXDP(t, p, back)
			runXDP(t, p, other)
			want := bpf.Count{Packets: 2, Bytes: uint64(len(frame) + len(back))}
			if held, ok, err := p.Held(&key); err != nil || !ok || held.Packets != 2 {
				t.Errorf("held %+v %v %v, want %+v", held, ok, err, want)
			}
			if _, _, err := p.Unshunt(&key); err != nil {
				t.Fatal(err)
			}
			runXDP(t, p, frame)
			s := stats(t, p)
			if got := s.Feed[bpf.VerdictShedShunted]; got != want {
				t.Errorf("shed %+v, want %+v", got, want)
			}
			if got := s.Feed[bpf.VerdictUnbound].Packets; got != 3 {
				t.Errorf("%d frames went to the stack, want 3", got)
			}
			if got := s.Total[bpf.Ingress].Packets; got != 5 {
				t.Errorf("%d frames were counted, want 5", got)
			}
		})
	}
}

func TestRedirectedDuplicatesAreDropped(t *testing.T) {
	needRoot(t)
	cfg := small("none")
	cfg.Redirect, cfg.DuplicateWindow = true, time.Second
	p := detached(t, cfg)
	frame := kinds[0].frame(1, false)
	for range 3 {
		runXDP(t, p, frame)
	}
	s := stats(t, p)
	if s.Feed[bpf.VerdictShedDuplicate].Packets != 2 || s.Feed[bpf.VerdictUnbound].Packets != 1 {
		t.Errorf("%+v", s.Feed)
	}
}

func TestOnlyProgramsThatRedirectTakeSockets(t *testing.T) {
	needRoot(t)
	p := detached(t, small("none"))
	if err := p.BindQueue(0, 0); !errors.Is(err, bpf.ErrConfig) {
		t.Errorf("got %v", err)
	}
	cfg := small("none")
	cfg.Redirect = true
	p = detached(t, cfg)
	if err := p.BindQueue(0, 0); err == nil || errors.Is(err, bpf.ErrConfig) {
		t.Errorf("standard input is taken for a socket: %v", err)
	}
	if n, err := p.QueueCount(bpf.MaxQueues - 1); err != nil || n != (bpf.Count{}) {
		t.Errorf("%+v, %v", n, err)
	}
	if _, err := p.QueueCount(bpf.MaxQueues); err == nil {
		t.Error("there is no such queue")
	}
}

func TestTCXRedirectsNothing(t *testing.T) {
	cfg := bpf.DefaultConfig("eth0")
	cfg.Redirect, cfg.Hook = true, bpf.HookTCX
	if err := cfg.Validate(); !errors.Is(err, bpf.ErrConfig) {
		t.Errorf("got %v", err)
	}
}
