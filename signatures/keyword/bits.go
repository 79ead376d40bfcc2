package keyword

// Bits holds the flowbits of all flows of one worker: for each flow a short
// list of the bits that are set. Most flows have none, few have more than
// six, so that a list of nodes takes less than a bit field of all names.
//
// Bits are numbered per ruleset (Names) and per store; the store's numbers
// stay when the ruleset is swapped, so that flows keep their bits by name.
// Memory is bounded: beyond the limit a bit is not set and Refused counts it.
type Bits struct {
	nodes []bitNode
	free  uint32 // head of the free list; 0 is none
	limit int

	numbers map[string]uint16 // name to the store's number, from 1
	ofRule  []uint16          // the ruleset's number to the store's

	// Refused counts bits that could not be set for want of memory or because
	// more than 65,535 names were ever used.
	Refused uint64
}

// bitNode is 16 bytes: six bits and the next node.
type bitNode struct {
	bits [6]uint16 // 0 is empty
	next uint32
}

// NewBits makes a store of at most limit nodes of 16 bytes.
func NewBits(limit int) *Bits {
	return &Bits{nodes: make([]bitNode, 1, 64), limit: limit + 1, numbers: make(map[string]uint16)}
}

// Use makes the store speak the numbers of another ruleset. names[i] is the
// name of bit i.
func (b *Bits) Use(names []string) {
	b.ofRule = make([]uint16, len(names))
	for i, name := range names {
		number, ok := b.numbers[name]
		if !ok {
			if len(b.numbers) == 1<<16-1 {
				b.Refused++
				continue
			}
			number = uint16(len(b.numbers) + 1)
			b.numbers[name] = number
		}
		b.ofRule[i] = number
	}
}

// InUse returns the number of nodes that flows hold.
func (b *Bits) InUse() int {
	n := len(b.nodes) - 1
	for i := b.free; i != 0; i = b.nodes[i].next {
		n--
	}
	return n
}

// FlowBits is one flow's view of the store. The handle lives in the flow.
type FlowBits struct {
	Store  *Bits
	Handle *uint32
}

// Has reports whether bit i of the ruleset is set.
func (f FlowBits) Has(i uint16) bool {
	if *f.Handle == 0 {
		return false
	}
	number := f.Store.ofRule[i]
	if number == 0 {
		return false
	}
	for n := *f.Handle; n != 0; n = f.Store.nodes[n].next {
		for _, b := range f.Store.nodes[n].bits {
			if b == number {
				return true
			}
		}
	}
	return false
}

// Set sets bit i.
func (f FlowBits) Set(i uint16) {
	s := f.Store
	number := s.ofRule[i]
	if number == 0 {
		s.Refused++
		return
	}
	if f.Has(i) {
		return
	}
	for n := *f.Handle; n != 0; n = s.nodes[n].next {
		for k, b := range s.nodes[n].bits {
			if b == 0 {
				s.nodes[n].bits[k] = number
				return
			}
		}
	}
	n := s.take()
	if n == 0 {
		s.Refused++
		return
	}
	s.nodes[n] = bitNode{bits: [6]uint16{number}, next: *f.Handle}
	*f.Handle = n
}

// Clear clears bit i. The memory stays with the flow until it ends.
func (f FlowBits) Clear(i uint16) {
	s := f.Store
	number := s.ofRule[i]
	for n := *f.Handle; n != 0; n = s.nodes[n].next {
		for k, b := range s.nodes[n].bits {
			if b == number {
				s.nodes[n].bits[k] = 0
			}
		}
	}
}

// AppendNames appends the names of the flow's bits to dst. It walks all names
// for each bit: for events, not for conditions.
func (f FlowBits) AppendNames(dst []string) []string {
	for n := *f.Handle; n != 0; n = f.Store.nodes[n].next {
		for _, b := range f.Store.nodes[n].bits {
			if b == 0 {
				continue
			}
			for name, number := range f.Store.numbers {
				if number == b {
					dst = append(dst, name)
				}
			}
		}
	}
	return dst
}

// take returns a free node, or 0.
func (b *Bits) take() uint32 {
	if n := b.free; n != 0 {
		b.free = b.nodes[n].next
		return n
	}
	if len(b.nodes) >= b.limit {
		return 0
	}
	b.nodes = append(b.nodes, bitNode{})
	return uint32(len(b.nodes) - 1)
}

// Release gives back what the handle holds and zeroes it.
func (b *Bits) Release(handle *uint32) {
	for n := *handle; n != 0; {
		next := b.nodes[n].next
		b.nodes[n] = bitNode{next: b.free}
		b.free = n
		n = next
	}
	*handle = 0
}
