package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/spool"
)

// errSlow says that records were spooled because the answer takes long.
var errSlow = errors.New("no answer yet")

const (
	minWindow = 32 << 10 // bytes taken from the spool at a time: one request over a slow link,
	maxWindow = 1 << 20  // and over a fast one
	// slice is how long one look for answers takes at most, so that the end of
	// the context and other brokers are noticed.
	slice = 10 * time.Millisecond
	// glance is the same when nobody waits for the answer.
	glance = time.Millisecond
	// replayTime is what one Deliver spends on the spool, as long as the broker
	// answers at once. It is a few times what new events of the same call cost,
	// so that the spool empties while events keep coming.
	replayTime = 50 * time.Millisecond
	// idleGap between two calls of Deliver means that the queue in front is
	// empty.
	idleGap = 2 * time.Millisecond
	// quickAnswer is up to how long an answer is waited for so that new records
	// need not queue up behind the last of the spool.
	quickAnswer = 20 * time.Millisecond
	// maxLetters bounds the dead letters waiting for their topic.
	maxLetters = 256
)

// Sink delivers to Kafka.
type Sink struct {
	cfg   Config
	spool *spool.Spool // nil without one
	ahead ahead

	mu      sync.Mutex
	cluster *cluster
	encoder batchEncoder
	lanes   [event.NumTypes]*lane
	letters *lane
	order   []*lane // of service: alerts first
	waiting []exporter.Record
	window  int
	buffers [][]byte
	later   [event.NumTypes]Later
	told    [event.NumTypes]Later // what of it the tallies have
	losses  spool.Losses
	dead    Letters
	status  atomic.Pointer[Status]
	shown   time.Time // when status was last made
	report  error     // damage of the spool or a refused record, not yet returned by Deliver
	closed  bool

	answerTime time.Duration // between request and answer, smoothed
	busySince  time.Time     // since then one Deliver followed the other
	waitSince  time.Time     // the same, or when flights were parked after that
	idleSince  time.Time     // end of the last Deliver
}

// lane is the queue of one event type.
type lane struct {
	kind   event.Type
	topic  *topic
	flight *flight
	fresh  []exporter.Record // of the present Deliver
	behind bool              // fresh was queued up in the spool
	fault  error             // of the last attempt
}

// NewSink makes a sink. sp may be nil: then Deliver tries for
// Config.DeliveryTimeout and drops what it could not deliver. The sink closes
// sp. Nothing is connected yet.
func NewSink(cfg Config, sp *spool.Spool) (*Sink, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	cfg.setDefaults()
	s := &Sink{cfg: cfg, spool: sp, window: maxWindow}
	s.cluster = newCluster(&s.cfg, cfg.Topics())
	s.encoder = batchEncoder{
		codec: cfg.Compression.codec(), headers: newHeaders(&cfg), key: cfg.Key, sensor: []byte(cfg.Sensor), timestamp: cfg.Timestamp,
	}
	for _, t := range event.Types() {
		s.lanes[t] = &lane{kind: t, topic: s.cluster.topics[cfg.topicOf(t)]}
	}
	s.order = append(s.order, s.lanes[event.TypeAlert])
	for _, t := range event.Types() {
		if t != event.TypeAlert {
			s.order = append(s.order, s.lanes[t])
		}
	}
	s.show(time.Time{})
	s.letters = &lane{topic: s.cluster.topics[cfg.deadLetters()]}
	s.order = append(s.order, s.letters)
	return s, nil
}

// Name implements exporter.Sink.
func (*Sink) Name() string { return "kafka" }

// Deliver implements exporter.Sink.
func (s *Sink) Deliver(ctx context.Context, records []exporter.Record, tally *exporter.Tally) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); now.Sub(s.idleSince) > idleGap {
		s.busySince, s.waitSince = now, now
	}
	defer func() {
		s.idleSince = time.Now()
		s.show(s.idleSince)
	}()
	s.sort(records, tally)
	s.catchUp(ctx)
	var faults []error
	for _, l := range s.order {
		if len(l.fresh) > 0 {
			faults = append(faults, s.begin(l, tally))
		}
	}
	s.await(ctx)
	for _, l := range s.order {
		if l.flight != nil && !l.flight.parked {
			faults = append(faults, s.land(ctx, l, tally))
		}
	}
	s.ahead.resume()
	s.sendLetters()
	s.replay(ctx, time.Now().Add(replayTime))
	s.tell(tally)
	faults = append(faults, s.report)
	s.report = nil
	return distinct(faults)
}

