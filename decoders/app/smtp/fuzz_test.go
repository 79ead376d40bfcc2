package smtp

import (
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
	"spanwatch/decoders/app/file"
)

func FuzzConversation(f *testing.F) {
	for _, c := range conversations() {
		var all, ops []byte
		for _, m := range c.Messages {
			for rest := m.Data; len(rest) > 0; {
				n := min(len(rest), 64)
				all = append(all, rest[:n]...)
				ops = append(ops, byte(n-1)<<1|byte(m.Dir))
				rest = rest[n:]
			}
		}
		f.Add(all, ops, false)
		f.Add(all, ops, true)
	}
	f.Fuzz(func(t *testing.T, data, ops []byte, chunks bool) {
		c := DefaultConfig()
		c.DecodeChunks = chunks
		c.InspectMin = 16
		apptest.Fuzz(t, func() app.Parser { return NewParserWith(c) }, data, ops)
		hostile(t, NewParserWith(c), data, ops)
	})
}

// hostile feeds pieces with gaps and ends and with consumers that are as fast
// as they may be, and checks that what is given out is consistent.
func hostile(t *testing.T, p *Parser, data, ops []byte) {
	s := p.New()
	for i := 0; len(data) > 0; i++ {
		op := byte(0x5a)
		if i < len(ops) {
			op = ops[i]
		}
		n := min(len(data), int(op)+1)
		in := app.Input{Data: data[:n], Dir: decoders.Direction(op & 1)}
		if op&6 == 6 {
			in.Gap = uint32(op) * 3
		}
		in.EOF = n == len(data)
		r := s.Parse(in)
		if r.Status == app.StatusError {
			return
		}
		_, upgraded := s.(app.Upgrader).Upgraded()
		if in.EOF && !upgraded && r.Status != app.StatusOK {
			t.Fatalf("wants more behind the end of the stream")
		}
		data = data[max(r.Consumed, 1):]
		for _, tx := range s.Txs() {
			consume(t, tx.(*Tx), op)
		}
		s.Release()
	}
}

func consume(t *testing.T, tx *Tx, op byte) {
	for i := 0; ; i++ {
		piece, ok := tx.Stream(app.FileData, i)
		if !ok {
			break
		}
		f := tx.Files()[i]
		if end := piece.Offset + uint64(len(piece.Data)); len(piece.Data) > 0 && end != f.Size {
			t.Fatalf("a piece ends at %d of %d bytes", end, f.Size)
		}
		if closed := f.State != file.Open; piece.EOF != closed {
			t.Fatalf("file is %v, end of the stream %v", f.State, piece.EOF)
		}
	}
	tx.Inspected(decoders.ToServer)
	if op&8 != 0 && tx.Complete(decoders.ToServer) {
		st := tx.State()
		st.Logged, st.Done = true, [2]bool{true, true}
	}
}
