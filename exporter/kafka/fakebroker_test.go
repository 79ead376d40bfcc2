package kafka

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"

	kafka "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/apiversions"
	"github.com/segmentio/kafka-go/protocol/initproducerid"
	"github.com/segmentio/kafka-go/protocol/metadata"
	"github.com/segmentio/kafka-go/protocol/produce"
)

// fakeCluster is as much of a Kafka cluster as a producer sees. A test tells
// it how to misbehave by the function answer.
type fakeCluster struct {
	t *testing.T

	mu         sync.Mutex
	brokers    []*fakeBroker
	partitions int                  // of every topic
	leader     int                  // broker that leads all partitions
	missing    map[string]bool      // topics that do not exist
	got        map[string][]written // by topic, in the order of arrival
	last       map[place]sequenced
	ids        int64
	requests   int  // produce requests seen
	acks       Acks // that producers must ask for

	// answer may change what becomes of a record batch: code is the answer,
	// and the batch is stored when keep is set. silent means no answer at all.
	answer func(n int, topic string, partition int32, records int) (code int16, keep, silent bool)
}

type place struct {
	topic     string
	partition int32
}

// sequenced is what a broker remembers of a producer.
type sequenced struct {
	producer int64
	next     int32
}

type written struct {
	partition int32
	key       string
	value     string
	headers   map[string]string
	time      int64 // milliseconds
}

type fakeBroker struct {
	cluster *fakeCluster
	id      int
	addr    string
	l       net.Listener
	conns   map[net.Conn]bool
	down    bool
}

func newFakeCluster(t *testing.T, brokers, partitions int) *fakeCluster {
	t.Helper()
	c := &fakeCluster{
		t: t, partitions: partitions, missing: map[string]bool{}, got: map[string][]written{}, last: map[place]sequenced{},
	}
	for i := range brokers {
		b := &fakeBroker{cluster: c, id: i, conns: map[net.Conn]bool{}}
		b.listen("127.0.0.1:0")
		b.addr = b.l.Addr().String()
		c.brokers = append(c.brokers, b)
		t.Cleanup(b.stop)
	}
	return c
}

func (c *fakeCluster) addrs() (list []string) {
	for _, b := range c.brokers {
		list = append(list, b.addr)
	}
	return list
}

func (b *fakeBroker) listen(addr string) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		b.cluster.t.Fatal(err)
	}
	b.cluster.set(func() { b.l, b.down = l, false })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b.cluster.mu.Lock()
			b.conns[c] = true
			b.cluster.mu.Unlock()
			go b.serve(c)
		}
	}()
}

// stop ends the broker as SIGKILL does; start makes it come back.
func (b *fakeBroker) stop() {
	b.cluster.mu.Lock()
	defer b.cluster.mu.Unlock()
	b.down = true
	b.l.Close()
	for c := range b.conns {
		c.Close()
	}
	clear(b.conns)
}

func (b *fakeBroker) start() {
	b.cluster.t.Helper()
	b.listen(b.addr)
}

func (b *fakeBroker) serve(conn net.Conn) {
	defer conn.Close()
	for {
		version, id, _, m, err := protocol.ReadRequest(conn)
		if err != nil {
			return
		}
		answer := b.cluster.handle(b, m)
		if answer == nil {
			continue // silence
		}
		var out bytes.Buffer
		if err := protocol.WriteResponse(&out, version, id, answer); err != nil {
			b.cluster.t.Errorf("fake broker: %v", err)
			return
		}
		if _, err := conn.Write(out.Bytes()); err != nil {
			return
		}
	}
}

func (c *fakeCluster) handle(b *fakeBroker, m protocol.Message) protocol.Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch m := m.(type) {
	case *apiversions.Request:
		return &apiversions.Response{ApiKeys: []apiversions.ApiKeyResponse{
			{ApiKey: int16(protocol.Produce), MaxVersion: 8}, {ApiKey: int16(protocol.Metadata), MaxVersion: 8},
			{ApiKey: int16(protocol.InitProducerId), MaxVersion: 4},
		}}
	case *initproducerid.Request:
		c.ids++
		return &initproducerid.Response{ProducerID: c.ids}
	case *metadata.Request:
		return c.metadata(m)
	case *produce.Request:
		return c.produce(b, m)
	}
	c.t.Errorf("fake broker: unexpected request %T", m)
	return nil
}

