package stream

import "math/bits"

// smallestBlock is what the smallest piece of waiting data takes.
const smallestBlock = 1 << smallestBits

const (
	smallestBits = 8
	blockClasses = 32 - smallestBits
)

// pool hands out blocks of 256 bytes and their doubles. Blocks given back are
// kept for reuse while they are inside the limit together with those in use.
type pool struct {
	limit    uint64
	used     uint64 // bytes of blocks in use
	reserved uint64 // bytes of all blocks
	blocks   [][]byte
	free     [blockClasses][]uint32
	vacant   []uint32 // places in blocks without memory
}

// blockClass is the class of the smallest block that holds n bytes.
func blockClass(n uint32) int {
	if n <= smallestBlock {
		return 0
	}
	return bits.Len32(n-1) - smallestBits
}

// blockSize is how large a block for n bytes is.
func blockSize(n uint32) uint32 { return smallestBlock << blockClass(n) }

// take returns a block for n bytes, at most maxFlowMemory, whose content is
// arbitrary.
func (p *pool) take(n uint32) (uint32, bool) {
	class := blockClass(n)
	size := uint64(smallestBlock) << class
	if list := p.free[class]; len(list) > 0 {
		b := list[len(list)-1]
		p.free[class] = list[:len(list)-1]
		p.used += size
		return b, true
	}
	if p.used+size > p.limit {
		return 0, false
	}
	for c := blockClasses - 1; c >= 0 && p.reserved+size > p.limit; c-- {
		for n := len(p.free[c]); n > 0 && p.reserved+size > p.limit; n-- {
			b := p.free[c][n-1]
			p.free[c] = p.free[c][:n-1]
			p.reserved -= uint64(len(p.blocks[b]))
			p.blocks[b] = nil
			p.vacant = append(p.vacant, b)
		}
	}
	p.used += size
	p.reserved += size
	if n := len(p.vacant); n > 0 {
		b := p.vacant[n-1]
		p.vacant = p.vacant[:n-1]
		p.blocks[b] = make([]byte, size)
		return b, true
	}
	p.blocks = append(p.blocks, make([]byte, size))
	return uint32(len(p.blocks) - 1), true
}

func (p *pool) give(b uint32) {
	size := len(p.blocks[b])
	p.used -= uint64(size)
	class := blockClass(uint32(size))
	p.free[class] = append(p.free[class], b)
}
