package enrich

import "bytes"

// Bounds of one record. MaxMind's enterprise records, the largest ones known,
// have fewer than 200 values in five levels.
const (
	maxRecordValues = 4096
	maxRecordDepth  = 32
)

// section is the part of a file that values are encoded in: the records, or
// the metadata (MaxMind DB format 2.0, "Output Data Section").
//
// The library that decodes values makes maps and slices as large as the file
// says, and follows pointers as often as the file says. In a damaged file that
// can be all the memory there is; so a value is walked here, where it costs no
// memory, before the library may have it.
type section []byte

// Value types of the format.
const (
	typeExtended = 0
	typePointer  = 1
	typeString   = 2
	typeBytes    = 4
	typeMap      = 7
	typeArray    = 11
	typeBool     = 14
	typeFloat    = 15
)

// metadataMark stands before the metadata, at the end of the file.
const metadataMark = "\xab\xcd\xefMaxMind.com"

// metadataOf returns the metadata section of a file; nil when there is none.
func metadataOf(file []byte) section {
	at := bytes.LastIndex(file, []byte(metadataMark))
	if at < 0 {
		return nil
	}
	return section(file[at+len(metadataMark):])
}

// recordsOf returns the record section of a file whose tree has the given size
// in bytes; 16 zero bytes lie between the two.
func recordsOf(file []byte, treeSize uint64) section {
	end := bytes.LastIndex(file, []byte(metadataMark))
	start := treeSize + 16
	if end < 0 || start > uint64(end) {
		return nil
	}
	return section(file[start:end])
}

// sound reports whether the value at offset lies in the section with all that
// it refers to, within the bounds of a record.
func (s section) sound(offset uint32) bool {
	budget := maxRecordValues
	_, ok := s.walk(uint64(offset), 0, &budget)
	return ok
}

// walk goes through one value and returns where it ends.
func (s section) walk(at uint64, depth int, budget *int) (end uint64, ok bool) {
	*budget--
	if *budget < 0 || depth > maxRecordDepth {
		return 0, false
	}
	kind, size, at, ok := s.control(at)
	if !ok {
		return 0, false
	}
	switch kind {
	case typePointer:
		// A pointer's value is where it points to. Pointers to pointers are
		// not allowed, which the depth makes harmless.
		if _, ok := s.walk(size, depth+1, budget); !ok {
			return 0, false
		}
		return at, true
	case typeMap, typeArray:
		values := size
		if kind == typeMap {
			values *= 2
		}
		for ; values > 0; values-- {
			if at, ok = s.walk(at, depth+1, budget); !ok {
				return 0, false
			}
		}
		return at, true
	case typeBool: // the size is the value
		return at, true
	default: // strings, bytes and numbers take as many bytes as they say
		if kind > typeFloat || size > uint64(len(s)) || at+size > uint64(len(s)) {
			return 0, false
		}
		return at + size, true
	}
}

// control reads the control bytes of a value: its type, its size (of a
// pointer: its target), and where its payload begins.
func (s section) control(at uint64) (kind int, size, next uint64, ok bool) {
	first, at, ok := s.number(at, 1)
	if !ok {
		return 0, 0, 0, false
	}
	kind, size = int(first>>5), first&0x1f
	if kind == typePointer {
		// Two bits of length, three of value; each length starts where the
		// shorter one ends.
		more := size >> 3
		target, at, ok := s.number(at, int(more)+1)
		switch more {
		case 0, 1, 2:
			target |= (size & 7) << (8 * (more + 1))
			target += [3]uint64{0, 2048, 526336}[more]
		}
		return kind, target, at, ok
	}
	if kind == typeExtended {
		var extended uint64
		if extended, at, ok = s.number(at, 1); !ok {
			return 0, 0, 0, false
		}
		kind = int(extended) + 7
	}
	if size >= 29 {
		n := int(size - 28)
		var more uint64
		if more, at, ok = s.number(at, n); !ok {
			return 0, 0, 0, false
		}
		size = more + [3]uint64{29, 285, 65821}[n-1]
	}
	return kind, size, at, true
}

// number reads n bytes, big-endian.
func (s section) number(at uint64, n int) (v, next uint64, ok bool) {
	if at > uint64(len(s)) || uint64(n) > uint64(len(s))-at {
		return 0, 0, false
	}
	for _, b := range s[at : at+uint64(n)] {
		v = v<<8 | uint64(b)
	}
	return v, at + uint64(n), true
}

// hasKey reports whether a map key of the given name, shorter than 29 bytes,
// may occur in the section.
func (s section) hasKey(name string) bool {
	return bytes.Contains(s, append([]byte{byte(typeString<<5 | len(name))}, name...))
}
