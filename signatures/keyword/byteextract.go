package keyword

import (
	"strings"

	"spanwatch/signatures/rule"
)

// byteExtract stores a number of the buffer in a variable and moves the cursor
// behind it.
type byteExtract struct {
	reading
	multiplier uint64
	align      uint64 // 0, 2 or 4
	slot       int8
}

func (e *byteExtract) try(m *Machine, cursor int) (int, verdict) {
	v, start, taken, ok := e.read(m, cursor)
	if !ok {
		return cursor, no
	}
	v *= e.multiplier
	if e.align != 0 {
		v = (v + e.align - 1) &^ (e.align - 1)
	}
	m.variables[e.slot] = v
	return start + taken, yes
}

// setByteExtract is the keyword byte_extract:
// `byte_extract:bytes,offset,name[,relative][,multiplier M][,big|little][,string,base][,align 2|4][,bitmask M]`.
func setByteExtract(b *Builder, o *rule.Option) *rule.Diagnostic {
	args := splitList(o.Value)
	if len(args) < 3 {
		return b.badValue(o, "byte_extract needs bytes, offset and name")
	}
	e := &byteExtract{multiplier: 1}
	offset, ok := parseSigned(args[1], 65535)
	if !ok {
		return b.badValue(o, "offset must be -65535 to 65535")
	}
	e.offset = bound{value: int32(offset)}
	d := e.flags(b, o, args[3:], func(arg string) (bool, *rule.Diagnostic) {
		name, value, _ := strings.Cut(arg, " ")
		v, ok := parseUnsigned(strings.TrimSpace(value))
		switch name {
		case "multiplier":
			if !ok || v == 0 || v > 65535 {
				return true, b.badValue(o, "multiplier must be 1 to 65535")
			}
			e.multiplier = v
		case "align":
			if !ok || v != 2 && v != 4 {
				return true, b.badValue(o, "align must be 2 or 4")
			}
			e.align = v
		default:
			return false, nil
		}
		return true, nil
	})
	if d != nil {
		return d
	}
	if d := e.count(b, o, args[0], 1); d != nil {
		return d
	}
	if !e.bytes.fixed() {
		return b.badValue(o, "the number of bytes must be a number")
	}
	if e.slot, d = b.defineVariable(o, args[2]); d != nil {
		return d
	}
	b.addStep(e, e.relative)
	return nil
}
