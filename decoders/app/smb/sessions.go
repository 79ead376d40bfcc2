package smb

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app/dce"
)

// Bounds of what is remembered of a flow; the oldest gives way.
const (
	maxTrees    = 256
	maxHandles  = 256
	maxRequests = 256
)

// tree is a share or pipe that was connected to.
type tree struct {
	id   uint32
	name []byte
	pipe bool
}

// handleID names an open file: 16 bytes in version 2; version 1 uses the first
// two.
type handleID [16]byte

// handle is an open file.
type handle struct {
	id       handleID
	name     []byte
	share    []byte // empty for a pipe, and when the share is not known
	onShare  bool
	calls    bool         // a pipe that carries remote calls; others are told of like files
	bindings dce.Bindings // of a pipe
	// The transactions of the file by the direction of its bytes, by number
	// plus one; 0 is none.
	file [2]uint64
}

// request waits for its answer.
type request struct {
	key     uint64 // message of version 2; multiplex and process of version 1
	command uint16
	tx      uint64 // number plus one; 0 is none
	handle  handleID
	offset  uint64 // of a read
}

// next makes room for another element at the end of a list, whose memory is
// that of one that was there before; when the list is full the oldest gives
// way.
func next[T any](list []T, most int) ([]T, *T) {
	switch n := len(list); {
	case n >= most:
		first := list[0]
		copy(list, list[1:])
		list[n-1] = first
	case n < cap(list):
		list = list[:n+1]
	default:
		var fresh T
		list = append(list, fresh)
	}
	return list, &list[len(list)-1]
}

func (s *State) treeOf(id uint32) *tree {
	for i := len(s.trees) - 1; i >= 0; i-- {
		if s.trees[i].id == id {
			return &s.trees[i]
		}
	}
	return nil
}

func (s *State) addTree(id uint32, name []byte, pipe bool) {
	t := s.treeOf(id)
	if t == nil {
		s.trees, t = next(s.trees, maxTrees)
	}
	t.id, t.name, t.pipe = id, append(t.name[:0], name...), pipe
}

func (s *State) handleOf(id handleID) *handle {
	for i := len(s.handles) - 1; i >= 0; i-- {
		if s.handles[i].id == id {
			return &s.handles[i]
		}
	}
	return nil
}

func (s *State) addHandle(id handleID, name []byte, t *tree) {
	h := s.handleOf(id)
	if h == nil {
		s.handles, h = next(s.handles, maxHandles)
	}
	h.id, h.name = id, append(h.name[:0], name...)
	h.share, h.onShare, h.calls, h.file = h.share[:0], false, false, [2]uint64{}
	h.bindings.Reset()
	if t != nil && !t.pipe {
		h.share, h.onShare = append(h.share, t.name...), true
	}
}

// carriesCalls reports whether what is written to an open file is a remote
// call; the first write decides.
func (h *handle) carriesCalls(data []byte) bool {
	if h == nil || h.onShare {
		return false
	}
	if !h.calls {
		_, h.calls = dce.ParseHeader(data)
	}
	return h.calls
}

// noFile reports whether what is read or written with a handle is no file: the
// tree is one of pipes. A handle that was taken for a file before, for want of a
// tree, goes on as one.
func (s *State) noFile(tree uint32, h *handle, dir decoders.Direction) bool {
	t := s.treeOf(tree)
	return t != nil && t.pipe && (h == nil || s.tx(h.file[dir]) == nil)
}

// expect notes a request; tx may be nil.
func (s *State) expect(r request, tx *Tx) {
	if tx != nil {
		r.tx = tx.id + 1
	}
	var slot *request
	s.requests, slot = next(s.requests, maxRequests)
	*slot = r
}

// answerTo finds and forgets the request that an answer belongs to.
func (s *State) answerTo(key uint64, command uint16) (r request, ok bool) {
	for i := range s.requests {
		if r = s.requests[i]; r.key == key && r.command == command {
			s.requests = append(s.requests[:i], s.requests[i+1:]...)
			return r, true
		}
	}
	return request{}, false
}

// tx returns a live transaction by its number plus one.
func (s *State) tx(number uint64) *Tx {
	if number == 0 {
		return nil
	}
	for i := s.live.Len() - 1; i >= 0; i-- {
		if t := s.live.At(i); t.id == number-1 {
			return t
		}
	}
	return nil
}
