package ftp

import (
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/file"
)

// DataParser is the data connections of one worker and used by one goroutine.
// They look like nothing: a flow gets a state from here because it was
// expected.
type DataParser struct{ hashes file.Hashes }

var _ app.Parser = (*DataParser)(nil)

// NewDataParser makes a DataParser that computes all hashes of files.
func NewDataParser() *DataParser { return NewDataParserWith(file.AllHashes) }

// NewDataParserWith makes a DataParser.
func NewDataParserWith(hashes file.Hashes) *DataParser { return &DataParser{hashes} }

// Proto returns app.ProtoFTPData.
func (p *DataParser) Proto() app.Proto { return app.ProtoFTPData }

// New makes the state of a flow; Expect tells it what to expect.
func (p *DataParser) New() app.State {
	s := &DataState{parser: p}
	s.list[0] = &s.tx
	return s
}

// Probe says No: nothing in the bytes tells a data connection.
func (p *DataParser) Probe(app.Input) app.Answer { return app.No }

// DataState is the data connection of one flow.
type DataState struct {
	parser *DataParser
	tx     DataTx
	list   [1]app.Tx
	open   bool // the transaction exists
	over   bool // it was released
}

var _ app.State = (*DataState)(nil)

// Expect says what the flow carries. It is called before Parse; the name is
// copied.
func (s *DataState) Expect(e Expectation) {
	s.tx.command, s.tx.content.Dir = e.Command, e.Dir
	s.tx.named = len(e.Name) > 0
	if s.tx.named {
		s.tx.content.Start(e.Name, s.parser.hashes)
	}
}

// Parse takes the bytes of the file, or of the list, and lets others pass. It
// takes datagrams for an error.
func (s *DataState) Parse(in app.Input) app.Result {
	if in.Datagram {
		return app.Result{Status: app.StatusError}
	}
	if t := &s.tx; !s.over && !t.done && in.Dir == t.content.Dir {
		if in.Gap > 0 && s.open {
			t.gap(uint64(in.Gap))
		}
		if len(in.Data) > 0 {
			s.open = true
			t.write(in.Data)
		}
		if in.EOF {
			t.end()
		}
	}
	return app.Result{Status: app.StatusOK, Consumed: len(in.Data)}
}

// Txs returns the transfer, once there was payload and until it is released.
func (s *DataState) Txs() []app.Tx {
	if s.open && !s.over {
		return s.list[:]
	}
	return nil
}

// Release forgets the transfer when it is complete, logged, and inspected in
// both directions.
func (s *DataState) Release() {
	t := &s.tx
	if s.open && t.done && t.state.Logged && t.state.Done == [2]bool{true, true} {
		s.over = true
	}
}

// Reset makes the state as new.
func (s *DataState) Reset() {
	s.tx.reset()
	s.open, s.over = false, false
}
