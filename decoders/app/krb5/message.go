package krb5

import (
	"math"

	"spanwatch/decoders/app/ber"
)

// Types of messages, which are also the numbers of their tags (RFC 4120
// section 5.10).
const (
	typeASReq  = 10
	typeASRep  = 11
	typeTGSReq = 12
	typeTGSRep = 13
	typeAPReq  = 14
	typeAPRep  = 15
	typeError  = 30
)

// maxNames bounds the parts of a principal's name; real ones have three at
// most.
const maxNames = 32

// principal is a PrincipalName: its parts with slashes between them.
type principal struct {
	given bool
	text  []byte
	ends  []int // of each part in text
}

func (p *principal) reset() { p.given, p.text, p.ends = false, p.text[:0], p.ends[:0] }

// part returns part i of the name.
func (p *principal) part(i int) ([]byte, bool) {
	if i >= len(p.ends) {
		return nil, false
	}
	start := 0
	if i > 0 {
		start = p.ends[i-1] + 1
	}
	return p.text[start:p.ends[i]], true
}

// read takes a PrincipalName (section 5.2.2).
func (p *principal) read(r ber.Reader) bool {
	p.reset()
	name := r.In(ber.Sequence)
	kind := name.In(ber.In(0))
	kind.Int(ber.Integer)
	list := name.In(ber.In(1))
	parts := list.In(ber.Sequence)
	for !parts.Done() {
		part := parts.Take(ber.GeneralText)
		if parts.Bad() || len(p.ends) >= maxNames {
			return false
		}
		if len(p.ends) > 0 {
			p.text = append(p.text, '/')
		}
		p.text = append(p.text, part...)
		p.ends = append(p.ends, len(p.text))
	}
	p.given = !kind.Bad() && !parts.Bad()
	return p.given
}

// number32 reads a number of 32 bits under an explicit tag.
func number32(r *ber.Reader, tag ber.Tag) (int32, bool) {
	in := r.In(tag)
	n := in.Int(ber.Integer)
	return int32(n), !in.Bad() && n >= math.MinInt32 && n <= math.MaxInt32
}

// encrypted reads which encryption an EncryptedData has (section 5.2.9).
func encrypted(r ber.Reader) (int32, bool) {
	data := r.In(ber.Sequence)
	etype, ok := number32(&data, ber.In(0))
	data.Optional(ber.In(1))
	data.Take(ber.In(2))
	return etype, ok && !data.Bad()
}

// keep copies a realm.
func (t *Tx) keepRealm(r ber.Reader) bool {
	realm := r.Take(ber.GeneralText)
	t.realm, t.hasRealm = append(t.realm[:0], realm...), !r.Bad()
	return t.hasRealm
}

// request reads the KDC-REQ in the body of its tag (section 5.4.1).
func (t *Tx) request(body []byte) bool {
	r := ber.Read(body)
	req := r.In(ber.Sequence)
	number32(&req, ber.In(1)) // version
	number32(&req, ber.In(2)) // type, as the tag says
	req.Optional(ber.In(3))   // authentication
	in := req.In(ber.In(4))
	b := in.In(ber.Sequence)
	b.Take(ber.In(0)) // options
	if name, ok := b.Optional(ber.In(1)); ok && !t.client.read(ber.Read(name)) {
		return false
	}
	if !t.keepRealm(b.In(ber.In(2))) {
		return false
	}
	if name, ok := b.Optional(ber.In(3)); ok && !t.server.read(ber.Read(name)) {
		return false
	}
	b.Optional(ber.In(4)) // from
	b.Take(ber.In(5))     // till
	b.Optional(ber.In(6)) // renewable till
	b.Take(ber.In(7))     // nonce
	b.Take(ber.In(8))     // types of encryption
	return !b.Bad()
}

// answer reads the KDC-REP in the body of its tag (section 5.4.2).
func (t *Tx) answer(body []byte) bool {
	r := ber.Read(body)
	rep := r.In(ber.Sequence)
	number32(&rep, ber.In(0)) // version
	number32(&rep, ber.In(1)) // type, as the tag says
	rep.Optional(ber.In(2))   // authentication
	if !t.keepRealm(rep.In(ber.In(3))) || !t.client.read(rep.In(ber.In(4))) || !t.ticket(rep.In(ber.In(5))) {
		return false
	}
	etype, ok := encrypted(rep.In(ber.In(6)))
	t.etype, t.hasEtype = etype, ok
	return ok && !rep.Bad()
}

// ticket reads a Ticket (section 5.3): whom it is for and how it is encrypted.
func (t *Tx) ticket(r ber.Reader) bool {
	in := r.In(ber.ApplicationOf(1))
	b := in.In(ber.Sequence)
	number32(&b, ber.In(0)) // version
	b.Take(ber.In(1))       // realm
	if !t.server.read(b.In(ber.In(2))) {
		return false
	}
	etype, ok := encrypted(b.In(ber.In(3)))
	t.ticketEtype, t.hasTicket = etype, ok
	return ok
}

// refusal reads the KRB-ERROR in the body of its tag (section 5.9.1).
func (t *Tx) refusal(body []byte) bool {
	r := ber.Read(body)
	e := r.In(ber.Sequence)
	number32(&e, ber.In(0)) // version
	number32(&e, ber.In(1)) // type, as the tag says
	e.Optional(ber.In(2))   // time of the client
	e.Optional(ber.In(3))
	e.Take(ber.In(4)) // time of the server
	e.Take(ber.In(5))
	code, ok := number32(&e, ber.In(6))
	if !ok {
		return false
	}
	t.code, t.hasCode = code, true
	if realm, ok := e.Optional(ber.In(7)); ok && !t.keepRealm(ber.Read(realm)) {
		return false
	}
	if name, ok := e.Optional(ber.In(8)); ok && !t.client.read(ber.Read(name)) {
		return false
	}
	e.Take(ber.In(9)) // realm of the server
	return t.server.read(e.In(ber.In(10))) && !e.Bad()
}
