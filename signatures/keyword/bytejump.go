package keyword

import (
	"strings"

	"spanwatch/signatures/rule"
)

// byteJump moves the cursor by a number read from the buffer. A jump before
// the buffer ends at its start; a jump beyond its end does not match.
type byteJump struct {
	reading
	multiplier uint64
	align      bool // round the number up to a multiple of 4
	from       jumpBase
	post       int64 // added after multiplier and align
}

type jumpBase uint8

const (
	fromNumber jumpBase = iota // behind the number read
	fromBeginning
	fromEnd
)

func (j *byteJump) try(m *Machine, cursor int) (int, verdict) {
	v, start, taken, ok := j.read(m, cursor)
	if !ok || len(m.data) == 0 {
		return cursor, no
	}
	v *= j.multiplier
	if j.align {
		v = (v + 3) &^ 3
	}
	to := int64(v) + j.post
	switch j.from {
	case fromBeginning:
	case fromEnd:
		to += int64(len(m.data))
	default:
		to += int64(start + taken)
	}
	if to > int64(len(m.data)) {
		return cursor, no
	}
	return int(max(to, 0)), yes
}

// setByteJump is the keyword byte_jump:
// `byte_jump:bytes,offset[,relative][,multiplier M][,big|little][,string,base][,align][,from_beginning|from_end][,post_offset N][,bitmask M]`.
func setByteJump(b *Builder, o *rule.Option) *rule.Diagnostic {
	args := splitList(o.Value)
	if len(args) < 2 {
		return b.badValue(o, "byte_jump needs bytes and offset")
	}
	j := &byteJump{multiplier: 1}
	var d *rule.Diagnostic
	if j.offset, d = b.signedBound(o, args[1], 65535); d != nil {
		return d
	}
	d = j.flags(b, o, args[2:], func(arg string) (bool, *rule.Diagnostic) {
		name, value, _ := strings.Cut(arg, " ")
		value = strings.TrimSpace(value)
		switch name {
		case "align":
			j.align = true
		case "from_beginning":
			j.from = fromBeginning
		case "from_end":
			j.from = fromEnd
		case "multiplier":
			v, ok := parseUnsigned(value)
			if !ok || v == 0 || v > 65535 {
				return true, b.badValue(o, "multiplier must be 1 to 65535")
			}
			j.multiplier = v
		case "post_offset":
			v, ok := parseSigned(value, 65535)
			if !ok {
				return true, b.badValue(o, "post_offset must be -65535 to 65535")
			}
			j.post = int64(v)
		default:
			return false, nil
		}
		return true, nil
	})
	if d != nil {
		return d
	}
	if d := j.count(b, o, args[0], 0); d != nil {
		return d
	}
	b.addStep(j, j.relative)
	return nil
}
