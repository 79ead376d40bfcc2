package dnp3

import "encoding/binary"

// maxFields is the most that a point consists of.
const maxFields = 17

// point is one point of an object.
type point struct {
	prefix, index uint32
	values        [maxFields]uint64 // numbers, as they are sent
	texts         [maxFields][]byte // into the fragment
}

// pointReader takes the points of an object off the front of rest.
type pointReader struct {
	layout *layout
	object *object
	rest   []byte
	done   uint32
	failed bool // the points end early
	prefix uint32
	octet  byte // of packed points
	bit    int
}

// next reads a point; false at the end of the object.
func (r *pointReader) next(p *point) bool {
	if r.failed || r.done >= r.object.count {
		return false
	}
	if r.done == 0 && !r.layout.allows(r.object) {
		r.failed = true
		return false
	}
	if r.layout.packed > 0 {
		r.readPacked(p)
	} else {
		r.readFields(p)
	}
	if r.failed {
		return false
	}
	p.index = r.object.start + r.done
	if prefix := r.object.prefix(); prefix >= 1 && prefix <= 3 {
		p.index = p.prefix
	}
	r.done++
	return true
}

func (r *pointReader) take(n int) []byte {
	if n > len(r.rest) {
		r.failed = true
		return nil
	}
	out := r.rest[:n:n]
	r.rest = r.rest[n:]
	return out
}

func (r *pointReader) readPrefix() uint32 {
	size := [8]int{1: 1, 2: 2, 3: 4, 4: 1, 5: 2, 6: 4}[r.object.prefix()]
	b := r.take(size)
	if r.failed {
		return 0
	}
	return number(b, size)
}

// readPacked takes the next bits.
func (r *pointReader) readPacked(p *point) {
	if r.done == 0 {
		r.prefix = r.readPrefix()
	}
	if r.bit == 0 {
		b := r.take(1)
		if r.failed {
			return
		}
		r.octet = b[0]
	}
	p.prefix = r.prefix
	p.values[0] = uint64(r.octet >> r.bit & (1<<r.layout.packed - 1))
	r.bit = (r.bit + r.layout.packed) & 7
}

func (r *pointReader) readFields(p *point) {
	p.prefix = r.readPrefix()
	before := len(r.rest)
	for i := range r.layout.fields {
		f := &r.layout.fields[i]
		n := kindSizes[f.kind]
		switch {
		case f.kind != kindText && f.kind != kindData:
		case f.lengthOf >= 0:
			n = int(p.values[f.lengthOf])
		default: // the rest of what the prefix says
			n = int(int64(p.prefix) - int64(before-len(r.rest)))
			if n < 0 {
				r.failed = true
				return
			}
		}
		b := r.take(n)
		if r.failed {
			return
		}
		switch f.kind {
		case kindText, kindData, kindCode:
			p.texts[i] = b
		default:
			var octets [8]byte
			copy(octets[:], b)
			p.values[i] = binary.LittleEndian.Uint64(octets[:])
		}
	}
}
