package app

import "spanwatch/decoders"

// Reusable is a transaction whose memory serves again.
type Reusable interface {
	Tx
	// Reuse makes the transaction as new under another number, keeping memory
	// within bounds.
	Reuse(id uint64)
}

// Pool has the transactions of a protocol that wait to be used again. It
// belongs to a Parser and so to one worker.
type Pool[T Reusable] struct {
	free []T
	make func() T
}

// NewPool makes a Pool whose transactions come from make.
func NewPool[T Reusable](make func() T) *Pool[T] { return &Pool[T]{make: make} }

// keptFree bounds the transactions that wait in a Pool; what a burst needed
// beyond it goes back to the runtime.
const keptFree = 4096

func (p *Pool[T]) take(id uint64) T {
	var tx T
	if n := len(p.free); n > 0 {
		tx = p.free[n-1]
		p.free = p.free[:n-1]
	} else {
		tx = p.make()
	}
	tx.Reuse(id)
	return tx
}

func (p *Pool[T]) give(tx T) {
	if len(p.free) < keptFree {
		p.free = append(p.free, tx)
	}
}

// Live is the list of the live transactions of a flow, numbered from 0.
type Live[T Reusable] struct {
	pool *Pool[T]
	txs  []Tx
	next uint64
}

// NewLive makes an empty list.
func NewLive[T Reusable](p *Pool[T]) Live[T] { return Live[T]{pool: p} }

// Txs returns the list, oldest first, as State.Txs does.
func (l *Live[T]) Txs() []Tx { return l.txs }

// Len is the number of live transactions.
func (l *Live[T]) Len() int { return len(l.txs) }

// At returns transaction i of the list.
func (l *Live[T]) At(i int) T { return l.txs[i].(T) }

// Last returns the newest transaction; false when there is none.
func (l *Live[T]) Last() (tx T, ok bool) {
	if len(l.txs) == 0 {
		return tx, false
	}
	return l.At(len(l.txs) - 1), true
}

// Made is how many transactions there have been.
func (l *Live[T]) Made() uint64 { return l.next }

// Add appends a new transaction.
func (l *Live[T]) Add() T {
	tx := l.pool.take(l.next)
	l.next++
	l.txs = append(l.txs, tx)
	return tx
}

// Drop takes back the last Add: there is no such transaction.
func (l *Live[T]) Drop() {
	last := len(l.txs) - 1
	l.pool.give(l.At(last))
	l.txs[last] = nil
	l.txs = l.txs[:last]
	l.next--
}

// Release gives back the transactions that are complete, logged, and inspected
// in the directions that they have.
func (l *Live[T]) Release() {
	kept := l.txs[:0]
	for _, tx := range l.txs {
		if over(tx) {
			l.pool.give(tx.(T))
		} else {
			kept = append(kept, tx)
		}
	}
	clear(l.txs[len(kept):])
	l.txs = kept
}

func over(tx Tx) bool {
	st := tx.State()
	if !st.Logged {
		return false
	}
	if u, ok := tx.(Unidirectional); ok {
		d := u.Direction()
		return tx.Complete(d) && st.Done[d]
	}
	return tx.Complete(decoders.ToServer) && tx.Complete(decoders.ToClient) && st.Done == [2]bool{true, true}
}

// Reset empties the list.
func (l *Live[T]) Reset() {
	for _, tx := range l.txs {
		l.pool.give(tx.(T))
	}
	clear(l.txs)
	l.txs, l.next = l.txs[:0], 0
}
