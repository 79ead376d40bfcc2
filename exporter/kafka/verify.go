package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	kafka "github.com/segmentio/kafka-go"
)

// VerifyConfig says what to check.
type VerifyConfig struct {
	Config
	// MaxKeys bounds the keys whose order is checked in a partition, and with
	// them the memory. Default 1 million. What is beyond is counted.
	MaxKeys int
	// Each is told of every event, copies too, in the order of its partition.
	// May be nil.
	Each func(topic, eventID string)
}

const (
	maxGaps        = 10
	maxExamples    = 10
	maxEmpty       = 20 // answers without records before the end, in a row
	defaultMaxKeys = 1 << 20
	fetchBytes     = 4 << 20
	chunkSize      = 1 << 16 // seq per chunk of a run
	maxTries       = 40
	tryAgain       = 500 * time.Millisecond
)

// Verify reads the topics of a sink from their beginning to their present end
// and checks that per sensor and run every seq is there, once or as copies with
// one event_id, and that records of one key are in order. Where the sink had a
// filter, what was filtered is missing here.
func Verify(ctx context.Context, cfg VerifyConfig) (Verdict, error) {
	if err := cfg.Validate(); err != nil {
		return Verdict{}, fmt.Errorf("kafka: %w", err)
	}
	cfg.setDefaults()
	if cfg.MaxKeys <= 0 {
		cfg.MaxKeys = defaultMaxKeys
	}
	topics := cfg.Topics()
	topics = topics[:len(topics)-1] // the dead letters are no events
	client, end, err := newClient(&cfg.Config, topics)
	if err != nil {
		return Verdict{}, fmt.Errorf("kafka: %w", err)
	}
	defer end()
	v := verifier{client: client, maxKeys: cfg.MaxKeys, each: cfg.Each, runs: map[runKey]*run{}}
	var m *kafka.MetadataResponse
	err = patiently(ctx, func() (err error) {
		m, err = client.Metadata(ctx, &kafka.MetadataRequest{Topics: topics})
		return err
	})
	if err != nil {
		return Verdict{}, fmt.Errorf("kafka: %w", err)
	}
	for _, t := range m.Topics {
		v.topic = &TopicVerdict{Topic: t.Name, Partitions: len(t.Partitions)}
		if errors.Is(t.Error, kafka.UnknownTopicOrPartition) {
			v.topic.Absent = true
			v.sum.Topics = append(v.sum.Topics, *v.topic)
			continue
		}
		if t.Error != nil {
			return Verdict{}, fmt.Errorf("kafka: topic %s: %w", t.Name, t.Error)
		}
		for _, p := range t.Partitions {
			if err := v.read(ctx, t.Name, p.ID); err != nil {
				return Verdict{}, fmt.Errorf("kafka: topic %s partition %d: %w", t.Name, p.ID, err)
			}
		}
		v.sum.Topics = append(v.sum.Topics, *v.topic)
	}
	return v.verdict(), nil
}

type runKey struct{ sensor, run string }

// run remembers which seq were seen: four bytes for each, of the event_id.
type run struct {
	chunks     map[uint64]*[chunkSize]uint32 // 0 where none was seen
	records    uint64
	first      uint64
	last       uint64
	duplicates uint64
	conflicts  uint64
	unordered  uint64
}

type orderKey struct {
	run *run
	key string
}

type verifier struct {
	client  *kafka.Client
	maxKeys int
	each    func(topic, eventID string)
	runs    map[runKey]*run
	sum     Verdict
	topic   *TopicVerdict       // being read
	order   map[orderKey]uint64 // last seq, in the partition being read
}

func (v *verifier) read(ctx context.Context, topic string, partition int) error {
	v.order = map[orderKey]uint64{}
	var at, end int64
	err := patiently(ctx, func() (err error) {
		if at, err = v.offset(ctx, topic, partition, kafka.FirstOffset); err == nil {
			end, err = v.offset(ctx, topic, partition, kafka.LastOffset)
		}
		return err
	})
	if err != nil {
		return err
	}
	v.topic.Trimmed = v.topic.Trimmed || at > 0
	for empty := 0; at < end; {
		var f *kafka.FetchResponse
		err := patiently(ctx, func() (err error) {
			f, err = v.client.Fetch(ctx, &kafka.FetchRequest{
				Topic: topic, Partition: partition, Offset: at, MinBytes: 1, MaxBytes: fetchBytes,
			})
			if err == nil {
				err = f.Error
			}
			return err
		})
		if err != nil {
			return err
		}
		before := at
		for {
			r, err := f.Records.ReadRecord()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			if r.Offset < at { // a batch begins before the offset asked for
				continue
			}
			at = r.Offset + 1
			if err := v.record(r, partition); err != nil {
				return err
			}
		}
		if at > before {
			empty = 0
		} else if empty++; empty > maxEmpty {
			return fmt.Errorf("offset %d of %d: %w", at, end, io.ErrNoProgress)
		}
	}
	return nil
}