// distinct joins errors, each once: a cluster that is away is away for every
// lane.
func distinct(faults []error) error {
	var once []error
	told := map[string]bool{}
	for len(faults) > 0 {
		err := faults[0]
		faults = faults[1:]
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			faults = append(joined.Unwrap(), faults...)
			continue
		}
		if err != nil && !told[err.Error()] {
			told[err.Error()] = true
			once = append(once, err)
		}
	}
	return errors.Join(once...)
}

// sort deals the records out to the lanes and takes care of those that no
// broker would take.
func (s *Sink) sort(records []exporter.Record, tally *exporter.Tally) {
	for _, l := range s.order {
		l.fresh, l.behind = l.fresh[:0], false
	}
	for i := range records {
		r := records[i]
		l := s.lanes[r.Type]
		if !s.fit(&r) {
			tally.Dropped(&records[i], exporter.DropTooLarge)
			s.deadLetter(l, &records[i], errTooLarge)
			continue
		}
		l.fresh = append(l.fresh, r)
	}
}

// fit cuts r to what a broker takes, as far as it may, and says whether it is
// so now.
func (s *Sink) fit(r *exporter.Record) bool {
	size := s.sizeOf(r)
	if size > s.cfg.MaxRecordBytes && s.cfg.Oversize == OversizeTruncate {
		r.Body = truncate(r.Body, len(r.Body)-(size-s.cfg.MaxRecordBytes))
		size = s.sizeOf(r)
	}
	return size <= s.cfg.MaxRecordBytes
}

// sizeOf is what the broker counts for r, a little more.
func (s *Sink) sizeOf(r *exporter.Record) int {
	return len(r.Body) + len(s.encoder.keyOf(r)) + s.encoder.headers.size(r.Type) + recordOverhead
}

// begin puts the fresh records of l into the spool, if others wait there or
// are in flight, or else into flight.
func (s *Sink) begin(l *lane, tally *exporter.Tally) error {
	if s.spool != nil && (l.flight != nil || s.spool.Pending(l.kind).Records > 0) {
		l.behind = true
		stored, _, err := s.store(l)
		account(l.fresh, stored, err, tally)
		return errors.Join(err, s.faultNow(l))
	}
	f := &flight{records: l.fresh, fates: make([]fate, len(l.fresh)), open: len(l.fresh)}
	l.flight = f
	if l.kind != event.TypeAlert || !s.WritesAhead() {
		return nil
	}
	s.spool.Hold(l.kind, spool.Everything) // what flies must not be given up to make room for its end
	stored, end, err := s.store(l)
	if stored == len(l.fresh) {
		f.logged, f.end = true, end
		s.spool.Hold(l.kind, end)
		return err
	}
	s.spool.Hold(l.kind, spool.Position{})
	// Without room for all, they fly as other events do.
	return errors.Join(err, s.spool.Commit(l.kind, end))
}

// account reports the first stored records as spooled and the others as
// dropped because of err.
func account(records []exporter.Record, stored int, err error, tally *exporter.Tally) {
	for i := range records {
		if i < stored {
			tally.Spooled(&records[i])
		} else {
			tally.Dropped(&records[i], spool.DropReason(err))
		}
	}
}

// await waits until the new flights have landed, for as long as it is worth.
// With a spool the time is bounded for all calls that follow each other without
// a pause: events come faster than the broker takes them one call at a time,
// and the queue in front must not overflow while there is room on the disk.
func (s *Sink) await(ctx context.Context) {
	start := time.Now()
	deadline := start.Add(s.cfg.DeliveryTimeout)
	if s.spool != nil {
		deadline = s.waitSince.Add(s.cfg.SpoolAfter)
		if s.cluster.fault != nil { // the wait was had, by the call that met the fault first
			deadline = s.cluster.faulty.Add(s.cfg.SpoolAfter)
		}
	}
	for ctx.Err() == nil && s.inTheAir() {
		now := time.Now()
		sent := s.launch(ctx, now)
		if now.Sub(s.shown) > showEvery {
			s.show(now)
		}
		until := time.Now().Add(slice)
		if until.After(deadline) {
			until = deadline
		}
		any, flying := s.collect(until)
		s.finish()
		if !time.Now().Before(deadline) {
			return
		}
		if !sent && !any && !flying {
			pause(ctx, slice) // all are backing off
		}
	}
}

