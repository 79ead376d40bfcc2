package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go/protocol/initproducerid"
	"github.com/segmentio/kafka-go/protocol/metadata"
)

const (
	firstBackoff = 100 * time.Millisecond
	// metadataAge is how old metadata become without cause for doubt: new
	// partitions are noticed within it.
	metadataAge = time.Minute
	// noLeader stands for a partition whose leader is not known.
	noLeader = -1
)

// backoff is a growing pause between attempts.
type backoff struct {
	pause time.Duration
	until time.Time
}

func (b *backoff) fail(now time.Time, most time.Duration) {
	b.pause = min(max(2*b.pause, firstBackoff), most)
	b.until = now.Add(b.pause)
}

// failSlowly is fail for an attempt that the caller had to wait for since
// start: the pause is several times as long, so that most of the time is left
// for spooling.
func (b *backoff) failSlowly(start, now time.Time, most time.Duration) {
	const share = 4
	b.fail(now, most)
	b.until = now.Add(max(b.pause, share*now.Sub(start)))
}

func (b *backoff) over(now time.Time) bool { return !now.Before(b.until) }

// broker is one of the cluster.
type broker struct {
	id      int32
	addr    string
	conn    *conn
	rest    backoff
	request *request // in flight; nil when none
}

// partition is what is remembered of one for idempotence: the producer that
// last wrote, and the sequence number that follows.
type partition struct {
	leader   int32
	producer producer
	sequence int32
	busy     *part // stamped and not settled
}

// topic is one of those that lanes write to.
type topic struct {
	name       string
	partitions []*partition // empty while the topic is not known
	fault      error        // why it is not
	rest       backoff      // of asking for it
	turn       int32        // partition for records without key
}

// producer is what the cluster knows us by.
type producer struct {
	id    int64
	epoch int16
}

// nobody sends without idempotence.
var nobody = producer{-1, -1}

// cluster is what is known of brokers and topics, and the connections.
type cluster struct {
	cfg     *Config
	dialer  dialer
	names   []string
	topics  map[string]*topic
	brokers map[int32]*broker
	control *conn // for metadata; never waits behind a produce request
	tired   bool  // an attempt to connect failed in the present round: no further one
	next    int   // bootstrap address to try

	asked  time.Time // when metadata last came
	stale  bool      // they are in doubt
	rest   backoff   // of asking
	fault  error     // of asking or of the last connection; nil when all works
	faulty time.Time // when that began

	producer producer
	known    bool // producer is good for use
}

func newCluster(cfg *Config, names []string) *cluster {
	c := &cluster{
		cfg: cfg, dialer: dialer{cfg: cfg}, names: names, stale: true,
		topics: map[string]*topic{}, brokers: map[int32]*broker{}, producer: nobody, known: cfg.NoIdempotence,
	}
	for _, n := range names {
		c.topics[n] = &topic{name: n}
	}
	return c
}

// ready brings metadata and producer id up to date, if it is time to. It says
// whether there is anything to send by.
func (c *cluster) ready(ctx context.Context, now time.Time) bool {
	c.tired = false
	if now.Sub(c.asked) > metadataAge {
		c.stale = true
	}
	if (c.stale || !c.known) && c.rest.over(now) {
		c.ask(ctx)
	}
	return c.known && len(c.brokers) > 0
}

// ask does what ready found to be due. Only a failure makes the pause grow,
// but even without one metadata are not asked for at every call.
func (c *cluster) ask(ctx context.Context) {
	start := time.Now()
	err := c.refresh(ctx)
	if err == nil && !c.known {
		err = c.identify()
	}
	c.fault = err
	now := time.Now()
	if err == nil {
		c.faulty = time.Time{}
	} else {
		c.tired = true
		c.blame(now)
		if c.control != nil {
			c.control.close()
			c.control = nil
		}
		c.rest.failSlowly(start, now, c.cfg.MaxBackoff)
		return
	}
	c.stale, c.asked = false, now
	c.rest = backoff{}
	c.rest.fail(now, c.cfg.MaxBackoff)
}

// refresh asks for metadata, of any broker that answers. A broker that keeps
// silent has taken all the time there is for one attempt.
func (c *cluster) refresh(ctx context.Context) error {
	if c.control != nil {
		err := c.fetch()
		if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		c.control.close()
		c.control = nil
	}
	if err := c.dialControl(ctx); err != nil {
		return err
	}
	return c.fetch()
}

// dialControl tries the brokers in turn, the configured ones and those it
// knows, each once, within DialTimeout for all: a second dead address must not
// hold Deliver up twice as long.
func (c *cluster) dialControl(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.DialTimeout)
	defer cancel()
	addrs := slices.Clone(c.cfg.Brokers)
	for _, b := range c.brokers {
		if !slices.Contains(addrs, b.addr) {
			addrs = append(addrs, b.addr)
		}
	}
	slices.Sort(addrs[len(c.cfg.Brokers):])
	var faults []error
	for range addrs {
		addr := addrs[c.next%len(addrs)]
		c.next++
		conn, err := c.dialer.dial(ctx, addr)
		if err == nil {
			c.control = conn
			return nil
		}
		faults = append(faults, err)
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(faults...)
}

