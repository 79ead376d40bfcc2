package socket_test

import (
	"bufio"
	"encoding/json"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/exportertest"
	"spanwatch/exporter/socket"
)

// reader listens on a stream socket and keeps the numbers of the events it
// reads. Every line must be one whole object.
type reader struct {
	t        *testing.T
	listener net.Listener
	done     sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
	seen  map[int]int
}

func listen(t *testing.T, path string) *reader {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, listener: l, seen: map[int]int{}}
	r.done.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			r.mu.Lock()
			r.conns = append(r.conns, c)
			r.mu.Unlock()
			r.done.Go(func() { r.read(c) })
		}
	})
	return r
}

func (r *reader) read(c net.Conn) {
	in := bufio.NewReaderSize(c, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return // what is behind the last line feed was cut off by stop
		}
		r.count(line)
	}
}

func (r *reader) count(line []byte) {
	var e struct{ N int }
	if err := json.Unmarshal(line, &e); err != nil || e.N == 0 {
		r.t.Errorf("not a whole event: %.80q: %v", line, err)
		return
	}
	r.mu.Lock()
	r.seen[e.N]++
	r.mu.Unlock()
}

// stop ends the listener and its connections.
func (r *reader) stop() map[int]int {
	_ = r.listener.Close()
	r.mu.Lock()
	for _, c := range r.conns {
		_ = c.Close()
	}
	r.mu.Unlock()
	r.done.Wait()
	return r.seen
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Errorf("not within 20 s: %s", what)
}

func TestAStreamArrivesWholeAndGoesOnAfterARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	first := listen(t, path)
	f := exportertest.Start(t, socket.New("unix", socket.Config{Path: path}), exporter.Config{})
	f.Send(event.TypeFlow, 500, 300)
	eventually(t, "500 events arrive", func() bool { first.mu.Lock(); defer first.mu.Unlock(); return len(first.seen) == 500 })
	first.stop()
	second := listen(t, path)
	f.Send(event.TypeFlow, 500, 300)
	eventually(t, "500 more arrive", func() bool { second.mu.Lock(); defer second.mu.Unlock(); return len(second.seen) == 500 })
	if total := f.Close(); total.Delivered != 1000 {
		t.Errorf("got %+v", total)
	}
	for n, times := range second.stop() {
		if n <= 500 || times != 1 {
			t.Errorf("event %d came %d times after the restart", n, times)
		}
	}
}

func TestWithoutAListenerEventsAreDroppedAndCounted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	var mu sync.Mutex
	var reports []string
	f := exportertest.Start(t, socket.New("unix", socket.Config{Path: path, GiveUpAfter: 300 * time.Millisecond}),
		exporter.Config{Report: func(_ string, err error) {
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				reports = append(reports, "works again")
			} else {
				reports = append(reports, err.Error())
			}
		}})
	f.Send(event.TypeFlow, 100, 10)
	eventually(t, "the events are given up", func() bool { return f.Counts().Dropped[exporter.DropUnreachable] == 100 })
	begin := time.Now()
	f.Send(event.TypeFlow, 100, 10)
	eventually(t, "those behind them too", func() bool { return f.Counts().Dropped[exporter.DropUnreachable] == 200 })
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("events behind a known fault waited %v", d)
	}
	r := listen(t, path)
	eventually(t, "events arrive again", func() bool {
		f.Send(event.TypeFlow, 1, 10)
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.seen) > 0
	})
	total := f.Close()
	if total.Delivered == 0 || total.Delivered+total.Dropped[exporter.DropUnreachable] != total.Made {
		t.Errorf("got %+v", total)
	}
	r.stop()
	if len(reports) != 2 || !strings.Contains(reports[0], "no such file") || reports[1] != "works again" {
		t.Errorf("reported %q, want the fault and its end once each", reports)
	}
}

func TestDatagramsHoldOneEventEach(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, seen: map[int]int{}}
	var done sync.WaitGroup
	done.Go(func() {
		buf := make([]byte, 1<<20)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			r.count(buf[:n])
		}
	})
	f := exportertest.Start(t, socket.New("unix", socket.Config{Path: path, Datagram: true}), exporter.Config{})
	f.Send(event.TypeAlert, 200, 100)
	f.Send(event.TypeAlert, 1, 4<<20) // more than a datagram can be
	f.Send(event.TypeAlert, 200, 100)
	total := f.Close()
	eventually(t, "the events arrive", func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.seen) == 400 })
	_ = c.Close()
	done.Wait()
	if total.Delivered != 400 || total.Dropped[exporter.DropTooLarge] != 1 || r.seen[201] != 0 {
		t.Errorf("got %+v, %d arrived", total, len(r.seen))
	}
}

// TestAReaderThatStopsReadingCostsOnlyTheQueue fills the socket and the queue;
// what does not fit is dropped at once, and an end by deadline is not held up.
func TestAReaderThatStopsReadingCostsOnlyTheQueue(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // never accepts, never reads
	f := exportertest.Start(t, socket.New("unix", socket.Config{Path: path, GiveUpAfter: 200 * time.Millisecond}), exporter.Config{QueueBytes: 1 << 20})
	begin := time.Now()
	for range 100 {
		f.Send(event.TypeFlow, 100, 1000)
	}
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("the producer was held up for %v", d)
	}
	total := f.Counts()
	if total.Dropped[exporter.DropQueueFull] == 0 || total.Queued*1000 > 2<<20 {
		t.Errorf("got %+v", total)
	}
}
