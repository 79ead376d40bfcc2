package app

import "spanwatch/decoders"

// Message is what transactions have in common that are one message: they have
// a direction and are there as a whole from the start. They embed it.
type Message struct {
	id    uint64
	dir   decoders.Direction
	state TxState
}

// Begin makes the message as new under another number.
func (m *Message) Begin(id uint64) { *m = Message{id: id} }

// Sent says which way the message goes.
func (m *Message) Sent(dir decoders.Direction) { m.dir = dir }

// ID numbers the messages of the flow.
func (m *Message) ID() uint64 { return m.id }

// Direction returns the way the message goes.
func (m *Message) Direction() decoders.Direction { return m.dir }

// Progress returns 1.
func (m *Message) Progress(decoders.Direction) uint8 { return 1 }

// Complete reports that nothing more is to come, which a message says in its
// own direction.
func (m *Message) Complete(dir decoders.Direction) bool { return dir == m.dir }

// State returns the memory of the transaction's consumers.
func (m *Message) State() *TxState { return &m.state }

// NoEvents is embedded by transactions of protocols without oddities.
type NoEvents struct{}

// HasEvent is false.
func (NoEvents) HasEvent(Event) bool { return false }

// AppendEvents appends nothing.
func (NoEvents) AppendEvents(dst []Event) []Event { return dst }

// Datagram is a transaction that is made from one datagram.
type Datagram interface {
	Reusable
	// Read takes a datagram; false when it is none of the protocol.
	Read(data []byte, dir decoders.Direction) bool
}

// Faulty is a Datagram that tells of a datagram which could not be read.
type Faulty interface {
	// Fault is called instead of forgetting the transaction when Read failed.
	Fault(dir decoders.Direction)
}

// maxDatagrams bounds the messages of a flow that wait for their consumers.
const maxDatagrams = 256

// Datagrams is the state of protocols in which every datagram is a
// transaction of its own. A datagram that cannot be read costs nothing but
// itself.
type Datagrams[T Datagram] struct{ live Live[T] }

// NewDatagrams makes the state of a flow.
func NewDatagrams[T Datagram](p *Pool[T]) *Datagrams[T] { return &Datagrams[T]{NewLive(p)} }

// Parse makes a transaction of a datagram.
func (s *Datagrams[T]) Parse(in Input) Result {
	if !in.Datagram || s.live.Len() >= maxDatagrams {
		return Result{Status: StatusError}
	}
	if tx := s.live.Add(); !tx.Read(in.Data, in.Dir) {
		if f, ok := any(tx).(Faulty); ok {
			f.Fault(in.Dir)
		} else {
			s.live.Drop()
		}
		return Result{Status: StatusError}
	}
	return Result{Status: StatusOK, Consumed: len(in.Data)}
}

// Txs returns the messages that were not released yet.
func (s *Datagrams[T]) Txs() []Tx { return s.live.Txs() }

// Release forgets the messages that are logged and inspected.
func (s *Datagrams[T]) Release() { s.live.Release() }

// Reset makes the state as new.
func (s *Datagrams[T]) Reset() { s.live.Reset() }
