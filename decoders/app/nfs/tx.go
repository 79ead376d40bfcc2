package nfs

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/file"
)

// Progress of a side.
const (
	Started = iota
	Done
)

// Events, as rules and anomaly records name them.
const (
	EventMalformedData = app.FirstEvent + app.Event(app.ProtoNFS)*app.EventsPerProtocol + iota
	EventNonExistingVersion
	EventUnsupportedVersion
	EventTooManyTransactions
)

var _ = app.NameEvents(app.ProtoNFS, "malformed_data", "non_existing_version", "unsupported_version", "too_many_transactions")

// Tx is a call with its reply, or a file that is read or written. It
// implements app.Tx and app.Streamed.
type Tx struct {
	id        uint64
	version   uint32 // of NFS, of the first call of the flow
	xid       uint32
	procedure uint32
	done      [2]bool

	name, newName []byte // newName is what RENAME gives
	handle        []byte
	auth          uint32
	unix          bool // machine, uid and gid are valid
	machine       []byte
	uid, gid      uint32
	rpcStatus     uint32
	status        uint32

	isFile      bool
	first, last bool
	closed      bool // no more bytes are to come
	lastXID     uint32
	chunks      uint32
	committed   uint32 // procedure that ended the file, besides that of the transaction; 0 for none
	content     file.Content

	events  app.EventSet
	state   app.TxState
	scratch []byte // made while a record is rendered
}

var (
	_ app.Reusable  = (*Tx)(nil)
	_ app.Recorder  = (*Tx)(nil)
	_ app.Companion = (*Tx)(nil)
	_ app.Streamed  = (*Tx)(nil)
)

// ID numbers the transactions of the flow.
func (t *Tx) ID() uint64 { return t.id }

// Progress returns Done when a side is complete.
func (t *Tx) Progress(dir decoders.Direction) uint8 {
	if t.done[dir] {
		return Done
	}
	return Started
}

// Complete reports that nothing more is to come from a side.
func (t *Tx) Complete(dir decoders.Direction) bool { return t.done[dir] }

// State returns the memory of the transaction's consumers.
func (t *Tx) State() *app.TxState { return &t.state }

// HasEvent reports an oddity.
func (t *Tx) HasEvent(e app.Event) bool { return t.events.Has(app.ProtoNFS, e) }

// AppendEvents appends all oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event { return t.events.Append(app.ProtoNFS, dst) }

// File returns the file for export; nil when the transaction is none.
func (t *Tx) File(i int) (*file.File, decoders.Direction) {
	if i > 0 || !t.isFile {
		return nil, 0
	}
	return &t.content.File, t.content.Dir
}

// Stream returns what is new of the file for file.data.
func (t *Tx) Stream(b app.Buffer, i int) (app.Piece, bool) {
	if !t.isFile {
		return app.Piece{}, false
	}
	return t.content.Stream(b, i)
}

// Inspected says that the pieces given out are done with.
func (t *Tx) Inspected(dir decoders.Direction) { t.content.Inspected(dir) }

// calledBy takes over who calls.
func (t *Tx) calledBy(c *credentials) {
	t.auth, t.unix, t.uid, t.gid = c.flavour, c.unix, c.uid, c.gid
	t.machine = append(t.machine[:0], c.machine...)
}

// Reuse makes the transaction as new.
func (t *Tx) Reuse(id uint64) {
	t.content.Clear()
	*t = Tx{
		id: id, name: t.name[:0], newName: t.newName[:0], handle: t.handle[:0], machine: t.machine[:0], scratch: t.scratch[:0],
		content: t.content,
	}
}
