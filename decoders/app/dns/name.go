package dns

// Limits of names.
const (
	// maxName bytes of one name are kept. RFC 1035 section 2.3.4 allows 255 on
	// the wire; tunnels and fuzzers send more, and 1,025 is what Dnsmasq takes
	// and Suricata shows.
	maxName = 1025
	// maxHops labels and pointers of one name are followed.
	maxHops = 255
	// maxNames bytes of names are kept of one message, four times the largest
	// message; honest messages repeat names by pointers, which cost nothing.
	maxNames = 256 << 10
	// maxSteps labels and pointers are followed for one message. A full zone
	// transfer message has some 30,000.
	maxSteps = 1 << 17
)

// Name is a domain name in dotted text without the trailing dot: the root is
// empty. The bytes are those on the wire, unescaped; a label may hold any.
type Name struct {
	Text      []byte
	Truncated bool // longer than what is kept
}

// nameFlags is what is odd about the names of a message.
type nameFlags uint8

const (
	flagLoop nameFlags = 1 << iota
	flagTruncated
	flagLabels
)

// recentNames remembers the names at a few offsets: most names of a message
// are a pointer to one of its first names.
type recentNames [8]struct {
	at   uint16 // 0 is nothing; no name stands in the header
	name Name
}

// name reads the name at position at of the message. Labels before the first
// pointer must end by limit, the end of the message or of the record's data.
// It returns the position behind the name.
//
// A name that runs up to limit without a root label ends there. Once a pointer
// was followed, the position behind the name is known, and a loop or an
// endless chain only cuts the name short.
func (r *reader) name(at, limit int) (Name, int, bool) {
	start := len(r.tx.arena)
	pos, behind := at, -1 // behind the first pointer
	cut, whole := false, false
walk:
	for hops := 0; pos < limit; hops++ {
		if hops > maxHops || r.steps == maxSteps {
			r.flags |= flagLabels
			if behind < 0 || r.steps == maxSteps {
				return Name{}, 0, false
			}
			cut = true
			break
		}
		r.steps++
		if !cut && r.tooLong(start) {
			cut = true
			if behind >= 0 {
				break
			}
		}
		n := int(r.msg[pos])
		switch {
		case n == 0:
			pos++
			whole = true
			break walk
		case n < 0x40:
			if pos+1+n > limit {
				return Name{}, 0, false
			}
			if !cut {
				r.tx.arena = appendLabel(r.tx.arena, start, r.msg[pos+1:pos+1+n])
			}
			pos += 1 + n
		case n >= 0xc0:
			if pos+2 > limit {
				return Name{}, 0, false
			}
			target := (n&0x3f)<<8 | int(r.msg[pos+1])
			switch {
			case target > len(r.msg):
				return Name{}, 0, false
			case target == pos:
				r.flags |= flagLoop
				if behind < 0 && limit == len(r.msg) {
					return Name{}, 0, false
				}
				if behind < 0 {
					behind = pos + 2
				}
				break walk
			case pos == at:
				if known, ok := r.known(target); ok {
					return known, pos + 2, true
				}
			}
			if behind < 0 {
				behind, limit = pos+2, len(r.msg)
			}
			pos = target
		default: // 01 and 10 are not in use (RFC 6891 section 5)
			return Name{}, 0, false
		}
	}
	if r.tooLong(start) {
		cut = true
		r.tx.arena = r.tx.arena[:min(start+maxName, len(r.tx.arena))]
	}
	if cut {
		r.flags |= flagTruncated
	}
	if behind < 0 {
		behind = pos
	}
	name := Name{Text: r.tx.arena[start:len(r.tx.arena):len(r.tx.arena)], Truncated: cut}
	if whole && !cut {
		r.remember(at, name)
	}
	return name, behind, true
}

// tooLong reports whether the name that starts at start of the arena, or all
// names together, exceed what is kept.
func (r *reader) tooLong(start int) bool {
	return len(r.tx.arena)-start > maxName || len(r.tx.arena)-len(r.msg) > maxNames
}

func appendLabel(arena []byte, start int, label []byte) []byte {
	if len(arena) > start {
		arena = append(arena, '.')
	}
	return append(arena, label...)
}

// known returns the name at position at if it was read lately.
func (r *reader) known(at int) (Name, bool) {
	slot := &r.recent[at%len(r.recent)]
	return slot.name, at != 0 && int(slot.at) == at
}

// remember keeps a name that ends with the root label for pointers to it.
func (r *reader) remember(at int, name Name) {
	if at < 1<<14 {
		slot := &r.recent[at%len(r.recent)]
		slot.at, slot.name = uint16(at), name
	}
}