// inTheAir says whether Deliver has flights to wait for.
func (s *Sink) inTheAir() bool {
	for _, l := range s.order {
		if l.flight != nil && !l.flight.parked && l.flight.open > 0 {
			return true
		}
	}
	return false
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// land reports on a flight of this Deliver. What is still open goes to the
// spool, and flies on.
func (s *Sink) land(ctx context.Context, l *lane, tally *exporter.Tally) error {
	f := l.flight
	if f.logged && f.open > 0 {
		// The spool gives up a flight as a whole: until then all of it counts as
		// spooled, as the next run will find it if this one ends before.
		account(f.records, len(f.records), nil, tally)
		s.park(f)
		return s.faultOf(l)
	}
	var open []exporter.Record
	for i := range f.records {
		switch r := &f.records[i]; f.fates[i] {
		case fateDelivered:
			tally.Delivered(r)
		case fateTooLarge:
			tally.Dropped(r, exporter.DropTooLarge)
		case fateRejected:
			tally.Dropped(r, exporter.DropRejected)
		default:
			open = append(open, *r)
		}
	}
	if len(open) == 0 {
		l.flight = nil
		fault := l.fault
		l.fault = nil
		if f.logged {
			return errors.Join(fault, s.spool.Commit(l.kind, f.end))
		}
		return fault
	}
	why := s.faultOf(l)
	if s.spool == nil {
		reason := s.reasonOf(ctx, why)
		for i := range open {
			tally.Dropped(&open[i], reason)
		}
		s.ground(l)
		l.flight = nil
		return why
	}
	s.spool.Hold(l.kind, spool.Everything) // as in begin
	stored, end, err := s.spool.Append(l.kind, open)
	account(open, stored, err, tally)
	if stored < len(open) {
		// What is in the spool flies again from there, the rest does not.
		s.spool.Hold(l.kind, spool.Position{})
		s.ground(l)
		l.flight = nil
		return errors.Join(why, err)
	}
	s.spool.Hold(l.kind, end)
	f.logged, f.end = true, end
	f.late = make([]bool, len(f.fates))
	for i, what := range f.fates {
		f.late[i] = what == fateOpen
	}
	s.park(f)
	return errors.Join(why, err)
}

// park lets a flight go on beyond Deliver.
func (s *Sink) park(f *flight) {
	f.own()
	f.parked = true
	s.waitSince = time.Now() // the lanes that are left have the time for themselves
}

// reasonOf is under which records are counted that were tried for as long as
// allowed, and could not be delivered because of why.
func (s *Sink) reasonOf(ctx context.Context, why error) exporter.DropReason {
	switch {
	case ctx.Err() != nil:
		return exporter.DropShutdown
	case s.cluster.fault != nil:
		return exporter.DropUnreachable
	case errors.As(why, new(kafka.Error)):
		return exporter.DropRejected
	}
	return exporter.DropExpired
}

// faultNow is why the records of l have to wait behind others; nil when nothing
// is wrong but that they came later.
func (s *Sink) faultNow(l *lane) error {
	if s.cluster.fault != nil {
		return s.cluster.fault
	}
	return l.fault
}

// faultOf says why records of l are not delivered yet.
func (s *Sink) faultOf(l *lane) error {
	if fault := s.faultNow(l); fault != nil {
		return fault
	}
	return fmt.Errorf("topic %s: %w", l.topic.name, errSlow)
}

// finish ends the parked flights that have settled.
func (s *Sink) finish() {
	for _, l := range s.order {
		f := l.flight
		if f == nil || !f.parked || f.open > 0 {
			continue
		}
		l.flight = nil
		if l == s.letters {
			for _, what := range f.fates {
				if what == fateDelivered {
					s.dead.Sent++
				} // the others were counted by deadLetter, which takes no note of a note
			}
			continue
		}
		count := &s.later[l.kind]
		for i, what := range f.fates {
			if f.late != nil && !f.late[i] {
				continue
			}
			switch what {
			case fateDelivered:
				count.Delivered++
				count.Bytes += uint64(len(f.records[i].Body))
			case fateTooLarge:
				count.TooLarge++
			default:
				count.Rejected++
			}
		}
		if err := s.spool.Commit(l.kind, f.end); err != nil {
			s.report = errors.Join(s.report, err)
		}
	}
}

// Spool returns the spool, nil without one. Its counters are for metrics.
func (s *Sink) Spool() *spool.Spool { return s.spool }

// Close ends the connections and closes the spool, which keeps what was not
// delivered. The last Tend has waited for answers.
func (s *Sink) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.cluster.close()
	if s.spool == nil {
		return nil
	}
	if err := s.spool.Close(); err != nil {
		return fmt.Errorf("kafka: %w", err)
	}
	return nil
}
