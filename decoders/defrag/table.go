package defrag

import (
	"errors"
	"fmt"
	"time"

	"spanwatch/decoders"
)

// Config bounds a Table. DefaultConfig has the defaults.
type Config struct {
	// MaxDatagrams that are incomplete at a time, 1 to 1,048,576; the oldest
	// gives way. 65,535 as Suricata's defrag.trackers.
	MaxDatagrams int
	// MaxFragments held at a time, 2 to 4,194,304; the oldest datagrams give
	// way. 65,535 as Suricata's defrag.max-frags.
	MaxFragments int
	// MaxBytes of memory for fragment data, 128 KiB to 4 GiB, in steps of 512;
	// the oldest datagrams give way. 32 MiB as Suricata's defrag.memcap.
	MaxBytes int
	// MaxPieces of one datagram, 2 to 8,192. 2,048 is more than a 64 KiB
	// datagram makes on a link of the smallest MTU of IPv4, 68 bytes (RFC 791
	// section 3.2): 1,365. The bound caps the work for a fragment out of order.
	MaxPieces int
	// Timeout from the first fragment of a datagram, 1 s to 24 h of packet
	// time. 60 s by RFC 8200 section 4.5 and as Suricata's defrag.timeout.
	Timeout time.Duration
	// Default policy of hosts that no Target names: BSD, as Suricata's.
	Default Policy
	// Targets give hosts their policy; the most specific prefix counts.
	Targets []Target
	// Seed of the hash; secret in live use, fixed in replay.
	Seed uint64
}

// DefaultConfig returns the defaults named in Config.
func DefaultConfig() Config {
	return Config{
		MaxDatagrams: 65535,
		MaxFragments: 65535,
		MaxBytes:     32 << 20,
		MaxPieces:    2048,
		Timeout:      60 * time.Second,
		Default:      PolicyBSD,
	}
}

// ErrConfig is wrapped by every error of New.
var ErrConfig = errors.New("bad defragmentation configuration")

// minBytes is the room of one datagram of full size and its headers.
const minBytes = 128 << 10

func (c *Config) validate() error {
	bounds := []struct {
		name            string
		value, min, max int64
	}{
		{"max datagrams", int64(c.MaxDatagrams), 1, 1 << 20},
		{"max fragments", int64(c.MaxFragments), 2, 1 << 22},
		{"max bytes", int64(c.MaxBytes), minBytes, 4 << 30},
		{"max pieces", int64(c.MaxPieces), 2, 8192},
		{"timeout", int64(c.Timeout), int64(time.Second), int64(24 * time.Hour)},
	}
	for _, b := range bounds {
		if b.value < b.min || b.value > b.max {
			return fmt.Errorf("%w: %s %d is not in %d to %d", ErrConfig, b.name, b.value, b.min, b.max)
		}
	}
	return nil
}

// Table holds the datagrams in the making of one worker. All fragments of a
// datagram must come to the same Table: choose the worker by addresses without
// ports. One goroutine at a time.
type Table struct {
	maxPieces int
	timeout   int64
	targets   targets

	trackers trackerStore
	pieces   pieceStore
	pages    pageStore

	out     []byte       // bytes of the Datagram given out last
	evicted []Incomplete // given up by Add, told by the next Expire
	stats   Stats
}

// New makes a Table. It takes little memory before fragments come.
func New(cfg Config) (*Table, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	t, err := compileTargets(cfg.Targets, cfg.Default)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return &Table{
		maxPieces: cfg.MaxPieces,
		timeout:   int64(cfg.Timeout),
		targets:   t,
		trackers:  newTrackerStore(cfg.MaxDatagrams, cfg.Seed),
		pieces:    pieceStore{limit: cfg.MaxFragments},
		pages:     pageStore{limit: cfg.MaxBytes / pageSize},
	}, nil
}

