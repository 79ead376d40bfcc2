package ftp

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/file"
)

const (
	// maxPending bytes of a file wait for inspection; the oldest give way when
	// nobody inspects them.
	maxPending  = 128 << 10
	keptPending = 16 << 10
)

// DataTx is one transfer. It implements app.Tx and app.Streamed.
type DataTx struct {
	command Command
	dir     decoders.Direction
	named   bool // a file, not a list
	file    file.File
	done    bool
	pending []byte // not inspected yet
	offset  uint64 // of pending in the file
	given   int    // bytes of pending that were given out
	magic   []byte // memory of a buffer
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
func (t *DataTx) FileDirection() decoders.Direction { return t.dir }

// File returns the file for export; nil for a list. It is valid until the
// State's Release or Reset.
func (t *DataTx) File() *file.File {
	if !t.named {
		return nil
	}
	return &t.file
}

func (t *DataTx) write(p []byte) {
	if !t.named {
		return
	}
	t.file.Write(p)
	if over := len(t.pending) + len(p) - maxPending; over > 0 {
		drop := min(over, len(t.pending))
		t.forget(drop)
		t.offset += uint64(over - drop)
		p = p[over-drop:]
	}
	t.pending = append(t.pending, p...)
}

// gap leaves out n bytes, across which nothing matches.
func (t *DataTx) gap(n uint64) {
	if !t.named {
		return
	}
	t.file.Gap(n)
	t.forget(len(t.pending))
	t.offset += n
}

func (t *DataTx) end() {
	t.done = true
	if t.named {
		t.file.Close()
	}
}

// forget drops the first n bytes that wait.
func (t *DataTx) forget(n int) {
	t.offset += uint64(n)
	t.pending = t.pending[:copy(t.pending, t.pending[n:])]
	t.given = max(0, t.given-n)
}

// Stream returns what is new of the file for file.data: every byte once.
func (t *DataTx) Stream(b app.Buffer, i int) (app.Piece, bool) {
	if b != app.FileData.In(t.dir) || i != 0 || !t.named {
		return app.Piece{}, false
	}
	t.given = len(t.pending)
	return app.Piece{Data: t.pending, Offset: t.offset, EOF: t.done}, true
}

// Inspected says that the piece given out is done with.
func (t *DataTx) Inspected(dir decoders.Direction) {
	if dir == t.dir {
		t.forget(t.given)
	}
}

// Buffer returns what rules ask of the file, in its direction.
func (t *DataTx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	if i != 0 || !t.named {
		return nil, false
	}
	switch b {
	case app.FileName.In(t.dir):
		return t.file.Name(), true
	case app.FileMagic.In(t.dir):
		if !t.done && t.file.Size < file.HeadLen {
			return nil, false
		}
		t.magic = append(t.magic[:0], t.file.Magic()...)
		return t.magic, true
	case app.FileMD5.In(t.dir):
		return t.file.Hash(file.MD5)
	case app.FileSHA1.In(t.dir):
		return t.file.Hash(file.SHA1)
	case app.FileSHA256.In(t.dir):
		return t.file.Hash(file.SHA256)
	}
	return nil, false
}

// Integer returns the command that opened the connection, and of a file its
// size and whether it is complete.
func (t *DataTx) Integer(b app.Buffer, i int) (uint64, bool) {
	if i != 0 {
		return 0, false
	}
	switch b {
	case app.FTPDataCommand:
		return uint64(t.command), t.command != CommandNone
	case app.FileSize.In(t.dir):
		return t.file.Size, t.named
	case app.FileClosed.In(t.dir):
		if t.file.State == file.Closed {
			return 1, t.named
		}
		return 0, t.named
	}
	return 0, false
}

// reset empties the transaction but keeps its memory within bounds.
func (t *DataTx) reset() {
	t.file.Reset()
	pending := t.pending[:0]
	if cap(pending) > keptPending {
		pending = nil
	}
	*t = DataTx{file: t.file, pending: pending, magic: t.magic[:0]}
}
