package dns

import (
	"encoding/binary"

	"spanwatch/decoders/app"
)

const headerLen = 12 // RFC 1035 section 4.1.1

// header is the fixed part of a message.
type header struct {
	id, flags uint16
	counts    [4]uint16 // questions, answers, authorities, additionals
}

func parseHeader(msg []byte) (header, bool) {
	if len(msg) < headerLen {
		return header{}, false
	}
	h := header{id: binary.BigEndian.Uint16(msg), flags: binary.BigEndian.Uint16(msg[2:])}
	for i := range h.counts {
		h.counts[i] = binary.BigEndian.Uint16(msg[4+2*i:])
	}
	return h, true
}

// plausible reports whether a message of length bytes can have this header:
// its records, of two bytes at the very least, must fit, there is nothing
// behind a header without records, and a request asks something.
func (h *header) plausible(length int) bool {
	records := 0
	for _, n := range h.counts {
		records += int(n)
	}
	switch {
	case 2*records > length,
		records == 0 && length > headerLen,
		h.flags&FlagQR == 0 && h.counts[0] == 0:
		return false
	}
	return true
}

// verdict on a message.
type verdict uint8

const (
	parsed      verdict = iota
	implausible         // no DNS message by its header
	malformed           // the question or answer section is broken
)

// reader parses one message into a transaction. It is scratch memory of the
// Parser.
type reader struct {
	msg    []byte // borrowed
	tx     *Tx
	flags  nameFlags
	steps  int
	recent recentNames
}

// read parses msg into tx, which is empty.
func (r *reader) read(msg []byte, tx *Tx) verdict {
	h, ok := parseHeader(msg)
	if !ok || !h.plausible(len(msg)) {
		return implausible
	}
	*r = reader{msg: msg, tx: tx}
	tx.arena = append(tx.arena, msg...)
	rec := &tx.record
	rec.ID, rec.Flags = h.id, h.flags
	defer func() { r.msg, r.tx = nil, nil }()

	at := headerLen
	if at, ok = r.queries(at, int(h.counts[0])); !ok {
		return malformed
	}
	if rec.Answers, at, ok = r.records(rec.Answers, at, int(h.counts[1])); !ok {
		return malformed
	}
	// Whoever breaks the later sections still gets the answers read.
	if rec.Authorities, at, ok = r.records(rec.Authorities, at, int(h.counts[2])); !ok {
		tx.events.add(app.EventDNSInvalidAuthorities)
	} else if rec.Additionals, _, ok = r.records(rec.Additionals, at, int(h.counts[3])); !ok {
		tx.events.add(app.EventDNSInvalidAdditionals)
	}
	r.addEvents(&h)
	return parsed
}

func (r *reader) addEvents(h *header) {
	e := &r.tx.events
	if h.flags&FlagZ != 0 {
		e.add(app.EventDNSZFlagSet)
	}
	if h.flags>>11&15 > maxOpcode {
		e.add(app.EventDNSInvalidOpcode)
	}
	if r.flags&flagTruncated != 0 {
		e.add(app.EventDNSNameTooLong)
	}
	if r.flags&flagLoop != 0 {
		e.add(app.EventDNSInfiniteLoop)
	}
	if r.flags&flagLabels != 0 {
		e.add(app.EventDNSTooManyLabels)
	}
}

// maxOpcode is the largest assigned opcode, DSO (RFC 8490).
const maxOpcode = 6

func (r *reader) queries(at, count int) (int, bool) {
	for ; count > 0; count-- {
		name, next, ok := r.name(at, len(r.msg))
		if !ok || next+4 > len(r.msg) {
			return at, false
		}
		r.tx.record.Queries = append(r.tx.record.Queries, Query{
			Name:  name,
			Type:  Type(binary.BigEndian.Uint16(r.msg[next:])),
			Class: binary.BigEndian.Uint16(r.msg[next+2:]),
		})
		at = next + 4
	}
	return at, true
}

// records appends count records that start at position at. Those before a
// broken one stay.
func (r *reader) records(list []RR, at, count int) ([]RR, int, bool) {
	for ; count > 0; count-- {
		name, next, ok := r.name(at, len(r.msg))
		if !ok || next+10 > len(r.msg) {
			return list, at, false
		}
		b := r.msg[next:]
		start := next + 10
		end := start + int(binary.BigEndian.Uint16(b[8:]))
		if end > len(r.msg) {
			return list, at, false
		}
		list = append(list, RR{
			Name:  name,
			Type:  Type(binary.BigEndian.Uint16(b)),
			Class: binary.BigEndian.Uint16(b[2:]),
			TTL:   binary.BigEndian.Uint32(b[4:]),
			Data:  r.tx.arena[start:end:end],
		})
		if !r.data(&list[len(list)-1], start, end) {
			return list[:len(list)-1], at, false
		}
		at = end
	}
	return list, at, true
}

// data takes the data of rr apart, which stands at [start,end).
func (r *reader) data(rr *RR, start, end int) bool {
	if start == end {
		// RFC 2136 deletes records by naming them without data.
		if rr.Type == TypeOPT {
			rr.Form = FormOPT
		}
		return true
	}
	var ok bool
	switch rr.Type {
	case TypeA, TypeAAAA:
		rr.Form = FormAddress
	case TypeNULL:
		rr.Form = FormBytes
	case TypeCNAME, TypeNS, TypePTR:
		rr.Form = FormName
		rr.Target, _, ok = r.name(start, end)
		return ok
	case TypeMX:
		if start+2 > end {
			return false
		}
		rr.Form = FormName
		rr.Priority = binary.BigEndian.Uint16(r.msg[start:])
		rr.Target, _, ok = r.name(start+2, end)
		return ok
	case TypeSOA:
		return r.soa(rr, start, end)
	case TypeSRV:
		if start+6 > end {
			return false
		}
		rr.Form = FormSRV
		rr.Priority = binary.BigEndian.Uint16(r.msg[start:])
		rr.Weight = binary.BigEndian.Uint16(r.msg[start+2:])
		rr.Port = binary.BigEndian.Uint16(r.msg[start+4:])
		rr.Target, _, ok = r.name(start+6, end)
		return ok
	case TypeSSHFP:
		if start+2 > end {
			return false
		}
		rr.Form = FormSSHFP
		rr.Algorithm, rr.FingerprintType = r.msg[start], r.msg[start+1]
		rr.Data = rr.Data[2:]
	case TypeTXT:
		rr.Form = FormText
		for rest := rr.Data; len(rest) > 0; {
			if _, rest, ok = NextString(rest); !ok {
				return false
			}
		}
	case TypeOPT:
		rr.Form = FormOPT
		for rest := rr.Data; len(rest) > 0; {
			if _, _, rest, ok = NextOption(rest); !ok {
				return false
			}
		}
	}
	return true
}

func (r *reader) soa(rr *RR, start, end int) bool {
	var ok bool
	rr.Form = FormSOA
	at := start
	if rr.Target, at, ok = r.name(at, end); !ok {
		return false
	}
	if rr.Mailbox, at, ok = r.name(at, end); !ok || at+20 > end {
		return false
	}
	b := r.msg[at:]
	rr.Serial = binary.BigEndian.Uint32(b)
	rr.Refresh = binary.BigEndian.Uint32(b[4:])
	rr.Retry = binary.BigEndian.Uint32(b[8:])
	rr.Expire = binary.BigEndian.Uint32(b[12:])
	rr.Minimum = binary.BigEndian.Uint32(b[16:])
	return true
}
