package dns

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// cursor remembers where the search for an instance of a buffer stood, since
// callers ask for instances one after the other.
type cursor struct {
	buffer   app.Buffer
	instance int
	position int
}

// Buffer returns instance i of a buffer of names. The root's empty name is no
// instance: nothing could match in it, and it must not hide the names behind.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	if t.broken || i < 0 || (b == app.DNSQuery && t.record.Response) || (b == app.DNSResponseRRName && !t.record.Response) {
		return nil, false
	}
	b = own(b)
	c := &t.cursor
	if c.buffer != b || c.instance > i {
		*c = cursor{buffer: b}
	}
	for {
		name, ok := t.nameAt(b, c.position)
		if !ok {
			return nil, false
		}
		if len(name) > 0 {
			if c.instance == i {
				return name, true
			}
			c.instance++
		}
		c.position++
	}
}

// own returns a buffer's number without regard to the side: a message has one.
func own(b app.Buffer) app.Buffer {
	if b == b.In(decoders.ToClient) {
		return b.In(decoders.ToServer)
	}
	return b
}

// nameAt returns the name at a position of those that make up b, empty ones
// included.
func (t *Tx) nameAt(b app.Buffer, at int) ([]byte, bool) {
	r := &t.record
	switch b {
	case app.DNSQuery, app.DNSQueriesRRName:
		if at < len(r.Queries) {
			return r.Queries[at].Name.Text, true
		}
	case app.DNSAnswersRRName:
		return ownerAt(r.Answers, at)
	case app.DNSAuthoritiesRRName:
		return ownerAt(r.Authorities, at)
	case app.DNSAdditionalsRRName:
		return ownerAt(r.Additionals, at)
	case app.DNSResponseRRName:
		return t.responseNameAt(at)
	}
	return nil, false
}

func ownerAt(list []RR, at int) ([]byte, bool) {
	if at < len(list) {
		return list[at].Name.Text, true
	}
	return nil, false
}

// responseNameAt numbers the names of questions, then the owner and the data
// of each record of the three sections.
func (t *Tx) responseNameAt(at int) ([]byte, bool) {
	r := &t.record
	if at < len(r.Queries) {
		return r.Queries[at].Name.Text, true
	}
	at -= len(r.Queries)
	for _, list := range [3][]RR{r.Answers, r.Authorities, r.Additionals} {
		if at >= 2*len(list) {
			at -= 2 * len(list)
			continue
		}
		rr := &list[at/2]
		switch {
		case at%2 == 0:
			return rr.Name.Text, true
		case rr.Form == FormName || rr.Form == FormSOA:
			return rr.Target.Text, true
		default:
			return nil, true
		}
	}
	return nil, false
}

// Integer returns instance i of a number. Types are those of the questions of a
// request and of the answers of a response, as in Suricata.
func (t *Tx) Integer(b app.Buffer, i int) (uint64, bool) {
	if t.broken || i < 0 {
		return 0, false
	}
	r := &t.record
	switch own(b) {
	case app.DNSOpcode:
		return uint64(r.Opcode()), i == 0
	case app.DNSRcode:
		return uint64(r.Rcode()), i == 0
	case app.DNSRRType:
		switch response := r.Flags&FlagQR != 0; {
		case response && i < len(r.Answers):
			return uint64(r.Answers[i].Type), true
		case !response && i < len(r.Queries):
			return uint64(r.Queries[i].Type), true
		}
	}
	return 0, false
}
