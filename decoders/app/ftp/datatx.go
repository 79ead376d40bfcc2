package ftp

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/file"
)

// DataTx is one transfer. It implements app.Tx and app.Streamed.
type DataTx struct {
	command Command
	named   bool // a file, not a list
	content file.Content
	done    bool
	state   app.TxState
}

var (
	_ app.Tx       = (*DataTx)(nil)
	_ app.Streamed = (*DataTx)(nil)
)

// ID is always 0: a flow is one transfer.
func (t *DataTx) ID() uint64 { return 0 }

// Progress is InProgress or Finished, in both directions.
func (t *DataTx) Progress(decoders.Direction) uint8 {
	if t.done {
		return Finished
	}
	return InProgress
}

// Complete reports that the transfer ended.
func (t *DataTx) Complete(decoders.Direction) bool { return t.done }

// State returns the memory of the transaction's consumers.
func (t *DataTx) State() *app.TxState { return &t.state }

// HasEvent is always false: a data connection has no oddities.
func (t *DataTx) HasEvent(app.Event) bool { return false }

// AppendEvents appends nothing.
func (t *DataTx) AppendEvents(dst []app.Event) []app.Event { return dst }

// Command returns what opened the data connection.
func (t *DataTx) Command() Command { return t.command }

// FileDirection returns the direction of the file.
func (t *DataTx) FileDirection() decoders.Direction { return t.content.Dir }

// File returns the file for export; nil for a list. It is valid until the
// State's Release or Reset.
func (t *DataTx) File() *file.File {
	if !t.named {
		return nil
	}
	return &t.content.File
}

func (t *DataTx) write(p []byte) {
	if t.named {
		t.content.Append(p)
	}
}

// gap leaves out n bytes, across which nothing matches.
func (t *DataTx) gap(n uint64) {
	if t.named {
		t.content.Skip(n)
	}
}

func (t *DataTx) end() {
	t.done = true
	if t.named {
		t.content.Close()
	}
}

// Stream returns what is new of the file for file.data: every byte once.
func (t *DataTx) Stream(b app.Buffer, i int) (app.Piece, bool) { return t.content.Stream(b, i) }

// Inspected says that the piece given out is done with.
func (t *DataTx) Inspected(dir decoders.Direction) { t.content.Inspected(dir) }

// Buffer returns what rules ask of the file, in its direction.
func (t *DataTx) Buffer(b app.Buffer, i int) ([]byte, bool) { return t.content.Buffer(b, i) }

// Integer returns the command that opened the connection, and of a file its
// size and whether it is complete.
func (t *DataTx) Integer(b app.Buffer, i int) (uint64, bool) {
	if b == app.FTPDataCommand && i == 0 {
		return uint64(t.command), t.command != CommandNone
	}
	return t.content.Integer(b, i)
}

// reset empties the transaction but keeps its memory within bounds.
func (t *DataTx) reset() {
	t.content.Clear()
	*t = DataTx{content: t.content}
}
