package mdns

import "spanwatch/decoders/app"

// Buffers that rules can look at.
const (
	bufferQueries = app.FirstField + app.Buffer(app.ProtoMDNS)*app.FieldsPerProtocol + iota
	bufferAnswers
	bufferAuthorities
	bufferAdditionals
	bufferResponse
)

var fields = []app.Field{
	{Name: "mdns.queries.rrname", Buffer: bufferQueries, Dirs: app.Both, Multi: true},
	{Name: "mdns.answers.rrname", Buffer: bufferAnswers, Dirs: app.Both, Multi: true},
	{Name: "mdns.authorities.rrname", Buffer: bufferAuthorities, Dirs: app.Both, Multi: true},
	{Name: "mdns.additionals.rrname", Buffer: bufferAdditionals, Dirs: app.Both, Multi: true},
	{Name: "mdns.response.rrname", Buffer: bufferResponse, Dirs: app.Both, Multi: true},
}

// Buffer returns instance i of a buffer of names. Questions in a response are
// to be ignored (RFC 6762 section 6): nobody asks them.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	r := t.message.Record()
	if r == nil {
		return nil, false
	}
	switch {
	case b == bufferQueries && !r.Response:
		return t.message.Buffer(app.DNSQueriesRRName, i)
	case b == bufferAnswers:
		return t.message.Buffer(app.DNSAnswersRRName, i)
	case b == bufferAuthorities:
		return t.message.Buffer(app.DNSAuthoritiesRRName, i)
	case b == bufferAdditionals:
		return t.message.Buffer(app.DNSAdditionalsRRName, i)
	case b == bufferResponse:
		return t.message.Buffer(app.DNSResponseRRName, i)
	}
	return nil, false
}

// Integer returns false: rules look at names alone.
func (t *Tx) Integer(app.Buffer, int) (uint64, bool) { return 0, false }
