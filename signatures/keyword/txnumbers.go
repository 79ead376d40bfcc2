package keyword

import (
	"maps"
	"slices"
	"strings"

	"spanwatch/decoders/app"
	"spanwatch/signatures/rule"
)

// txNumber compares the numbers of a transaction, in whichever way the rule
// asks of several.
type txNumber struct {
	want   rule.IntList
	buffer app.Buffer
}

// maxNumbers bounds the values that a condition on all of them, or on their
// count, looks at; a condition on any of them looks at all.
const maxNumbers = 512

func (t *txNumber) MatchTx(f *TxFacts) bool {
	tx, buffer := f.Tx, f.Buffer(t.buffer)
	if t.want.Kind == rule.IndexAny && !t.want.Part {
		for i := 0; ; i++ {
			v, ok := tx.Integer(buffer, i)
			if !ok {
				return false
			}
			if t.want.Value.Match(v) {
				return true
			}
		}
	}
	var values [maxNumbers]uint64
	n := 0
	for ; n < len(values); n++ {
		v, ok := tx.Integer(buffer, n)
		if !ok {
			break
		}
		values[n] = v
	}
	return t.want.Match(values[:n])
}

// txField is a keyword that is a number of a transaction.
type txField struct {
	name      string
	aliases   []string
	proto     app.Proto
	buffer    app.Buffer
	bits      int
	multi     bool // several values: the rule may give an index
	names     map[string]uint64
	flags     map[string]uint64 // bits by name; then names is nil
	keys      map[string]uint64 // by name, where numbers are under keys
	kinds     map[string]func(uint64) bool
	allOfNone bool         // a condition on all values holds without any
	inclusive bool         // ranges take their ends in
	dirs      DirectionSet // in which it exists; 0 for both
}

// txFields is the table of them, a block for each protocol that does not
// define them in its own folder.
func txFields() []txField {
	return append([]txField{
		{name: "dns.opcode", proto: app.ProtoDNS, buffer: app.DNSOpcode, bits: 8},
		{name: "dns.rcode", proto: app.ProtoDNS, buffer: app.DNSRcode, bits: 16, names: dnsRcodes},
		{name: "dns.rrtype", proto: app.ProtoDNS, buffer: app.DNSRRType, bits: 16, multi: true, names: dnsTypes},
		{name: "tls.cert_chain_len", proto: app.ProtoTLS, buffer: app.TLSCertChainLen, bits: 32, dirs: DirToClient},
		{name: "ftp.dynamic_port", proto: app.ProtoFTP, buffer: app.FTPDynamicPort, bits: 16},
	}, definedNumbers()...)
}

// txKeywords makes a keyword of every such field: `name:int|word[,index]`.
func txKeywords() []Keyword {
	fields := txFields()
	keywords := make([]Keyword, 0, len(fields))
	for i := range fields {
		field := &fields[i]
		form := field.name + ":int"
		if field.names != nil {
			form += "|name"
		}
		if field.flags != nil {
			form += "|[!]flag,…"
		}
		switch {
		case field.keys != nil:
			form = field.name + ":key[int]"
		case field.kinds != nil:
			form = field.name + ":[!]kind|value,…"
		case field.multi:
			form += "[,index]"
		}
		keywords = append(keywords, Keyword{Name: field.name, Aliases: field.aliases, Kind: KindApp, Syntax: form, Setup: func(b *Builder, o *rule.Option) *rule.Diagnostic {
			if d := b.needApps(o, Protos(field.proto)); d != nil {
				return d
			}
			if field.dirs != 0 {
				if d := b.narrow(o, field.dirs); d != nil {
					return d
				}
			}
			if field.keys != nil {
				return b.addKeyedNumber(o, field)
			}
			if field.kinds != nil {
				return b.addChoice(o, field)
			}
			return b.addTxNumber(o, field)
		}})
	}
	return keywords
}

func (b *Builder) addTxNumber(o *rule.Option, field *txField) *rule.Diagnostic {
	syntax := rule.IntSyntax{Bits: field.bits, Inclusive: field.inclusive}
	names := field.names
	if field.flags != nil {
		names = field.flags
	}
	if names != nil {
		syntax.Lookup = func(name string) (uint64, bool) {
			v, ok := names[strings.ToLower(name)]
			return v, ok
		}
		syntax.Names = slices.Sorted(maps.Keys(names))
	}
	want := rule.IntList{Kind: rule.IndexAny}
	var err error
	switch {
	case field.flags != nil:
		want.Value, err = syntax.ParseFlags(o.Value)
	case field.multi:
		want, err = syntax.ParseList(o.Value)
	default:
		want.Value, err = syntax.Parse(o.Value)
	}
	if err != nil {
		return b.diagnose(o, err)
	}
	if field.allOfNone && want.Kind == rule.IndexAll {
		want.Kind = rule.IndexAllOrAbsent
	}
	b.plan.TxTests = append(b.plan.TxTests, &txNumber{want, field.buffer})
	return nil
}

// dnsRcodes are IANA's DNS RCODEs by name, lower case.
var dnsRcodes = map[string]uint64{
	"noerror": 0, "formerr": 1, "servfail": 2, "nxdomain": 3, "notimp": 4, "refused": 5, "yxdomain": 6,
	"yxrrset": 7, "nxrrset": 8, "notauth": 9, "notzone": 10, "badvers": 16, "badsig": 16, "badkey": 17, "badtime": 18,
	"badmode": 19, "badname": 20, "badalg": 21, "badtrunc": 22, "badcookie": 23,
}

// dnsTypes are IANA's DNS resource record types by name, lower case.
var dnsTypes = map[string]uint64{
	"a": 1, "ns": 2, "md": 3, "mf": 4, "cname": 5, "soa": 6, "mb": 7, "mg": 8, "mr": 9, "null": 10, "wks": 11,
	"ptr": 12, "hinfo": 13, "minfo": 14, "mx": 15, "txt": 16, "rp": 17, "afsdb": 18, "x25": 19, "isdn": 20,
	"rt": 21, "nsap": 22, "nsapptr": 23, "sig": 24, "key": 25, "px": 26, "gpos": 27, "aaaa": 28, "loc": 29,
	"nxt": 30, "srv": 33, "atma": 34, "naptr": 35, "kx": 36, "cert": 37, "a6": 38, "dname": 39, "opt": 41,
	"apl": 42, "ds": 43, "sshfp": 44, "ipseckey": 45, "rrsig": 46, "nsec": 47, "dnskey": 48, "dhcid": 49,
	"nsec3": 50, "nsec3param": 51, "tlsa": 52, "hip": 55, "cds": 59, "cdnskey": 60, "https": 65, "spf": 99,
	"tkey": 249, "tsig": 250, "maila": 254, "any": 255, "uri": 256,
}
