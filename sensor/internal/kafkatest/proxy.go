package kafkatest

import (
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Proxy forwards TCP connections to a broker, until it is told to misbehave.
type Proxy struct {
	l      net.Listener
	target string

	mu      sync.Mutex
	changed *sync.Cond
	frozen  bool
	rate    int // bytes a second towards the broker; 0 means any
	closed  bool
	conns   map[net.Conn]bool
}

// NewProxy listens on a free port.
func NewProxy() (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("kafkatest: %w", err)
	}
	p := &Proxy{l: l, conns: map[net.Conn]bool{}}
	p.changed = sync.NewCond(&p.mu)
	return p, nil
}

// Port is where the proxy listens.
func (p *Proxy) Port() int { return p.l.Addr().(*net.TCPAddr).Port }

// Serve begins to forward to target. It starts the goroutines that do it.
func (p *Proxy) Serve(target string) {
	p.target = target
	go func() {
		for {
			c, err := p.l.Accept()
			if err != nil {
				return // closed
			}
			go p.forward(c)
		}
	}()
}

// Freeze makes the network a black hole: connections stay, and nothing passes.
// What was on its way is forwarded by Thaw.
func (p *Proxy) Freeze() { p.set(func() { p.frozen = true }) }

// Thaw ends Freeze.
func (p *Proxy) Thaw() { p.set(func() { p.frozen = false }) }

// Slow limits what goes towards the broker to rate bytes a second; 0 ends it.
func (p *Proxy) Slow(rate int) { p.set(func() { p.rate = rate }) }

// Cut ends all connections, with what is on its way.
func (p *Proxy) Cut() {
	p.set(func() {
		for c := range p.conns {
			c.Close()
		}
	})
}

// Close ends the proxy.
func (p *Proxy) Close() {
	p.l.Close()
	p.set(func() { p.closed = true })
	p.Cut()
}

func (p *Proxy) set(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	p.changed.Broadcast()
}

func (p *Proxy) forward(in net.Conn) {
	out, err := net.Dial("tcp", p.target)
	if err != nil {
		in.Close()
		return
	}
	p.set(func() { p.conns[in], p.conns[out] = true, true })
	var both sync.WaitGroup
	both.Go(func() { p.copy(out, in, true) })
	both.Go(func() { p.copy(in, out, false) })
	both.Wait()
	p.set(func() { delete(p.conns, in); delete(p.conns, out) })
}

func (p *Proxy) copy(dst, src net.Conn, upwards bool) {
	defer dst.Close()
	defer src.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			rate := p.wait()
			if upwards && rate > 0 {
				time.Sleep(time.Duration(n) * time.Second / time.Duration(rate))
			}
			if _, err := dst.Write(buf[:n]); err != nil {
				return
			}
		}
		if err == io.EOF || err != nil {
			return
		}
	}
}

// wait returns when bytes may pass, and how fast.
func (p *Proxy) wait() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.frozen && !p.closed {
		p.changed.Wait()
	}
	return p.rate
}
