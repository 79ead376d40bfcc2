// Package apptest has the test that every application protocol parser must
// pass: however the network cuts a conversation into pieces, the transactions
// are the same, answers keep the contract of package app, memory comes back
// and is used again.
//
// Input is a parser and a Conversation, output is the failure of the test.
//
// Replay runs the TCP flows of a capture through parsers instead, Cases reads
// what another sensor made of such captures.
package apptest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Message is what one side sends in one go.
type Message struct {
	Dir  decoders.Direction
	Data []byte
}

// Conversation is a flow. It must be long enough to show something: Check
// fails when it makes no transaction.
type Conversation struct {
	Name     string
	Datagram bool // every Message is a datagram
	Messages []Message
	Min      int // least number of transactions expected
	// Grows says that transactions go on over several messages, so that those
	// of a cut stream are not the same as those of the whole.
	Grows bool
	// Allocates says what the steady state allocates for; empty for nothing,
	// which is then checked.
	Allocates string
}

// tested is the protocol whose own buffers and events Snapshot asks for: that
// of the last Check or Fuzz, since a package has the tests of one protocol.
var tested app.Proto

// Check runs conversations through parsers made by newParser.
func Check(t *testing.T, newParser func() app.Parser, conversations []Conversation) {
	t.Helper()
	tested = newParser().Proto()
	if len(conversations) == 0 {
		t.Fatal("no conversations to check")
	}
	for _, c := range conversations {
		t.Run(c.Name, func(t *testing.T) {
			p := newParser()
			want := Run(t, p.New(), c.Datagram, c.Messages)
			if len(want) < max(1, c.Min) {
				t.Fatalf("%d transactions, want at least %d", len(want), max(1, c.Min))
			}
			t.Run("reuse gives the same", func(t *testing.T) {
				s := p.New()
				for range 3 {
					compare(t, Run(t, s, c.Datagram, c.Messages), want)
					s.Reset()
				}
			})
			t.Run("released transactions are gone", func(t *testing.T) { checkRelease(t, p, c) })
			if c.Allocates == "" {
				t.Run("steady state does not allocate", func(t *testing.T) { checkAllocations(t, p, c) })
			}
			if c.Datagram {
				return
			}
			t.Run("byte by byte gives the same", func(t *testing.T) {
				compare(t, Run(t, newParser().New(), false, split(c.Messages, func(int) int { return 1 })), want)
			})
			t.Run("random pieces give the same", func(t *testing.T) {
				for seed := range uint64(20) {
					d := dice(seed)
					pieces := split(c.Messages, func(n int) int { return 1 + d.below(n) })
					compare(t, Run(t, newParser().New(), false, pieces), want)
				}
			})
			t.Run("a cut stream gives the start", func(t *testing.T) {
				for i, m := range c.Messages {
					for n := 0; n < len(m.Data); n += 1 + len(m.Data)/64 {
						short := append(append([]Message{}, c.Messages[:i]...), Message{m.Dir, m.Data[:n]})
						got := Run(t, newParser().New(), false, short)
						if len(got) > len(want) {
							t.Fatalf("%d transactions of a part, %d of the whole", len(got), len(want))
						}
						if !c.Grows {
							compare(t, got, want[:len(got)])
						}
					}
				}
			})
		})
	}
}

// Run feeds messages to a state as the pipeline does, keeping what an
// Incomplete answer left over, and returns the transactions as text. It fails
// the test when an answer breaks the contract.
func Run(t testing.TB, s app.State, datagram bool, messages []Message) []string {
	t.Helper()
	var pending [2][]byte
	var need [2]int
	for i, m := range messages {
		d := m.Dir
		if datagram {
			r := s.Parse(app.Input{Data: m.Data, Dir: d, Datagram: true})
			checkResult(t, r, len(m.Data), true)
			continue
		}
		pending[d] = append(pending[d], m.Data...)
		if len(pending[d]) < need[d] {
			continue
		}
		r := s.Parse(app.Input{Data: pending[d], Dir: d})
		checkResult(t, r, len(pending[d]), false)
		if r.Status == app.StatusError {
			break
		}
		pending[d] = append([]byte(nil), pending[d][r.Consumed:]...)
		need[d] = r.Need
		if t.Failed() {
			t.Fatalf("at message %d", i)
		}
	}
	return Snapshot(t, s)
}

func checkResult(t testing.TB, r app.Result, n int, datagram bool) {
	t.Helper()
	switch {
	case r.Consumed < 0 || r.Consumed > n:
		t.Errorf("consumed %d of %d bytes", r.Consumed, n)
	case r.Status == app.StatusOK && r.Consumed != n:
		t.Errorf("answered ok after %d of %d bytes", r.Consumed, n)
	case r.Status == app.StatusIncomplete && r.Need <= n-r.Consumed:
		t.Errorf("wants %d bytes and has %d", r.Need, n-r.Consumed)
	case datagram && r.Status == app.StatusIncomplete:
		t.Error("wants more of a datagram")
	}
}

