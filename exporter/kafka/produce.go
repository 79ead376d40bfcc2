package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	kafka "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/rawproduce"
)

// rawRequest carries record batches that are encoded already.
type rawRequest = rawproduce.Request

// launch sends what can be sent now and says whether it sent anything.
func (s *Sink) launch(ctx context.Context, now time.Time) bool {
	if !s.cluster.ready(ctx, now) {
		return false
	}
	ready := map[*broker]*request{}
	for _, l := range s.order {
		if l.flight == nil || !s.prepared(l, now) {
			continue
		}
		for _, p := range l.flight.parts {
			if p.settled || !p.rest.over(now) || int(p.number) >= len(p.topic.partitions) {
				continue
			}
			at := p.topic.partitions[p.number]
			if at.busy != nil && at.busy != p {
				continue
			}
			b := s.cluster.leader(ctx, at, now)
			if b == nil || b.request != nil {
				continue
			}
			if ready[b] == nil {
				ready[b] = &request{}
			}
			// Nothing else of the partition overtakes p from here on.
			at.busy = p
			ready[b].parts = append(ready[b].parts, flown{l, l.flight, p})
		}
	}
	for b, r := range ready {
		s.send(b, r, now)
	}
	return len(ready) > 0
}

// prepared makes the parts of the flight of l, when its topic is known.
func (s *Sink) prepared(l *lane, now time.Time) bool {
	f := l.flight
	if l.topic.available() == 0 {
		if l.topic.rest.over(now) {
			l.topic.rest.fail(now, s.cfg.MaxBackoff)
			s.cluster.stale = true
		}
		if l.topic.fault != nil {
			l.fault = l.topic.fault
		}
		return false
	}
	shrunk := false // the topic was made anew with fewer partitions
	for _, p := range f.parts {
		shrunk = shrunk || !p.settled && int(p.number) >= l.topic.available()
	}
	if len(f.parts) == 0 || shrunk {
		s.ground(l)
		f.assign(l.topic, &s.encoder, s.cfg.BatchBytes, s.encoder.headers.size(l.kind)+recordOverhead-batchHead)
	}
	for _, p := range f.parts {
		if p.settled || p.batch != nil {
			continue
		}
		batch, err := s.encoder.encode(s.buffer(), f.records, p.index, now, p.retimed)
		if err != nil {
			l.fault = err // a codec that fails on bytes in memory: nothing to try again
			f.settle(p, fateRejected)
			continue
		}
		p.batch = batch
	}
	return true
}

// ground takes the parts of a flight out of the way of others, because they
// will not be sent in this form again.
func (s *Sink) ground(l *lane) {
	for _, p := range l.flight.parts {
		s.leave(p)
		if p.stamped && !p.settled {
			s.cluster.renew()
		}
		s.recycle(p)
	}
}

// leave lets the next part of the partition go.
func (s *Sink) leave(p *part) {
	if int(p.number) < len(p.topic.partitions) && p.topic.partitions[p.number].busy == p {
		p.topic.partitions[p.number].busy = nil
	}
}

func (s *Sink) buffer() []byte {
	if n := len(s.buffers); n > 0 {
		b := s.buffers[n-1]
		s.buffers = s.buffers[:n-1]
		return b[:0]
	}
	return nil
}

// recycle takes the batch of a part that is not in flight.
func (s *Sink) recycle(p *part) {
	const keep = 32
	if p.batch != nil && len(s.buffers) < keep {
		s.buffers = append(s.buffers, p.batch)
	}
	p.batch = nil
}

// send stamps the parts and writes the request.
func (s *Sink) send(b *broker, r *request, now time.Time) {
	r.message = &rawRequest{Acks: s.cfg.Acks.wire(), Timeout: int32(s.cfg.RequestTimeout / time.Millisecond)}
	for _, fl := range r.parts {
		s.stamp(fl.part)
		topics := r.message.Topics
		if n := len(topics); n == 0 || topics[n-1].Topic != fl.part.topic.name {
			topics = append(topics, rawproduce.RequestTopic{Topic: fl.part.topic.name})
		}
		last := &topics[len(topics)-1]
		last.Partitions = append(last.Partitions, rawproduce.RequestPartition{
			Partition: fl.part.number,
			RecordSet: protocol.RawRecordSet{Reader: bytes.NewReader(fl.part.batch)},
		})
		r.message.Topics = topics
	}
	b.request = r
	r.sent, r.deadline = now, now.Add(s.cfg.RequestTimeout)
	if err := b.conn.send(r.message, now.Add(writeTimeout)); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			s.window = max(s.window/2, minWindow)
		}
		s.fail(b, err)
	}
}

// stamp gives p producer and sequence. A part that was sent before keeps them:
// they are what makes its copy known to the broker.
func (s *Sink) stamp(p *part) {
	if p.stamped {
		return
	}
	at := p.topic.partitions[p.number]
	if at.producer != s.cluster.producer {
		at.producer, at.sequence = s.cluster.producer, 0
	}
	p.producer, p.sequence, p.stamped = at.producer, at.sequence, true
	sequence := p.sequence
	if p.producer == nobody {
		sequence = -1
	}
	stamp(p.batch, p.producer, sequence)
}

