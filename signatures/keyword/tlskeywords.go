package keyword

import (
	"slices"
	"strings"
	"time"

	"spanwatch/decoders/app"
	"spanwatch/signatures/rule"
)

// tlsVersions are protocol versions as on the wire, by their names in rules.
var tlsVersions = map[string]uint64{
	"sslv2": 0x0002, "sslv3": 0x0300, "tls1.0": 0x0301, "tls1.1": 0x0302, "tls1.2": 0x0303, "tls1.3": 0x0304,
}

// setTLSVersion is the keyword tls.version: `tls.version:1.0|1.1|1.2|1.3|0xHHHH`.
func setTLSVersion(b *Builder, o *rule.Option) *rule.Diagnostic {
	version, ok := tlsVersions["tls"+o.Value]
	if !ok {
		version, ok = parseUnsigned(o.Value)
		ok = ok && strings.HasPrefix(o.Value, "0x") && version <= 0xFFFF
	}
	if !ok {
		return b.badValue(o, "unknown TLS version "+quoted(o.Value))
	}
	return b.addTLSNumber(o, app.TLSVersion, rule.Int{Mode: rule.IntEqual, A: version})
}

func (b *Builder) addTLSNumber(o *rule.Option, buffer app.Buffer, want rule.Int) *rule.Diagnostic {
	if d := b.needApps(o, Protos(app.ProtoTLS)); d != nil {
		return d
	}
	b.addTxTest(&txNumber{rule.IntList{Kind: rule.IndexAny, Value: want}, buffer})
	return nil
}

// sslVersion is ssl_version: one of some versions, or none of them.
type sslVersion struct {
	versions []uint64
	negated  bool
}

func (t *sslVersion) MatchTx(f *TxFacts) bool {
	v, ok := f.Tx.Integer(f.Buffer(app.TLSVersion), 0)
	return ok && v != 0 && slices.Contains(t.versions, v) != t.negated
}

// setSSLVersion is the keyword ssl_version: `ssl_version:[!]sslv3[,tls1.0...]`.
func setSSLVersion(b *Builder, o *rule.Option) *rule.Diagnostic {
	text, negated := strings.CutPrefix(o.Value, "!")
	t := &sslVersion{negated: negated}
	for _, arg := range splitList(text) {
		v, ok := tlsVersions[strings.ToLower(strings.TrimSpace(strings.TrimPrefix(arg, "!")))]
		if !ok {
			return b.badValue(o, "unknown TLS version "+quoted(arg))
		}
		t.versions = append(t.versions, v)
	}
	if d := b.needApps(o, Protos(app.ProtoTLS)); d != nil {
		return d
	}
	b.addTxTest(t)
	return nil
}

// sslState is ssl_state: messages of the handshake that were seen, bits as
// app.TLSSeen has them.
type sslState struct {
	bits    uint64
	negated bool
}

func (t *sslState) MatchTx(f *TxFacts) bool {
	seen, ok := f.Tx.Integer(app.TLSSeen, 0)
	return ok && (seen&t.bits != 0) != t.negated
}

var sslStates = map[string]uint64{"client_hello": 1, "server_hello": 2, "client_keyx": 4, "server_keyx": 8}

// setSSLState is the keyword ssl_state:
// `ssl_state:[!]client_hello|server_hello|client_keyx|server_keyx[,...]`.
func setSSLState(b *Builder, o *rule.Option) *rule.Diagnostic {
	text, negated := strings.CutPrefix(o.Value, "!")
	t := &sslState{negated: negated}
	for _, name := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '|' || r == ' ' }) {
		bit, ok := sslStates[strings.ToLower(name)]
		if !ok {
			return b.badValue(o, "unknown state "+quoted(name))
		}
		t.bits |= bit
	}
	if t.bits == 0 {
		return b.badValue(o, "ssl_state needs a state")
	}
	if d := b.needApps(o, Protos(app.ProtoTLS)); d != nil {
		return d
	}
	b.addTxTest(t)
	return nil
}

// certDate compares a date of the server's certificate.
type certDate struct {
	buffer   app.Buffer
	operator byte // '=', '<', '>', or '~' for between
	from, to int64
}

