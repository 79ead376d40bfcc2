//go:build linux && (amd64 || arm64)

package bpf

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
)

// MaxQueues is how many queues of a device can have a socket; QUEUES of redirect.h.
const MaxQueues = 256

// BindQueue gives the frames of a receive queue to an AF_XDP socket, which is bound
// to that queue and has its rings. One that the queue had before gets no more. It
// needs Config.Redirect, and may be called from any goroutine.
func (p *Programs) BindQueue(queue int, socket int) error {
	if p.closed.Load() {
		return ErrClosed
	}
	if p.maps.Sockets == nil {
		return errNoRedirect
	}
	if err := p.maps.Sockets.Put(uint32(queue), uint32(socket)); err != nil {
		return fmt.Errorf("give queue %d a socket: %w", queue, err)
	}
	return nil
}

// UnbindQueue lets the frames of a queue go to the stack, and returns when none is
// on its way to the socket any more.
func (p *Programs) UnbindQueue(queue int) error {
	if p.closed.Load() {
		return ErrClosed
	}
	if p.maps.Sockets == nil {
		return errNoRedirect
	}
	if err := p.maps.Sockets.Delete(uint32(queue)); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		return fmt.Errorf("take the socket of queue %d away: %w", queue, err)
	}
	return settle()
}

// QueueCount returns what was given to sockets of a queue: received by them, or
// counted as dropped.
func (p *Programs) QueueCount(queue int) (sum Count, err error) {
	if p.closed.Load() {
		return sum, ErrClosed
	}
	if p.maps.QueueCounts == nil {
		return sum, errNoRedirect
	}
	var cpus []accountCount
	if err := p.maps.QueueCounts.Lookup(uint32(queue), &cpus); err != nil {
		return sum, fmt.Errorf("read counters of queue %d: %w", queue, err)
	}
	for _, c := range cpus {
		sum.Add(count(c))
	}
	return sum, nil
}

var errNoRedirect = fmt.Errorf("%w: frames are not redirected", ErrConfig)
