package ssh

import (
	"crypto/md5"
	"encoding/hex"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Progress of a side.
const (
	Started    = iota
	BannerDone // versions are known
	KexDone    // algorithms are known too
	Finished   // it uses new keys
)

// keptText is how much memory of a side's texts is kept for the next flow.
const keptText = 4 << 10

// Tx is one connection. It implements app.Tx.
type Tx struct {
	progress [2]uint8
	ended    [2]bool // nothing more comes in this direction
	events   eventSet
	sides    [2]side
	state    app.TxState
	record   Record
}

// side is what one side said; text has protocol, software and HASSH text one
// behind the other.
type side struct {
	text            []byte
	proto, software int // where each ends
	hassh           int // where the HASSH text ends; 0 without one
	digest          [2 * md5.Size]byte
	digested        bool
}

var _ app.Tx = (*Tx)(nil)

// ID is always 0: a flow has one connection.
func (t *Tx) ID() uint64 { return 0 }

// Progress returns one of the constants above.
func (t *Tx) Progress(dir decoders.Direction) uint8 { return t.progress[dir] }

// Complete reports that nothing more is to come from a side.
func (t *Tx) Complete(dir decoders.Direction) bool {
	return t.progress[dir] == Finished || t.ended[dir]
}

// State returns the memory of the transaction's consumers.
func (t *Tx) State() *app.TxState { return &t.state }

func (t *Tx) setBanner(dir decoders.Direction, proto, software []byte) {
	s := &t.sides[dir]
	s.text = append(s.text[:0], proto...)
	s.proto = len(s.text)
	s.text = append(s.text, software...)
	s.software = len(s.text)
	t.progress[dir] = BannerDone
}

// setAlgorithms takes the first list of a side.
func (t *Tx) setAlgorithms(dir decoders.Direction, message []byte) {
	s := &t.sides[dir]
	if s.hassh != 0 {
		return
	}
	if text, ok := appendHassh(s.text, message, dir); ok {
		s.text, s.hassh = text, len(text)
		t.progress[dir] = KexDone
	}
}

func (s *side) hasshText() []byte { return s.text[s.software:s.hassh] }

// hasshDigest returns the HASSH: 32 hexadecimal digits.
func (s *side) hasshDigest() []byte {
	if !s.digested {
		sum := md5.Sum(s.hasshText())
		hex.Encode(s.digest[:], sum[:])
		s.digested = true
	}
	return s.digest[:]
}

// eventSet is a set of the protocol's events.
type eventSet uint8

const (
	firstEvent = app.EventSSHInvalidBanner
	lastEvent  = app.EventSSHLongKexRecord
)

func (t *Tx) event(e app.Event) { t.events |= 1 << (e - firstEvent) }

// HasEvent reports an oddity of the connection.
func (t *Tx) HasEvent(e app.Event) bool {
	return e >= firstEvent && e <= lastEvent && t.events>>(e-firstEvent)&1 != 0
}

// AppendEvents appends the oddities of the connection.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event {
	for e := firstEvent; t.events != 0 && e <= lastEvent; e++ {
		if t.HasEvent(e) {
			dst = append(dst, e)
		}
	}
	return dst
}

// reset empties the transaction but keeps its memory within bounds.
func (t *Tx) reset() {
	var fresh Tx
	for d := range t.sides {
		if text := t.sides[d].text; cap(text) <= keptText {
			fresh.sides[d].text = text[:0]
		}
	}
	*t = fresh
}
