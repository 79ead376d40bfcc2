//go:build linux && (amd64 || arm64)

package bpf

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// FeedProgram is a socket filter for AF_PACKET sockets of the same device, to be
// attached by SO_ATTACH_BPF with its FD. It holds back frames of shunted and of
// sampled-out flows, counts all it saw in Stats.Feed, and hands up the rest in
// full. Attach it to all sockets of a fanout group. The program belongs to p and
// is freed by Close; sockets keep it alive for themselves.
func (p *Programs) FeedProgram() *ebpf.Program { return p.collection.Programs[accountProgSwFeed] }

// shunts is how many flows are shunted. Without any, the feed looks for none.
type shunts struct {
	mu    sync.Mutex
	count int
}

// shuntsChanged tells the feed when the first flow comes or the last one goes.
func (p *Programs) shuntsChanged(by int) error {
	s := &p.shunts
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.count
	s.count += by
	if (before > 0) == (s.count > 0) {
		return nil
	}
	some := uint32(0)
	if s.count > 0 {
		some = 1
	}
	if err := p.collection.Variables[accountVarShuntAny].Set(some); err != nil {
		return fmt.Errorf("tell the feed of shunted flows: %w", err)
	}
	return nil
}

// Shunt holds back further packets of a flow from sockets with FeedProgram, in
// both directions, except TCP segments with SYN, FIN or RST. They are still
// counted here. Shunting a flow again does nothing. The key of a packet within
// a tunnel holds back the frames that carry it, if TunnelDepth reaches it.
//
// Returns ErrShuntFull when Config.ShuntFlows flows are shunted.
func (p *Programs) Shunt(k *FlowKey) error {
	if p.closed.Load() {
		return ErrClosed
	}
	key := p.shuntKey(k)
	err := p.maps.Shunt.Update(&key, accountCount{}, ebpf.UpdateNoExist)
	switch {
	case err == nil:
		return p.shuntsChanged(+1)
	case errors.Is(err, ebpf.ErrKeyExist):
		return nil
	case errors.Is(err, unix.E2BIG):
		return ErrShuntFull
	}
	return fmt.Errorf("shunt: %w", err)
}

// Unshunt lets a flow through again, and returns what was held back of it. It
// reports false for a flow that was not shunted.
func (p *Programs) Unshunt(k *FlowKey) (held Count, ok bool, err error) {
	if p.closed.Load() {
		return Count{}, false, ErrClosed
	}
	key := p.shuntKey(k)
	var c accountCount
	if err = p.maps.Shunt.Lookup(&key, &c); err == nil {
		// A frame between look-up and delete is in Stats.Feed alone;
		// LookupAndDelete would need Linux 5.14.
		if err = p.maps.Shunt.Delete(&key); err == nil {
			err = p.shuntsChanged(-1)
		}
	}
	if errors.Is(err, ebpf.ErrKeyNotExist) {
		return Count{}, false, nil
	}
	if err != nil {
		return Count{}, false, fmt.Errorf("unshunt: %w", err)
	}
	return count(c), true, nil
}

// Held returns what was held back of a shunted flow; false if it is not shunted.
func (p *Programs) Held(k *FlowKey) (held Count, ok bool, err error) {
	if p.closed.Load() {
		return Count{}, false, ErrClosed
	}
	key := p.shuntKey(k)
	var c accountCount
	err = p.maps.Shunt.Lookup(&key, &c)
	if errors.Is(err, ebpf.ErrKeyNotExist) {
		return Count{}, false, nil
	}
	if err != nil {
		return Count{}, false, fmt.Errorf("look up shunted flow: %w", err)
	}
	return count(c), true, nil
}

// shuntKey is the key as the kernel has it: with the source of this device, and
// nothing where the record has no field.
func (p *Programs) shuntKey(k *FlowKey) accountFlowKey {
	key := *(*accountFlowKey)(unsafe.Pointer(k))
	key.Source = p.cfg.Source
	key.Zero = 0
	return key
}

// Sample hands up one flow in n through FeedProgram, chosen by the hash of its
// key so that whole flows stay; 0 and 1 hand up all. Takes effect at once.
func (p *Programs) Sample(n uint32) error {
	if p.closed.Load() {
		return ErrClosed
	}
	if err := p.collection.Variables[accountVarFeedSample].Set(n); err != nil {
		return fmt.Errorf("set sampling: %w", err)
	}
	return nil
}