// patiently tries again for a while what fails because leaders are moving.
func patiently(ctx context.Context, f func() error) error {
	for range maxTries {
		err := f()
		var code kafka.Error
		if err == nil || !errors.As(err, &code) || !code.Temporary() {
			return err
		}
		pause(ctx, tryAgain)
	}
	return f()
}

func (v *verifier) offset(ctx context.Context, topic string, partition int, which int64) (int64, error) {
	answer, err := v.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{topic: {{Partition: partition, Timestamp: which}}},
	})
	if err != nil {
		return 0, err
	}
	for _, p := range answer.Topics[topic] {
		if p.Partition == partition {
			if which == kafka.FirstOffset {
				return p.FirstOffset, p.Error
			}
			return p.LastOffset, p.Error
		}
	}
	return 0, kafka.UnknownTopicOrPartition
}

// identity is what Verify reads of an event.
type identity struct {
	Seq     uint64 `json:"seq"`
	EventID string `json:"event_id"`
	Sensor  struct {
		ID  string `json:"id"`
		Run string `json:"run"`
	} `json:"sensor"`
}

// elastic is where documents of the Elastic Common Schema have the same.
type elastic struct {
	Event struct {
		Sequence uint64 `json:"sequence"`
		ID       string `json:"id"`
	} `json:"event"`
	Own identity `json:"spanwatch"` // what ECS has no field for
}

// identify reads who an event is, and says whether it is one.
func identify(value []byte) (id identity, ok bool) {
	if json.Unmarshal(value, &id) != nil {
		return id, false
	}
	if id.Seq == 0 {
		var e elastic
		if json.Unmarshal(value, &e) != nil {
			return id, false
		}
		id.Seq, id.EventID, id.Sensor = e.Event.Sequence, e.Event.ID, e.Own.Sensor
	}
	return id, id.Seq != 0 && id.EventID != ""
}

func (v *verifier) record(r *kafka.Record, partition int) error {
	value, err := kafka.ReadAll(r.Value)
	if err != nil {
		return err
	}
	v.sum.Records++
	v.sum.Bytes += uint64(len(value))
	v.topic.Records++
	id, ok := identify(value)
	if !ok {
		v.sum.Foreign++
		return nil
	}
	if v.each != nil {
		v.each(v.topic.Topic, id.EventID)
	}
	k := runKey{id.Sensor.ID, id.Sensor.Run}
	if v.runs[k] == nil {
		v.runs[k] = &run{chunks: map[uint64]*[chunkSize]uint32{}, first: id.Seq}
	}
	one := v.runs[k]
	copies := one.duplicates
	fresh := one.see(id.Seq, digest(id.EventID))
	v.topic.Duplicates += one.duplicates - copies
	if !fresh || r.Key == nil {
		return nil
	}
	key, err := kafka.ReadAll(r.Key)
	if err != nil {
		return err
	}
	if last := v.checkOrder(orderKey{one, string(key)}, id.Seq); last != 0 && len(v.sum.Examples) < maxExamples {
		v.sum.Examples = append(v.sum.Examples, Disorder{
			Sensor: k.sensor, Run: k.run, Topic: v.topic.Topic, Partition: partition, Offset: r.Offset, Key: string(key), Seq: id.Seq, After: last,
		})
	}
	return nil
}

// checkOrder returns the later seq that stands before seq, 0 when none does.
func (v *verifier) checkOrder(k orderKey, seq uint64) uint64 {
	last, known := v.order[k]
	if !known && len(v.order) >= v.maxKeys {
		v.sum.Unchecked++
		return 0
	}
	if seq < last {
		v.sum.Unordered++
		k.run.unordered++
		return last
	}
	v.order[k] = seq
	return 0
}

// see notes a seq and says whether it is new.
func (r *run) see(seq uint64, id uint32) bool {
	c := r.chunks[seq/chunkSize]
	if c == nil {
		c = new([chunkSize]uint32)
		r.chunks[seq/chunkSize] = c
	}
	switch at := &c[seq%chunkSize]; *at {
	case 0:
		*at = id
	case id:
		r.duplicates++
		return false
	default:
		r.conflicts++
		return false
	}
	r.records++
	r.first, r.last = min(r.first, seq), max(r.last, seq)
	return true
}

// digest shortens an event_id; never to 0.
func digest(id string) uint32 {
	h := murmur2([]byte(id))
	if h == 0 {
		return 1
	}
	return h
}

// missing counts the seq from 1 to the last that were not seen, and lists the
// first gaps. A chunk that is absent is passed over in one step, since a seq
// of another maker may be any number.
func (r *run) missing() (n uint64, gaps []Gap) {
	n = r.last - r.records
	from := uint64(1) // of the gap that may be open
	for _, at := range slices.Sorted(maps.Keys(r.chunks)) {
		for i, id := range r.chunks[at] {
			if id == 0 {
				continue
			}
			seq := at*chunkSize + uint64(i)
			if seq > from {
				if gaps = append(gaps, Gap{from, seq - 1}); len(gaps) == maxGaps {
					return n, gaps
				}
			}
			from = seq + 1
		}
	}
	return n, gaps
}