// Add takes the fragment p, at packet time p.Timestamp, and returns the
// datagram when p completes it. Oddities are added to p.Events. Datagrams that
// had to give way are told by the next Expire; call it at least when
// Pending is not 0.
//
// The cost is that of copying the fragment, plus a step per held piece when
// fragments do not come in order.
func (t *Table) Add(p *decoders.Packet) (Datagram, Result) {
	var f fragment
	reason := parseFragment(p, &f)
	if p.IPVersion == 6 {
		t.stats.FragmentsV6++
	} else {
		t.stats.FragmentsV4++
	}
	if reason != ReasonNone {
		return t.refuse(p, reason, PolicyDefault)
	}
	if f.from == 0 && !f.more {
		return t.atomic(p, &f)
	}
	k := keyOf(p)
	id, bucket := t.trackers.find(&k)
	// A datagram that timed out is another one with the same number.
	if id != 0 && p.Timestamp-t.trackers.at(id).first >= t.timeout {
		t.evicted = append(t.evicted, t.giveUp(id, ReasonTimeout))
		id = 0
	}
	var policy Policy
	if id != 0 {
		policy = t.trackers.at(id).policy
	} else {
		policy = t.targets.policy(&k.dst, k.version)
	}
	if f.more && len(f.data)%8 != 0 {
		if reason := f.realign(policy, p.IPVersion); reason != ReasonNone {
			return t.refuse(p, reason, policy)
		}
	}
	if id == 0 {
		for t.trackers.inUse >= t.trackers.limit {
			t.stats.Reached[BoundDatagrams]++
			t.evict(t.trackers.oldest)
		}
		id = t.trackers.add(&k, bucket, p.Timestamp)
		t.trackers.at(id).policy = policy
	}
	return t.join(p, &f, id)
}

// realign deals with a fragment whose length is no multiple of 8 although more
// follow, as its receiver does: RFC 8200 section 4.5 and the BSDs drop it,
// Linux cuts it down, the others are not known to look.
func (f *fragment) realign(policy Policy, version uint8) Reason {
	switch {
	case version == 6 || policy == PolicyBSD || policy == PolicyBSDRight:
		return ReasonMisaligned
	case policy != PolicyLinux:
		return ReasonNone
	}
	f.data = f.data[:len(f.data)&^7]
	f.to = f.from + uint32(len(f.data))
	if len(f.data) == 0 {
		return ReasonEmpty
	}
	return ReasonNone
}

// join puts f into the datagram id.
func (t *Table) join(p *decoders.Packet, f *fragment, id trackerID) (Datagram, Result) {
	d := t.trackers.at(id)
	if d.contradicts(f) {
		return t.refuseFrom(p, ReasonEndConflict, id)
	}
	m := t.meet(d, f)
	if !t.makeRoom(id, f, &m) {
		return t.refuseFrom(p, ReasonNoMemory, id)
	}
	d.extend(f)
	d.fragments++
	d.wireBytes += uint64(p.WireLen)
	d.recent = p.Timestamp
	d.overlap = max(d.overlap, m.overlap)
	t.stats.HeldFragments++
	t.countOverlap(p, m.overlap)

	if f.from == 0 && t.winsStart(d, f, &m) {
		t.keepHead(d, f)
	}
	t.insert(d, f, m)
	d.covered += f.to - f.from - m.shared

	result := Result{Status: Kept, Overlap: m.overlap, Policy: d.policy}
	switch {
	case d.complete() && d.headLen+d.end > maxTotal(d.key.version):
		t.evicted = append(t.evicted, t.giveUp(id, ReasonOversized))
		p.Events.Add(tooLargeEvent(d.key.version))
	case d.complete():
		result.Status = Completed
		return t.rebuild(id), result
	case d.pieceCount > t.maxPieces:
		t.evicted = append(t.evicted, t.giveUp(id, ReasonTooMany))
		p.Events.Add(ignoredEvent(d.key.version))
	}
	return Datagram{}, result
}

// winsStart reports whether f, at offset 0, gives the datagram its first byte
// and therefore its header.
func (t *Table) winsStart(d *tracker, f *fragment, m *meeting) bool {
	if m.first == 0 || t.pieces.slab[m.first].start != 0 {
		return true
	}
	p := &t.pieces.slab[m.first]
	return d.policy.newWins(f.from, f.to, p.start, p.end)
}

// makeRoom sees to it that f can be inserted into id, at the cost of the
// oldest other datagrams.
func (t *Table) makeRoom(id trackerID, f *fragment, m *meeting) bool {
	d := t.trackers.at(id)
	pages := t.pages.missing(d.data, f.from, f.to)
	if f.from == 0 {
		pages += len(f.head)/pageSize + 1
	}
	pieces := m.count + 2
	for t.pages.available() < pages || t.pieces.available() < pieces {
		if t.pages.available() < pages {
			t.stats.Reached[BoundBytes]++
		} else {
			t.stats.Reached[BoundFragments]++
		}
		oldest := t.trackers.oldest
		if oldest == id {
			oldest = d.newer
		}
		if oldest == 0 {
			return false
		}
		t.evict(oldest)
	}
	return true
}

