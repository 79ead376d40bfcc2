package syslog_test

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/exportertest"
	"spanwatch/exporter/link"
	"spanwatch/exporter/syslog"
	"spanwatch/exporter/tlsclient"
)

func listen(t *testing.T, addr string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func newSink(t *testing.T, c syslog.Config) *link.Sink {
	t.Helper()
	s, err := syslog.New("syslog", c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Errorf("not within 30 s: %s", what)
}

func TestMessagesFollowRFC5424(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	r := serve(t, l)
	f := exportertest.Start(t, newSink(t, syslog.Config{Address: l.Addr().String(), Host: "probe 1\n", Facility: 21}), exporter.Config{})
	f.Send(event.TypeAlert, 3, 50) // of severity 2, 3, 1
	f.Send(event.TypeAnomaly, 1, 50)
	f.Send(event.TypeFlow, 1, 50)
	if total := f.Close(); total.Delivered != 5 {
		t.Fatalf("got %+v", total)
	}
	eventually(t, "5 messages arrive", func() bool { return r.received() == 5 })
	got := r.stop()
	for i, want := range []int{21*8 + 3, 21*8 + 4, 21*8 + 2, 21*8 + 5, 21*8 + 6} {
		m := got[i]
		if m.pri != want || m.host != "probe1" || m.app != "spanwatch" || m.n != i+1 || m.time.Unix() != int64(i+1) {
			t.Errorf("message %d: %+v, want PRI %d", i, m, want)
		}
	}
	if got[0].msgid != "alert" || got[4].msgid != "flow" {
		t.Errorf("MSGID %s and %s", got[0].msgid, got[4].msgid)
	}
}

// checkNoLoss says whether all events up to n that count as delivered arrived
// somewhere, and how many came twice.
func checkNoLoss(t *testing.T, total exporter.TypeCounts, parts ...[]message) (twice int) {
	t.Helper()
	seen := map[int]int{}
	for _, part := range parts {
		for _, m := range part {
			seen[m.n]++
		}
	}
	for _, times := range seen {
		twice += times - 1
	}
	if uint64(len(seen)) < total.Delivered {
		t.Errorf("%d events count as delivered, %d arrived", total.Delivered, len(seen))
	}
	return twice
}

func TestAReceiverThatIsRestartedUnderLoadMissesNothing(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	addr := l.Addr().String()
	r := serve(t, l)
	f := exportertest.Start(t, newSink(t, syslog.Config{Address: addr}), exporter.Config{QueueBytes: 1 << 30})
	var parts [][]message
	const rounds, each = 4, 2000
	for range rounds {
		before := r.received()
		f.Send(event.TypeFlow, each, 400)
		eventually(t, "some events arrive", func() bool { return r.received() > before+each/10 })
		parts = append(parts, r.stop()) // in the middle of the rest
		r = serve(t, listen(t, addr))
	}
	total := f.Close()
	eventually(t, "the rest arrives", func() bool {
		seen := map[int]bool{}
		for _, part := range parts {
			for _, m := range part {
				seen[m.n] = true
			}
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, m := range r.messages {
			seen[m.n] = true
		}
		return uint64(len(seen)) >= total.Delivered
	})
	twice := checkNoLoss(t, total, append(parts, r.stop())...)
	if total.Delivered != rounds*each {
		t.Errorf("got %+v", total)
	}
	t.Logf("%d events, %d of them twice", rounds*each, twice)
}

// TestWhatTheReceiverHasNotAcknowledgedIsSentAgain has a receiver that takes
// a few kilobytes and dies. None of the events may count as delivered to it.
func TestWhatTheReceiverHasNotAcknowledgedIsSentAgain(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	addr := l.Addr().String()
	f := exportertest.Start(t, newSink(t, syslog.Config{Address: addr, GiveUpAfter: time.Minute}), exporter.Config{})
	const events = 20
	f.Send(event.TypeAlert, events, 300_000) // each a write of its own, larger than the receiver's window
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	before := f.Counts().Delivered
	_ = l.Close()
	_ = c.Close() // with unread bytes, so that the kernel resets the connection
	r := serve(t, listen(t, addr))
	total := f.Close()
	got := r.stop()
	if total.Delivered != events || uint64(len(got)) < events-before {
		t.Errorf("%d of %d events counted as delivered to the dead receiver, %d came to the next; %+v", before, events, len(got), total)
	}
	if before > 15 { // the window of loopback can hold some megabytes
		t.Errorf("%d events were acknowledged before the receiver died: the test shows nothing", before)
	}
}

func TestTLSChecksTheReceiver(t *testing.T) {
	cert, key := exportertest.Certificate(t)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	plain := listen(t, "127.0.0.1:0")
	l := tls.NewListener(plain, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
	r := serve(t, l)
	config := func(c tlsclient.Config) syslog.Config {
		c.Enabled = true
		return syslog.Config{Address: plain.Addr().String(), TLS: c, GiveUpAfter: 300 * time.Millisecond}
	}
	f := exportertest.Start(t, newSink(t, config(tlsclient.Config{CAFile: cert})), exporter.Config{})
	f.Send(event.TypeAlert, 200, 2000)
	if total := f.Close(); total.Delivered != 200 {
		t.Errorf("a known authority: got %+v", total)
	}
	eventually(t, "200 messages arrive", func() bool { return r.received() == 200 })
	for name, c := range map[string]tlsclient.Config{
		"an unknown authority": {},
		"another name":         {CAFile: cert, ServerName: "elsewhere.example"},
	} {
		f := exportertest.Start(t, newSink(t, config(c)), exporter.Config{})
		f.Send(event.TypeAlert, 5, 10)
		if total := f.Close(); total.Dropped[exporter.DropUnreachable] != 5 {
			t.Errorf("%s: got %+v", name, total)
		}
	}
	if got := r.stop(); len(got) != 200 {
		t.Errorf("%d messages arrived, want 200", len(got))
	}
}

func TestAMessageTooLargeForTheReceiverIsDroppedAlone(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	r := serve(t, l)
	f := exportertest.Start(t, newSink(t, syslog.Config{Address: l.Addr().String(), MaxBytes: 1000, Cookie: false}), exporter.Config{})
	f.Send(event.TypeAlert, 2, 10)
	f.Send(event.TypeAlert, 1, 5000)
	f.Send(event.TypeAlert, 2, 10)
	total := f.Close()
	eventually(t, "4 messages arrive", func() bool { return r.received() == 4 })
	r.stop()
	if total.Delivered != 4 || total.Dropped[exporter.DropTooLarge] != 1 {
		t.Errorf("got %+v", total)
	}
}

func TestBadSettingsAreRefused(t *testing.T) {
	for name, c := range map[string]syslog.Config{
		"no port":           {Address: "localhost"},
		"no such facility":  {Address: "localhost:514", Facility: 24},
		"no CA file":        {Address: "localhost:6514", TLS: tlsclient.Config{Enabled: true, CAFile: "/absent/ca.pem"}},
		"TLS half switched": {Address: "localhost:6514", TLS: tlsclient.Config{CAFile: "/absent/ca.pem"}},
	} {
		if _, err := syslog.New("syslog", c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := syslog.ParseFacility("local9"); !errors.Is(err, syslog.ErrFacility) || !strings.Contains(err.Error(), "local9") {
		t.Errorf("got %v", err)
	}
	if n, err := syslog.ParseFacility("local5"); n != 21 || err != nil {
		t.Errorf("local5 is %d, %v", n, err)
	}
}