// fail gives the connection up. Whether the broker has the batches is not
// known; they are sent again as they are.
func (s *Sink) fail(b *broker, err error) {
	now := time.Now()
	r := b.request
	b.request = nil
	s.cluster.drop(b, now, err)
	for _, fl := range r.parts {
		fl.part.rest.fail(now, s.cfg.MaxBackoff)
		fl.lane.fault = s.cluster.fault
	}
}

// collect takes the answers that come before until and says whether there was
// one, and whether requests are still in flight.
func (s *Sink) collect(until time.Time) (any, flying bool) {
	for _, b := range s.cluster.brokers {
		if b.request == nil {
			continue
		}
		answer, err := b.conn.receive(until)
		var results []producedAnswer
		if answer != nil {
			results, err = readProduce(answer, b.conn.version(b.request.message))
		}
		switch {
		case err != nil:
			s.fail(b, err)
			any = true
		case answer != nil:
			r := b.request
			b.request = nil
			b.rest = backoff{}
			s.answerTime = (3*s.answerTime + time.Since(r.sent)) / 4
			s.answered(r, results)
			any = true
		case !time.Now().Before(b.request.deadline):
			s.fail(b, fmt.Errorf("no answer within %v", s.cfg.RequestTimeout))
			any = true
		default:
			flying = true
		}
	}
	return any, flying
}

// answered settles the parts of a request.
func (s *Sink) answered(r *request, results []producedAnswer) {
	now := time.Now()
	for _, fl := range r.parts {
		if fl.lane.flight != fl.flight {
			continue
		}
		code, ok := resultOf(results, fl.part)
		if !ok {
			fl.part.rest.fail(now, s.cfg.MaxBackoff)
			s.cluster.stale = true
			continue
		}
		s.judge(fl, code, now)
	}
}

func resultOf(results []producedAnswer, p *part) (code int16, ok bool) {
	for i := range results {
		if results[i].partition == p.number && results[i].topic == p.topic.name {
			return results[i].code, true
		}
	}
	return 0, false
}

// judge acts on the answer for one part.
func (s *Sink) judge(fl flown, code int16, now time.Time) {
	l, p := fl.lane, fl.part
	v, stale := judge(code)
	s.cluster.stale = s.cluster.stale || stale
	if v != verdictOK {
		l.fault = fmt.Errorf("topic %s partition %d: %w", p.topic.name, p.number, brokerError(code))
	}
	switch v {
	case verdictOK:
		if int(p.number) < len(p.topic.partitions) {
			at := p.topic.partitions[p.number]
			if at.producer == p.producer {
				at.sequence = int32(uint32(p.sequence)+uint32(len(p.index))) & 0x7fffffff
			}
		}
		l.fault = nil
		s.leave(p)
		s.recycle(p)
		l.flight.settle(p, fateDelivered)
		s.window = min(s.window+s.window/4, maxWindow)
	case verdictRetry:
		p.rest.fail(now, s.cfg.MaxBackoff)
	case verdictSession:
		// The broker does not know the sequence, because it forgot us or because
		// another batch was given up. What it refused it does not have, so the
		// batch may go as the first of a new producer.
		s.cluster.renew()
		p.stamped = false
		p.rest.fail(now, s.cfg.MaxBackoff)
	case verdictTime:
		if p.retimed {
			s.refuse(l, p, fateRejected)
			return
		}
		p.retimed, p.stamped, p.batch = true, false, nil
	case verdictSplit:
		if len(p.index) == 1 {
			s.refuse(l, p, refusalOf(code))
			return
		}
		s.leave(p)
		s.recycle(p)
		l.flight.split(p)
	}
}

// refuse ends the attempts for a part of one record.
func (s *Sink) refuse(l *lane, p *part, what fate) {
	s.leave(p)
	if what == fateTooLarge && s.shrink(l, p) {
		p.batch, p.stamped = nil, false
		return
	}
	s.recycle(p)
	if s.report == nil {
		s.report = l.fault // the next success clears the lane's
	}
	for _, i := range p.index {
		s.deadLetter(l, &l.flight.records[i], l.fault)
	}
	l.flight.settle(p, what)
}

// refusalOf is the fate of a single record that the broker does not take.
func refusalOf(code int16) fate {
	switch kafka.Error(code) {
	case kafka.MessageSizeTooLarge, kafka.RecordListTooLarge, kafka.InvalidMessageSize:
		return fateTooLarge
	}
	return fateRejected
}

// shrink takes the bulky members from the record of p and says whether there
// were any.
func (s *Sink) shrink(l *lane, p *part) bool {
	r := &l.flight.records[p.index[0]]
	smaller := truncate(r.Body, 0)
	if len(smaller) >= len(r.Body) {
		return false
	}
	r.Body = smaller
	return true
}