func (t *Table) countOverlap(p *decoders.Packet, o Overlap) {
	switch o {
	case OverlapDuplicate:
		t.stats.Duplicates++
		return
	case OverlapSame:
		t.stats.OverlapsSame++
	case OverlapDifferent:
		t.stats.OverlapsDifferent++
	default:
		return
	}
	p.Events.Add(overlapEvent(p.IPVersion))
}

func (t *Table) refuse(p *decoders.Packet, why Reason, policy Policy) (Datagram, Result) {
	t.stats.Refused[why]++
	switch why {
	case ReasonTooLarge:
		p.Events.Add(tooLargeEvent(p.IPVersion))
	case ReasonMisaligned:
		if p.IPVersion == 6 {
			p.Events.Add(decoders.EventIPv6FragInvalidLength)
		} else {
			p.Events.Add(decoders.EventIPv4FragIgnored)
		}
	case ReasonEmpty, ReasonEndConflict, ReasonNoMemory:
		p.Events.Add(ignoredEvent(p.IPVersion))
	}
	return Datagram{}, Result{Status: Refused, Reason: why, Policy: policy}
}

// refuseFrom refuses a fragment of the datagram id, and forgets id if nothing
// was kept of it.
func (t *Table) refuseFrom(p *decoders.Packet, why Reason, id trackerID) (Datagram, Result) {
	policy := t.trackers.at(id).policy
	if t.trackers.at(id).fragments == 0 {
		t.release(id)
	}
	return t.refuse(p, why, policy)
}

// evict gives up the datagram id for room.
func (t *Table) evict(id trackerID) {
	t.evicted = append(t.evicted, t.giveUp(id, ReasonEvicted))
}

// giveUp ends the datagram id without result.
func (t *Table) giveUp(id trackerID, why Reason) Incomplete {
	d := t.trackers.at(id)
	in := d.incomplete(why)
	t.stats.GivenUp[why]++
	t.stats.GivenUpFragments += uint64(d.fragments)
	t.stats.HeldFragments -= uint64(d.fragments)
	t.release(id)
	return in
}

// release returns the memory of id.
func (t *Table) release(id trackerID) {
	d := t.trackers.at(id)
	t.pages.releaseAll(d.head)
	t.pages.releaseAll(d.data)
	t.pieces.releaseAll(d.pieces)
	t.trackers.remove(id)
}

// Pending is the number of datagrams that were given up since the last Expire
// and not told yet.
func (t *Table) Pending() int { return len(t.evicted) }

// Expire tells of the datagrams that were given up since the last call, and
// of those whose first fragment is Config.Timeout or more before now, packet
// time in nanoseconds. It looks at expired datagrams only.
func (t *Table) Expire(now int64, report func(Incomplete)) {
	t.tellEvicted(report)
	for id := t.trackers.oldest; id != 0 && now-t.trackers.at(id).first >= t.timeout; id = t.trackers.oldest {
		report(t.giveUp(id, ReasonTimeout))
	}
}

// Flush gives up all datagrams, oldest first: the capture has ended.
func (t *Table) Flush(report func(Incomplete)) {
	t.tellEvicted(report)
	for id := t.trackers.oldest; id != 0; id = t.trackers.oldest {
		report(t.giveUp(id, ReasonFlushed))
	}
}

func (t *Table) tellEvicted(report func(Incomplete)) {
	for i := range t.evicted {
		report(t.evicted[i])
	}
	t.evicted = t.evicted[:0]
}

// Stats returns the totals.
func (t *Table) Stats() Stats {
	s := t.stats
	s.Datagrams = t.trackers.inUse
	s.Bytes = t.pages.inUse * pageSize
	s.Fullness = max(float64(s.Datagrams)/float64(t.trackers.limit), float64(t.pieces.inUse)/float64(t.pieces.limit),
		float64(t.pages.inUse)/float64(t.pages.limit))
	return s
}
