package dns

import "spanwatch/decoders/app"

// MulticastTx is one message. It implements app.Tx.
type MulticastTx struct {
	app.Message
	message Tx
	text    []byte // of the record, in hexadecimal digits
}

var (
	_ app.Reusable       = (*MulticastTx)(nil)
	_ app.Unidirectional = (*MulticastTx)(nil)
	_ app.Recorder       = (*MulticastTx)(nil)
)

// HasEvent reports an oddity; they are those of DNS.
func (t *MulticastTx) HasEvent(e app.Event) bool { return t.message.HasEvent(e) }

// AppendEvents appends all oddities.
func (t *MulticastTx) AppendEvents(dst []app.Event) []app.Event { return t.message.AppendEvents(dst) }

// Reuse makes the transaction as new; the message is when the next is read.
func (t *MulticastTx) Reuse(id uint64) {
	const kept = 1 << 10
	if cap(t.text) > kept {
		t.text = nil
	}
	t.Begin(id)
}

// Buffers of multicast DNS that rules can look at.
const (
	multicastQueries = app.FirstField + app.Buffer(app.ProtoMDNS)*app.FieldsPerProtocol + iota
	multicastAnswers
	multicastAuthorities
	multicastAdditionals
	multicastResponse
)

var multicastFields = []app.Field{
	{Name: "mdns.queries.rrname", Buffer: multicastQueries, Dirs: app.Both, Multi: true},
	{Name: "mdns.answers.rrname", Buffer: multicastAnswers, Dirs: app.Both, Multi: true},
	{Name: "mdns.authorities.rrname", Buffer: multicastAuthorities, Dirs: app.Both, Multi: true},
	{Name: "mdns.additionals.rrname", Buffer: multicastAdditionals, Dirs: app.Both, Multi: true},
	{Name: "mdns.response.rrname", Buffer: multicastResponse, Dirs: app.Both, Multi: true},
}

// Buffer returns instance i of a buffer of names. Questions in a response are
// to be ignored (RFC 6762 section 6): nobody asks them.
func (t *MulticastTx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	r := t.message.Record()
	if r == nil {
		return nil, false
	}
	switch {
	case b == multicastQueries && !r.Response:
		return t.message.Buffer(app.DNSQueriesRRName, i)
	case b == multicastAnswers:
		return t.message.Buffer(app.DNSAnswersRRName, i)
	case b == multicastAuthorities:
		return t.message.Buffer(app.DNSAuthoritiesRRName, i)
	case b == multicastAdditionals:
		return t.message.Buffer(app.DNSAdditionalsRRName, i)
	case b == multicastResponse:
		return t.message.Buffer(app.DNSResponseRRName, i)
	}
	return nil, false
}

// Integer returns false: rules look at names alone.
func (t *MulticastTx) Integer(app.Buffer, int) (uint64, bool) { return 0, false }