func (c *fakeCluster) metadata(m *metadata.Request) protocol.Message {
	out := &metadata.Response{}
	for _, b := range c.brokers {
		if b.down {
			continue
		}
		host, port, err := net.SplitHostPort(b.addr)
		if err != nil {
			c.t.Error(err)
		}
		n, err := strconv.Atoi(port)
		if err != nil {
			c.t.Error(err)
		}
		out.Brokers = append(out.Brokers, metadata.ResponseBroker{NodeID: int32(b.id), Host: host, Port: int32(n)})
	}
	for _, name := range m.TopicNames {
		t := metadata.ResponseTopic{Name: name}
		if c.missing[name] {
			t.ErrorCode = int16(kafka.UnknownTopicOrPartition)
		} else {
			for p := range c.partitions {
				t.Partitions = append(t.Partitions, metadata.ResponsePartition{PartitionIndex: int32(p), LeaderID: int32(c.leader)})
			}
		}
		out.Topics = append(out.Topics, t)
	}
	return out
}

func (c *fakeCluster) produce(b *fakeBroker, m *produce.Request) protocol.Message {
	c.requests++
	out := &produce.Response{}
	if m.Acks != c.acks.wire() {
		c.t.Errorf("fake broker: acks %d, want %d", m.Acks, c.acks.wire())
	}
	for _, t := range m.Topics {
		one := produce.ResponseTopic{Topic: t.Topic}
		for _, p := range t.Partitions {
			records, from := c.decode(p.RecordSet.Records)
			code, keep, silent := int16(0), true, false
			switch {
			case b.id != c.leader:
				code, keep = int16(kafka.NotLeaderForPartition), false
			case c.missing[t.Topic]:
				code, keep = int16(kafka.UnknownTopicOrPartition), false
			case c.answer != nil:
				code, keep, silent = c.answer(c.requests, t.Topic, p.Partition, len(records))
			}
			if keep {
				if c.store(t.Topic, p.Partition, from, records) != 0 && code == 0 {
					code = int16(kafka.OutOfOrderSequenceNumber)
				}
			}
			if silent {
				return nil
			}
			one.Partitions = append(one.Partitions, produce.ResponsePartition{Partition: p.Partition, ErrorCode: code})
		}
		out.Topics = append(out.Topics, one)
	}
	return out
}

// origin is who sent a batch.
type origin struct {
	producer int64
	sequence int32
}

func (c *fakeCluster) decode(r protocol.RecordReader) (list []written, from origin) {
	batch := func(r protocol.RecordReader) {
		if b, ok := r.(*protocol.RecordBatch); ok {
			from = origin{b.ProducerID, b.BaseSequence}
		}
	}
	batch(r)
	if s, ok := r.(*protocol.RecordStream); ok {
		if len(s.Records) != 1 {
			c.t.Errorf("fake broker: %d batches for one partition", len(s.Records))
		}
		batch(s.Records[0])
	}
	for {
		r, err := r.ReadRecord()
		if errors.Is(err, io.EOF) {
			return list, from
		}
		if err != nil {
			c.t.Errorf("fake broker: record: %v", err)
			return list, from
		}
		w := written{headers: map[string]string{}, time: r.Time.UnixMilli()}
		for _, h := range r.Headers {
			w.headers[h.Key] = string(h.Value)
		}
		w.key, w.value = text(c.t, r.Key), text(c.t, r.Value)
		list = append(list, w)
	}
}

func text(t *testing.T, b protocol.Bytes) string {
	if b == nil {
		return ""
	}
	all, err := protocol.ReadAll(b)
	if err != nil {
		t.Error(err)
	}
	return string(all)
}

// store keeps a batch, once, as an idempotent partition does.
func (c *fakeCluster) store(topic string, partition int32, from origin, records []written) int16 {
	at := place{topic, partition}
	if from.producer >= 0 {
		last, known := c.last[at]
		switch {
		case !known || last.producer != from.producer:
		case from.sequence < last.next:
			return 0 // a copy
		case from.sequence > last.next:
			return int16(kafka.OutOfOrderSequenceNumber)
		}
		c.last[at] = sequenced{from.producer, from.sequence + int32(len(records))}
	}
	for _, w := range records {
		w.partition = partition
		c.got[topic] = append(c.got[topic], w)
	}
	return 0
}

func (c *fakeCluster) set(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// stored returns what a topic holds.
func (c *fakeCluster) stored(topic string) []written {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]written(nil), c.got[topic]...)
}

// decodeBatch reads an encoded batch as a broker does.
func decodeBatch(t *testing.T, c *fakeCluster, b []byte) ([]written, origin) {
	t.Helper()
	var set protocol.RecordSet
	if _, err := set.ReadFrom(bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	return c.decode(set.Records)
}
