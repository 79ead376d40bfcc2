package ftp

import (
	"net/netip"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Progress of a transaction, in both directions: a command is there when the
// transaction is.
const (
	InProgress = iota
	Finished
)

// keptText is how much memory of replies a transaction keeps for another one.
const keptText = 4 << 10

// Tx is a command with its replies, or a reply without command. It implements
// app.Tx.
type Tx struct {
	id         uint64
	command    Command // CommandNone for a reply without command
	request    []byte
	argument   int // where the argument starts in request
	requestCut bool
	text       []byte // of all lines of replies
	replies    []replyLine
	replyCut   bool
	addr       netip.Addr // that PORT, EPRT or the reply to PASV names
	port       uint16
	done       bool
	unanswered bool // done because the stream ended
	events     eventSet
	state      app.TxState
	record     Record
}

// replyLine is a part of Tx.text.
type replyLine struct {
	start, end uint32
	coded      bool // it starts with a code and a space
}

var _ app.Tx = (*Tx)(nil)

// ID returns the number of the transaction in its flow, from 0.
func (t *Tx) ID() uint64 { return t.id }

// Progress returns one of the constants above.
func (t *Tx) Progress(dir decoders.Direction) uint8 {
	if t.Complete(dir) {
		return Finished
	}
	return InProgress
}

// Complete reports that nothing more is to come from a side.
func (t *Tx) Complete(dir decoders.Direction) bool { return dir == decoders.ToServer || t.done }

// State returns the memory of the transaction's consumers.
func (t *Tx) State() *app.TxState { return &t.state }

// eventSet is a set of the protocol's events.
type eventSet uint8

const (
	firstEvent = app.EventFTPRequestCommandTooLong
	lastEvent  = app.EventFTPFileWithoutName
)

func (t *Tx) event(e app.Event) { t.events |= 1 << (e - firstEvent) }

// HasEvent reports an oddity of the transaction.
func (t *Tx) HasEvent(e app.Event) bool {
	return e >= firstEvent && e <= lastEvent && t.events>>(e-firstEvent)&1 != 0
}

// AppendEvents appends the oddities of the transaction.
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
	text := t.text[:0]
	if cap(text) > keptText {
		text = nil
	}
	clear(t.record.Codes)
	clear(t.record.Replies)
	*t = Tx{request: t.request[:0], text: text, replies: t.replies[:0],
		record: Record{Codes: t.record.Codes[:0], Replies: t.record.Replies[:0], command: t.record.command}}
}
