package kafka

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/apiversions"

	"spanwatch/exporter/tlsclient"
)

// errProtocol says that what came is no answer to what was asked.
var errProtocol = errors.New("kafka: the peer does not speak the Kafka protocol")

const (
	// maxAnswer bounds an answer to produce and metadata requests. A peer that
	// speaks another protocol announces a gigabyte.
	maxAnswer = 16 << 20
	// writeTimeout bounds how long the network may take a request in. It is
	// short, since Deliver waits for it; windows shrink when it is reached.
	writeTimeout = 2 * time.Second
)

// conn is a connection to a broker, with at most one request in flight. It is
// used by one goroutine.
type conn struct {
	net      net.Conn
	r        *bufio.Reader
	clientID string
	versions map[protocol.ApiKey]int16
	id       int32 // of the last request
	timeout  time.Duration
}

// dialer makes connections. Several goroutines may use it.
type dialer struct {
	cfg   *Config
	mu    sync.Mutex
	files tlsclient.Files
}

// dial connects to a broker and makes the connection ready for requests.
func (d *dialer) dial(ctx context.Context, addr string) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.cfg.DialTimeout)
	defer cancel()
	nc, err := d.open(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	deadline, _ := ctx.Deadline()
	c := &conn{net: nc, r: bufio.NewReader(nc), clientID: d.cfg.ClientID, timeout: time.Until(deadline)}
	if err := c.prepare(ctx, &d.cfg.SASL, deadline); err != nil {
		c.close()
		return nil, fmt.Errorf("%s: %w", addr, err)
	}
	c.timeout = d.cfg.DialTimeout
	return c, nil
}

// open connects, with TLS where that is configured.
func (d *dialer) open(ctx context.Context, network, addr string) (net.Conn, error) {
	var plain net.Dialer
	nc, err := plain.DialContext(ctx, network, addr)
	if err != nil || !d.cfg.TLS.Enabled {
		return nc, err
	}
	secure, err := d.secure(ctx, nc, addr)
	if err != nil {
		_ = nc.Close() // nothing was entrusted to it
		return nil, fmt.Errorf("%s: %w", addr, err)
	}
	return secure, nil
}

func (d *dialer) secure(ctx context.Context, nc net.Conn, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	cfg, err := d.files.Client(&d.cfg.TLS, host)
	d.mu.Unlock()
	if err != nil {
		return nil, tlsFault(err)
	}
	c := tls.Client(nc, cfg)
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// prepare negotiates versions and authenticates.
func (c *conn) prepare(ctx context.Context, s *SASL, deadline time.Time) error {
	if err := c.negotiate(); err != nil {
		return err
	}
	if s.Mechanism == "" {
		return nil
	}
	c.timeout = time.Until(deadline)
	return c.authenticate(ctx, s)
}

// negotiate asks for the versions of the broker's requests. Until then all
// requests go in version 0.
func (c *conn) negotiate() error {
	answer, err := c.exchange(new(apiversions.Request))
	if err != nil {
		return err
	}
	versions, code, err := readVersions(answer)
	if err != nil {
		return err
	}
	if code != 0 {
		return brokerError(code)
	}
	c.versions = versions
	return nil
}

func (c *conn) close() { _ = c.net.Close() } // what was sent is settled by answers alone

// exchange sends a request and waits for the answer.
func (c *conn) exchange(m protocol.Message) ([]byte, error) {
	if c.timeout <= 0 {
		return nil, os.ErrDeadlineExceeded
	}
	deadline := time.Now().Add(c.timeout)
	if err := c.send(m, deadline); err != nil {
		return nil, err
	}
	answer, err := c.receive(deadline)
	if answer == nil && err == nil {
		err = os.ErrDeadlineExceeded
	}
	return answer, err
}

// send writes a request. After an error the connection is of no use.
func (c *conn) send(m protocol.Message, deadline time.Time) error {
	c.id++
	if err := c.net.SetWriteDeadline(deadline); err != nil {
		return err
	}
	return protocol.WriteRequest(c.net, c.version(m), c.id, c.clientID, m)
}

// version is that of a request and its answer.
func (c *conn) version(m protocol.Message) int16 { return c.versions[m.ApiKey()] }

// receive returns the answer to the last request, without its head, or nil when
// it has not begun to come before until. After an error the connection is of no
// use.
func (c *conn) receive(until time.Time) ([]byte, error) {
	if err := c.net.SetReadDeadline(until); err != nil {
		return nil, err
	}
	const size, correlation = 4, 4
	head, err := c.r.Peek(size + correlation)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, nil
	}
	if err != nil {
		return nil, noEOF(err)
	}
	n := binary.BigEndian.Uint32(head)
	if n < correlation || n > maxAnswer || int32(binary.BigEndian.Uint32(head[size:])) != c.id {
		return nil, errProtocol
	}
	if err := c.net.SetReadDeadline(time.Now().Add(writeTimeout)); err != nil {
		return nil, err
	}
	frame := make([]byte, n+size)
	if _, err := io.ReadFull(c.r, frame); err != nil {
		return nil, noEOF(err)
	}
	return frame[size+correlation:], nil
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