// Snapshot renders all that a consumer can see of the live transactions.
func Snapshot(t testing.TB, s app.State) []string {
	t.Helper()
	var out []string
	for i, tx := range s.Txs() {
		var b strings.Builder
		fmt.Fprintf(&b, "tx %d", tx.ID())
		if i > 0 && tx.ID() <= s.Txs()[i-1].ID() {
			t.Errorf("transaction %d comes after %d", tx.ID(), s.Txs()[i-1].ID())
		}
		for _, d := range []decoders.Direction{decoders.ToServer, decoders.ToClient} {
			fmt.Fprintf(&b, " %v %d %v", d, tx.Progress(d), tx.Complete(d))
		}
		if u, ok := tx.(app.Unidirectional); ok {
			fmt.Fprintf(&b, " only %v", u.Direction())
		}
		for buffer := range app.Buffers(tested) {
			for i := 0; ; i++ {
				data, ok := tx.Buffer(buffer, i)
				if !ok {
					break
				}
				fmt.Fprintf(&b, "\nbuffer %d.%d %q", buffer, i, data)
			}
			for i := 0; ; i++ {
				n, ok := tx.Integer(buffer, i)
				if !ok {
					break
				}
				fmt.Fprintf(&b, "\ninteger %d.%d %d", buffer, i, n)
			}
		}
		var listed, asked []app.Event
		for e := range app.Events(tested) {
			if tx.HasEvent(e) {
				asked = append(asked, e)
			}
		}
		if listed = tx.AppendEvents(nil); !reflect.DeepEqual(listed, asked) {
			t.Errorf("lists events %v and has %v", listed, asked)
		}
		fmt.Fprintf(&b, "\nevents %v", asked)
		out = append(out, b.String())
	}
	return out
}

func compare(t testing.TB, got, want []string) {
	t.Helper()
	if len(got) == 0 && len(want) == 0 {
		return
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// dice is a generator of numbers that look random and are the same in every
// run (SplitMix64).
type dice uint64

func (d *dice) below(n int) int {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int((z ^ z>>31) % uint64(n))
}

// split cuts messages into pieces of the lengths that next chooses.
func split(messages []Message, next func(left int) int) []Message {
	var out []Message
	for _, m := range messages {
		for rest := m.Data; len(rest) > 0; {
			n := min(next(len(rest)), len(rest))
			out = append(out, Message{m.Dir, rest[:n]})
			rest = rest[n:]
		}
	}
	return out
}

// finish does what the consumers of transactions do.
func finish(s app.State) {
	for _, tx := range s.Txs() {
		st := tx.State()
		st.Logged = true
		st.Done = [2]bool{true, true}
	}
	s.Release()
}

func checkRelease(t *testing.T, p app.Parser, c Conversation) {
	s := p.New()
	n := len(Run(t, s, c.Datagram, c.Messages))
	s.Release()
	if got := len(s.Txs()); got != n {
		t.Errorf("%d of %d transactions are left before anybody was done with them", got, n)
	}
	finish(s)
	for _, tx := range s.Txs() {
		if tx.Complete(decoders.ToServer) && tx.Complete(decoders.ToClient) {
			t.Errorf("transaction %d is complete, done, and still there", tx.ID())
		}
	}
}

// checkAllocations takes conversations that need no buffering by the caller:
// each message whole.
func checkAllocations(t *testing.T, p app.Parser, c Conversation) {
	s := p.New()
	once := func() {
		for _, m := range c.Messages {
			s.Parse(app.Input{Data: m.Data, Dir: m.Dir, Datagram: c.Datagram})
			finish(s)
		}
		s.Reset()
	}
	for range 32 { // until the memory of each transaction has been that of every other
		once()
	}
	if n := testing.AllocsPerRun(20, once); n != 0 {
		t.Errorf("%v allocations for a conversation, want 0", n)
	}
}

// Fuzz checks a parser with hostile input: bytes of ops choose direction and
// length of the pieces that data is cut into. The answers must keep the
// contract, feeding in one piece must give the same as feeding in many unless
// an error ended the flow, and memory must come back.
func Fuzz(t *testing.T, newParser func() app.Parser, data, ops []byte) {
	t.Helper()
	tested = newParser().Proto()
	for _, datagram := range []bool{true, false} {
		p := newParser()
		s := p.New()
		messages := fromOps(data, ops)
		Run(t, s, datagram, messages)
		finish(s)
		s.Reset()
		if n := len(s.Txs()); n != 0 {
			t.Fatalf("%d transactions after Reset", n)
		}
		if !datagram {
			whole := Run(t, newParser().New(), false, []Message{{Data: data}})
			bytewise := Run(t, newParser().New(), false, split([]Message{{Data: data}}, func(int) int { return 1 }))
			compare(t, bytewise, whole)
		}
		for _, m := range messages {
			in := app.Input{Data: m.Data, Dir: m.Dir, Datagram: datagram}
			if p.Probe(in) == app.Maybe && datagram {
				t.Error("the probe wants more of a datagram")
			}
		}
	}
}

func fromOps(data, ops []byte) []Message {
	var out []Message
	for i := 0; len(data) > 0; i++ {
		op := byte(0xfe)
		if i < len(ops) {
			op = ops[i]
		}
		n := min(len(data), int(op>>1)+1)
		if op>>1 == 0x7f {
			n = len(data)
		}
		out = append(out, Message{decoders.Direction(op & 1), data[:n]})
		data = data[n:]
	}
	return out
}
