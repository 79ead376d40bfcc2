package pop3

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Progress of a side.
const (
	Started = iota
	Done
)

// Events, as rules and anomaly records name them.
const (
	EventTooManyTransactions = app.FirstEvent + app.Event(app.ProtoPOP3)*app.EventsPerProtocol + iota
	EventRequestTooLong
	EventIncorrectArgumentCount
	EventUnknownCommand
	EventResponseTooLong
)

var _ = app.NameEvents(app.ProtoPOP3,
	"too_many_transactions", "request_too_long", "incorrect_argument_count", "unknown_command", "response_too_long")

const (
	maxData    = 64 << 10 // of a response's further lines
	maxLines   = 1024
	keptMemory = 4 << 10 // for the next transaction
)

// Tx is a command with its response. It implements app.Tx.
type Tx struct {
	id        uint64
	done      [2]bool
	asked     bool   // there is a command
	sasl      bool   // it is a line of SASL, which is not kept
	request   []byte // the line of the command
	lines     uint   // that the response has
	responded bool   // its first line has come
	success   bool
	header    []byte // of the first line, behind the status
	data      []byte // the further lines
	ends      []int  // of them in data
	events    app.EventSet
	state     app.TxState
}

var (
	_ app.Reusable = (*Tx)(nil)
	_ app.Recorder = (*Tx)(nil)
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
func (t *Tx) HasEvent(e app.Event) bool { return t.events.Has(app.ProtoPOP3, e) }

// AppendEvents appends all oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event { return t.events.Append(app.ProtoPOP3, dst) }

// Buffer finds nothing.
func (t *Tx) Buffer(app.Buffer, int) ([]byte, bool) { return nil, false }

// Integer finds nothing.
func (t *Tx) Integer(app.Buffer, int) (uint64, bool) { return 0, false }

// keep adds a further line of the response, as far as there is room.
func (t *Tx) keep(line []byte) {
	if t.lines == linesOfMail || len(t.ends) == maxLines || len(t.data)+len(line) > maxData {
		return
	}
	t.data = append(t.data, line...)
	t.ends = append(t.ends, len(t.data))
}

// Reuse makes the transaction as new.
func (t *Tx) Reuse(id uint64) {
	fresh := Tx{id: id, request: t.request[:0], header: t.header[:0], data: t.data[:0], ends: t.ends[:0]}
	if cap(t.request)+cap(t.header)+cap(t.data)+8*cap(t.ends) > keptMemory {
		fresh = Tx{id: id}
	}
	*t = fresh
}

// AppendRecord fills in the record of the transaction, with the members of EVE.
func (t *Tx) AppendRecord(r *app.Record) bool {
	if t.asked {
		r.Object("request")
		if t.sasl {
			r.Word("command", "<SASL DATA>")
			r.List("args")
			r.End()
		} else {
			word, rest := cutWord(t.request)
			r.Text("command", word)
			r.List("args")
			for word, rest = cutWord(rest); len(word) > 0; word, rest = cutWord(rest) {
				r.Text("", word)
			}
			r.End()
		}
		r.End()
	}
	if t.responded {
		r.Object("response")
		r.Bool("success", t.success)
		if t.success {
			r.Word("status", "OK")
		} else {
			r.Word("status", "ERR")
		}
		r.Text("header", t.header)
		r.List("data")
		start := 0
		for _, end := range t.ends {
			r.Text("", t.data[start:end])
			start = end
		}
		r.End()
		r.End()
	}
	return true
}
