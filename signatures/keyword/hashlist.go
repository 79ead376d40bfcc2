package keyword

import (
	"encoding/hex"
	"strings"

	"spanwatch/signatures/rule"
)

// hashList asks whether a file's digest, which is hexadecimal digits in its
// buffer, is in a list.
type hashList struct {
	set     *byteSet
	negated bool
}

func (t *hashList) try(m *Machine, cursor int) (int, verdict) {
	var digest [32]byte
	n, err := hex.Decode(digest[:], m.data[:min(len(m.data), 64)])
	if err != nil {
		return cursor, never
	}
	if _, ok := t.set.has(digest[:n]); ok != t.negated {
		return cursor, yes
	}
	return cursor, never
}

// setHashList makes the Setup of filemd5, filesha1 and filesha256:
// `filemd5:[!]file`, a file with a digest at the start of each line.
func setHashList(buffer string, size int) func(*Builder, *rule.Option) *rule.Diagnostic {
	return func(b *Builder, o *rule.Option) *rule.Diagnostic {
		name, negated := strings.CutPrefix(strings.TrimSpace(o.Value), "!")
		name = strings.Trim(name, `" `)
		text, err := b.readFile(name)
		if err != nil {
			return b.badValue(o, "list of digests: "+err.Error())
		}
		t := &hashList{set: newByteSet(), negated: negated}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' {
				continue
			}
			if len(line) < 2*size {
				return b.badValue(o, "list of digests "+name+": bad line "+quoted(line))
			}
			digest, err := hex.DecodeString(line[:2*size])
			if err != nil {
				return b.badValue(o, "list of digests "+name+": bad line "+quoted(line))
			}
			t.set.add(digest, 0)
		}
		l, d := b.sourceByName(o, buffer)
		if d != nil {
			return d
		}
		touched := b.touched
		b.addNode(l, node{step: t})
		b.touched = touched
		return nil
	}
}
