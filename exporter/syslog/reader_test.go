package syslog_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"
)

// message is a syslog message taken apart.
type message struct {
	pri              int
	time             time.Time
	host, app, msgid string
	n                int // number of the event
}

// headerForm is RFC 5424 section 6 with nothing left to chance.
var headerForm = regexp.MustCompile(`^<([1-9]?[0-9]|1[0-9][0-9])>1 ` +
	`([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) - `)

func parseMessage(text []byte) (m message, err error) {
	g := headerForm.FindSubmatch(text)
	if g == nil {
		return m, fmt.Errorf("no RFC 5424 header: %.100q", text)
	}
	m.pri, _ = strconv.Atoi(string(g[1]))
	if m.pri > 191 {
		return m, fmt.Errorf("PRI %d", m.pri)
	}
	if m.time, err = time.Parse(time.RFC3339, string(g[2])); err != nil {
		return m, err
	}
	m.host, m.app, m.msgid = string(g[3]), string(g[4]), string(g[6])
	var e struct{ N int }
	if err := json.Unmarshal(text[len(g[0]):], &e); err != nil {
		return m, fmt.Errorf("the message is no event: %.100q: %w", text, err)
	}
	m.n = e.N
	return m, nil
}

// readFrame reads one octet-counted frame, RFC 6587 section 3.4.1, and takes
// nothing else: no leading zeros, one space.
func readFrame(r *bufio.Reader) ([]byte, error) {
	count, err := r.ReadString(' ')
	if err != nil {
		if count == "" {
			return nil, err
		}
		return nil, io.ErrUnexpectedEOF
	}
	n, err := strconv.Atoi(count[:len(count)-1])
	if err != nil || n < 1 || count[0] == '0' || n > 1<<20 {
		return nil, fmt.Errorf("bad count %q", count)
	}
	text := make([]byte, n)
	_, err = io.ReadFull(r, text)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return text, err
}

// receiver is a strict syslog server.
type receiver struct {
	t        *testing.T
	listener net.Listener
	done     sync.WaitGroup

	mu       sync.Mutex
	conns    []net.Conn
	messages []message
}

func serve(t *testing.T, l net.Listener) *receiver {
	r := &receiver{t: t, listener: l}
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

func (r *receiver) read(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		text, err := readFrame(in)
		if err == nil {
			var m message
			if m, err = parseMessage(text); err == nil {
				r.mu.Lock()
				r.messages = append(r.messages, m)
				r.mu.Unlock()
				continue
			}
		}
		var fault net.Error // a certificate that the sensor refuses, say
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, &fault) {
			r.t.Errorf("bad stream: %v", err)
		}
		return
	}
}

func (r *receiver) received() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.messages)
}

// stop says goodbye as a program that is shut down in order: it takes what is
// under way and nothing after it.
func (r *receiver) stop() []message {
	_ = r.listener.Close()
	r.mu.Lock()
	for _, c := range r.conns {
		if half, ok := c.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
	}
	r.mu.Unlock()
	r.done.Wait()
	return r.messages
}