func (c *cluster) fetch() error {
	ask := &metadata.Request{TopicNames: c.names}
	answer, err := c.control.exchange(ask)
	if err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	m, err := readMetadata(answer, c.control.version(ask))
	if err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	c.learn(&m)
	return nil
}

// learn takes metadata over. What is known of partitions for idempotence is
// kept as long as the topic has them.
func (c *cluster) learn(m *clusterAnswer) {
	seen := map[int32]bool{}
	for _, b := range m.brokers {
		addr := net.JoinHostPort(b.host, strconv.Itoa(int(b.port)))
		seen[b.id] = true
		if old := c.brokers[b.id]; old == nil {
			c.brokers[b.id] = &broker{id: b.id, addr: addr}
		} else if old.addr != addr {
			old.addr, old.rest = addr, backoff{}
			if old.conn != nil && old.request == nil {
				old.conn.close()
				old.conn = nil
			}
		}
	}
	for id, b := range c.brokers {
		if !seen[id] && b.request == nil {
			if b.conn != nil {
				b.conn.close()
			}
			delete(c.brokers, id)
		}
	}
	for i := range m.topics {
		if t := c.topics[m.topics[i].name]; t != nil {
			t.learn(&m.topics[i])
		}
	}
}

func (t *topic) learn(m *topicAnswer) {
	t.fault = nil
	if m.code != 0 {
		t.fault = fmt.Errorf("topic %s: %w", t.name, brokerError(m.code))
	}
	for _, p := range t.partitions {
		p.leader = noLeader
	}
	if m.code != 0 && len(m.partitions) == 0 {
		return
	}
	for len(t.partitions) < len(m.partitions) {
		t.partitions = append(t.partitions, &partition{leader: noLeader, producer: nobody})
	}
	t.partitions = t.partitions[:len(m.partitions)] // made anew, with fewer
	for _, p := range m.partitions {
		if p.number >= 0 && int(p.number) < len(t.partitions) {
			t.partitions[p.number].leader = p.leader
		}
	}
}

// available is the number of partitions that keys are spread over.
func (t *topic) available() int { return len(t.partitions) }

// identify asks for a producer id.
func (c *cluster) identify() error {
	ask := &initproducerid.Request{ProducerID: nobody.id, ProducerEpoch: nobody.epoch}
	answer, err := c.control.exchange(ask)
	if err != nil {
		return fmt.Errorf("producer id: %w", err)
	}
	p, code, err := readProducerID(answer, c.control.version(ask))
	switch {
	case err != nil:
		return fmt.Errorf("producer id: %w", err)
	case code == 0:
		c.producer = p
	case forbidden(code):
		c.producer = nobody
	default:
		return fmt.Errorf("producer id: %w", brokerError(code))
	}
	c.known = true
	return nil
}

// renew makes the next batches wait for a new producer id, because the fate of
// a batch sent under the present one will never be known: its sequence numbers
// may be used up.
func (c *cluster) renew() {
	if !c.cfg.NoIdempotence {
		c.known = false
	}
}

// leader returns the connected broker of a partition, connecting if it is time
// to; nil when there is none.
func (c *cluster) leader(ctx context.Context, p *partition, now time.Time) *broker {
	b := c.brokers[p.leader]
	if b == nil {
		c.stale = true
		return nil
	}
	if b.conn == nil && b.rest.over(now) && !c.tired {
		now = time.Now()
		conn, err := c.dialer.dial(ctx, b.addr)
		if err != nil {
			c.fault = err
			c.stale, c.tired = true, true
			c.blame(now)
			b.rest.failSlowly(now, time.Now(), c.cfg.MaxBackoff)
			return nil
		}
		b.conn = conn
	}
	if b.conn == nil {
		return nil
	}
	return b
}

// drop gives a broker's connection up.
func (c *cluster) drop(b *broker, now time.Time, err error) {
	b.conn.close()
	b.conn = nil
	b.rest.fail(now, c.cfg.MaxBackoff)
	c.stale = true
	c.fault = fmt.Errorf("%s: %w", b.addr, err)
	c.blame(now)
}

// blame remembers since when the cluster is faulty.
func (c *cluster) blame(now time.Time) {
	if c.faulty.IsZero() {
		c.faulty = now
	}
}

// waitsSince says whether a request of before that time has no answer yet.
func (c *cluster) waitsSince(t time.Time) bool {
	for _, b := range c.brokers {
		if b.request != nil && b.request.sent.Before(t) {
			return true
		}
	}
	return false
}

func (c *cluster) close() {
	if c.control != nil {
		c.control.close()
	}
	for _, b := range c.brokers {
		if b.conn != nil {
			b.conn.close()
		}
	}
}