func (t *certDate) MatchTx(f *TxFacts) bool {
	v, ok := f.Tx.Integer(t.buffer, 0)
	if !ok {
		return false
	}
	switch at := int64(v); t.operator {
	case '<':
		return at <= t.from
	case '>':
		return at >= t.from
	case '~':
		return at >= t.from && at <= t.to
	default:
		return at == t.from
	}
}

// setCertDate makes the Setup of tls_cert_notbefore and tls_cert_notafter:
// `tls_cert_notbefore:[<|>]2020-01-31T12:00:00` or `2019<>2021`.
func setCertDate(buffer app.Buffer) func(*Builder, *rule.Option) *rule.Diagnostic {
	return func(b *Builder, o *rule.Option) *rule.Diagnostic {
		t := &certDate{buffer: buffer, operator: '='}
		text, to := o.Value, ""
		if from, until, found := strings.Cut(text, "<>"); found {
			t.operator, text, to = '~', from, until
		} else if text[0] == '<' || text[0] == '>' {
			t.operator, text = text[0], text[1:]
		}
		var ok bool
		if t.from, ok = parseDate(text); !ok {
			return b.badValue(o, "bad date "+quoted(text))
		}
		if t.operator == '~' {
			if t.to, ok = parseDate(to); !ok || t.to < t.from {
				return b.badValue(o, "bad date "+quoted(to))
			}
		}
		return b.addCertTest(o, t)
	}
}

func (b *Builder) addCertTest(o *rule.Option, t TxTest) *rule.Diagnostic {
	if d := b.needApps(o, Protos(app.ProtoTLS)); d != nil {
		return d
	}
	if d := b.narrow(o, DirToClient); d != nil {
		return d
	}
	b.addTxTest(t)
	return nil
}

// parseDate reads a date of which the end may be left out, as seconds since
// 1970; what is left out is the first instant.
func parseDate(text string) (int64, bool) {
	text = strings.TrimSpace(text)
	for _, layout := range []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.Unix(), true
		}
	}
	return 0, false
}

// certValid is tls_cert_valid and tls_cert_expired: the packet's time against
// the dates of the certificate.
type certValid struct{ expired bool }

func (t certValid) MatchTx(f *TxFacts) bool {
	after, ok := f.Tx.Integer(app.TLSCertNotAfter, 0)
	before, ok2 := f.Tx.Integer(app.TLSCertNotBefore, 0)
	if !ok || !ok2 {
		return false
	}
	now := f.Facts.Packet.Timestamp / int64(time.Second)
	if t.expired {
		return int64(after) < now
	}
	return int64(before) <= now && now <= int64(after)
}

func setCertValid(expired bool) func(*Builder, *rule.Option) *rule.Diagnostic {
	return func(b *Builder, o *rule.Option) *rule.Diagnostic { return b.addCertTest(o, certValid{expired}) }
}

// bufferContent makes the Setup of older keywords that are a content of a
// buffer: `tls.subject:[!]"text"`.
func bufferContent(buffer string, whole bool) func(*Builder, *rule.Option) *rule.Diagnostic {
	return func(b *Builder, o *rule.Option) *rule.Diagnostic {
		text, negated := strings.CutPrefix(strings.TrimSpace(o.Value), "!")
		text = strings.Trim(text, `"`)
		if text == "" {
			return b.badValue(o, o.Name+" is empty")
		}
		l, d := b.sourceByName(o, buffer)
		if d != nil {
			return d
		}
		c := &Content{Pattern: []byte(text), Negated: negated}
		if whole {
			c.NoCase, c.EndsWith, c.StartsWith = true, true, true
			c.hasOffset, c.hasDepth, c.depth = true, true, bound{value: int32(len(text))}
		}
		touched := b.touched
		b.addContent(l, o, c)
		b.touched = touched // no modifier may follow
		return nil
	}
}

// setTLSStore is the keyword tls.store, which this engine leaves to file
// extraction.
func setTLSStore(b *Builder, o *rule.Option) *rule.Diagnostic {
	b.warn(o, "inert", o.Name+" has no effect", "certificates are not written to files")
	return b.needApps(o, Protos(app.ProtoTLS))
}
