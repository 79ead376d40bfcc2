package dns

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"spanwatch/decoders/app"
)

func read(t *testing.T, m *builder) (*Tx, verdict) {
	t.Helper()
	var r reader
	tx := &Tx{}
	v := r.read(m.b, tx)
	return tx, v
}

func TestEveryKindOfDataIsRead(t *testing.T) {
	tx, v := read(t, response())
	if v != parsed {
		t.Fatalf("verdict %d", v)
	}
	var got []string
	for _, list := range [][]RR{tx.record.Answers, tx.record.Authorities, tx.record.Additionals} {
		for i := range list {
			rr := &list[i]
			line := fmt.Sprintf("%s %v %d", rr.Name.Text, rr.Type, rr.TTL)
			switch rr.Form {
			case FormAddress:
				line += " " + string(rr.AppendAddress(nil))
			case FormName:
				line += fmt.Sprintf(" %s %d", rr.Target.Text, rr.Priority)
			case FormSOA:
				line += fmt.Sprintf(" %s %s %d %d %d %d %d", rr.Target.Text, rr.Mailbox.Text, rr.Serial, rr.Refresh, rr.Retry, rr.Expire, rr.Minimum)
			case FormSRV:
				line += fmt.Sprintf(" %d %d %d %s", rr.Priority, rr.Weight, rr.Port, rr.Target.Text)
			case FormSSHFP:
				line += fmt.Sprintf(" %d %d %s", rr.Algorithm, rr.FingerprintType, AppendHex(nil, rr.Data, ':'))
			case FormText:
				for s, rest, ok := NextString(rr.Data); ok; s, rest, ok = NextString(rest) {
					line += fmt.Sprintf(" %q", s)
				}
			case FormBytes, FormOPT:
				line += fmt.Sprintf(" %x", rr.Data)
			}
			got = append(got, line)
		}
	}
	want := []string{
		"www.example.com CNAME 300 cdn.example.com 0",
		"www.example.com A 300 192.0.2.1",
		"www.example.com AAAA 300 2001:0db8:0000:0000:0000:0000:0000:0001",
		"example.com MX 300 mail.example.net 10",
		`example.com TXT 300 "one" "" "two"`,
		"_sip._tcp.example.com SRV 300 1 2 5060 sip.example.com",
		"example.com SSHFP 300 4 2 de:ad",
		"example.com NULL 300 ff00",
		"1.2.0.192.in-addr.arpa PTR 300 host.example.org 0",
		"example.com SOA 300 ns.example.com admin.example.com 2024 1 2 3 4",
		"ns.example.com A 300 192.0.2.53",
		" OPT 300 ",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestEDNSOptionsAreRead(t *testing.T) {
	tx, _ := read(t, query())
	opt := &tx.record.Additionals[0]
	code, data, rest, ok := NextOption(opt.Data)
	if !ok || code != 10 || !bytes.Equal(data, []byte{1, 2, 3, 4, 5, 6, 7, 8}) || len(rest) != 0 {
		t.Errorf("option %d %x %x %v", code, data, rest, ok)
	}
}

func TestVerdicts(t *testing.T) {
	long := strings.Repeat("a", 63)
	cases := []struct {
		name   string
		m      *builder
		want   verdict
		events []app.Event
	}{
		{"an honest query", query(), parsed, nil},
		{"an honest response", response(), parsed, nil},
		{"nothing", &builder{}, implausible, nil},
		{"a cut header", message(0, 1).trim(11), implausible, nil},
		{"a request without question", message(0, 0, 0, 0, 1).name("").rr(TypeOPT, nil), implausible, nil},
		{"a response that is a header", message(FlagQR | 1), parsed, nil},
		{"bytes behind a header without records", message(FlagQR | 1).raw(0), implausible, nil},
		{"more records than bytes", message(FlagQR, 1, 1000).question("a", TypeA), implausible, nil},
		{"bytes behind the message", query().raw(1, 2, 3), parsed, nil},
		{"a cut question", message(0, 1).name("example.com").u16(1), malformed, nil},
		{"a cut label", message(0, 1).raw(10, 'a', 'b'), malformed, nil},
		{"a cut answer", message(FlagQR, 0, 1).name("a").u16(1).u16(1).u32(0).u16(4).raw(1, 2, 3), malformed, nil},
		{"a cut pointer", message(0, 1).raw(1, 0x61, 0xc0), malformed, nil},
		{"an extended label type", message(0, 1).raw(0x41, 0).u16(1).u16(1), malformed, nil},
		{"a pointer beyond the message", message(0, 1).pointer(0x3fff).u16(1).u16(1), malformed, nil},
		{"a pointer to itself", message(0, 1).pointer(12).u16(1).u16(1), malformed, nil},
		{"a pointer forward", message(0, 1).pointer(18).u16(1).u16(1).name("x.y"), parsed, nil},
		{"two pointers in a circle", message(0, 1).pointer(18).u16(1).u16(1).pointer(12), parsed,
			[]app.Event{app.EventDNSTooManyLabels, app.EventDNSNameTooLong}},
		{"a pointer to a pointer to itself", message(0, 1).pointer(18).u16(1).u16(1).pointer(18), parsed,
			[]app.Event{app.EventDNSInfiniteLoop}},
		{"a name of too many bytes", message(0, 1).question(strings.Repeat(long+".", 17)+"x", TypeA), parsed,
			[]app.Event{app.EventDNSNameTooLong}},
		{"a name of too many labels", message(0, 1).question(strings.Repeat("a.", 256)+"x", TypeA), malformed, nil},
		{"the reserved flag", message(FlagZ, 1).question("a", TypeA), parsed, []app.Event{app.EventDNSZFlagSet}},
		{"an unassigned opcode", message(7<<11, 1).question("a", TypeA), parsed, []app.Event{app.EventDNSInvalidOpcode}},
		{"broken authorities", message(FlagQR, 0, 0, 1).name("a").u16(1), parsed, []app.Event{app.EventDNSInvalidAuthorities}},
		{"broken additionals", message(FlagQR, 0, 0, 0, 1).name("a").u16(1), parsed, []app.Event{app.EventDNSInvalidAdditionals}},
		{"an answer without data", message(FlagQR, 0, 1).name("a").rr(TypeA, nil), parsed, nil},
		{"an address of three bytes", message(FlagQR, 0, 1).name("a").rr(TypeA, rawData(1, 2, 3)), parsed, nil},
		{"a text longer than its record", message(FlagQR, 0, 1).name("a").rr(TypeTXT, rawData(9, 'x')), malformed, nil},
		{"an option longer than its record", message(FlagQR, 0, 1).name("a").rr(TypeOPT, rawData(0, 1, 0, 9)), malformed, nil},
		{"a cut MX", message(FlagQR, 0, 1).name("a").rr(TypeMX, rawData(0)), malformed, nil},
		{"a cut SRV", message(FlagQR, 0, 1).name("a").rr(TypeSRV, rawData(0, 1, 0, 2, 0)), malformed, nil},
		{"a cut SSHFP", message(FlagQR, 0, 1).name("a").rr(TypeSSHFP, rawData(1)), malformed, nil},
		{"a cut SOA", message(FlagQR, 0, 1).name("a").rr(TypeSOA, rawData(0, 0, 1, 2, 3)), malformed, nil},
		{"a name that ends with its record", message(FlagQR, 0, 1).name("a").rr(TypeNS, rawData(1, 'b')), parsed, nil},
		{"a name that leaves its record", message(FlagQR, 0, 1).name("a").rr(TypeNS, rawData(2, 'b')).raw('c', 0), malformed, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tx, v := read(t, c.m)
			if v != c.want {
				t.Fatalf("verdict %d, want %d", v, c.want)
			}
			if v != parsed {
				return
			}
			for e := app.EventNone; e < app.EventCount; e++ {
				want := false
				for _, w := range c.events {
					want = want || w == e
				}
				if tx.HasEvent(e) != want {
					t.Errorf("event %v: %v, want %v", e, tx.HasEvent(e), want)
				}
			}
		})
	}
}

func TestLongNamesAreCut(t *testing.T) {
	long := strings.Repeat("a", 63)
	tx, _ := read(t, message(0, 2).question(strings.Repeat(long+".", 20)+"x", TypeA).question("next.example", TypeMX))
	q := tx.record.Queries
	if len(q) != 2 || len(q[0].Name.Text) != maxName || !q[0].Name.Truncated {
		t.Fatalf("%d bytes, truncated %v, want %d", len(q[0].Name.Text), q[0].Name.Truncated, maxName)
	}
	if string(q[1].Name.Text) != "next.example" || q[1].Name.Truncated || q[1].Type != TypeMX {
		t.Errorf("the question behind it: %+v", q[1])
	}
}

// A message of 64 KiB whose records all point at a name of 1,000 bytes that is
// itself made of pointers must neither cost much memory nor much time.
func TestPointersDoNotMultiplyMemory(t *testing.T) {
	for _, tail := range []int{0, 1} {
		m := message(FlagQR, 0, 4000)
		first := len(m.b)
		for range 4000 {
			if len(m.b) == first {
				m.name(strings.Repeat(strings.Repeat("a", 63)+".", 15) + "x")
			} else if tail == 0 {
				m.pointer(first)
			} else {
				m.raw(1, 'z').pointer(first)
			}
			m.rr(TypeA, rawData(1, 2, 3, 4))
		}
		tx, v := read(t, m)
		if v != parsed {
			t.Fatalf("verdict %d", v)
		}
		if limit := len(m.b) + maxNames + 2*maxName; len(tx.arena) > limit {
			t.Errorf("%d bytes kept of %d, want at most %d", len(tx.arena), len(m.b), limit)
		}
		if cut := tx.HasEvent(app.EventDNSNameTooLong); cut != (tail == 1) {
			t.Errorf("name_too_long %v", cut)
		}
	}
}

func TestAChainOfPointersIsBoundedPerMessage(t *testing.T) {
	m := message(FlagQR, 0, 4000)
	chain := 200
	for i := range chain {
		m.pointer(12 + 2*(i+1))
	}
	m.raw(0)
	base := len(m.b)
	// The first owner name is the chain itself, the rest point into it.
	b := &builder{b: append([]byte{}, m.b[:base]...)}
	b.rr(TypeA, nil)
	for i := range 3999 {
		b.pointer(12+2*(i%100)).rr(TypeA, nil)
	}
	var r reader
	if v := r.read(b.b, &Tx{}); v == implausible {
		t.Fatalf("verdict %d", v)
	}
	if r.steps > maxSteps {
		t.Errorf("%d steps, want at most %d", r.steps, maxSteps)
	}
}

func TestTextOfNames(t *testing.T) {
	for in, want := range map[string]string{
		"example.com":    "example.com",
		"b\xc3\xbccher":  "bücher",
		"bad\xff\x01end": "bad\\xFF\x01end",
		"tab\tname":      "tab\tname",
		"":               "",
	} {
		if got := string(AppendText(nil, []byte(in))); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestNamesOfTypesAndCodes(t *testing.T) {
	for in, want := range map[Type]string{1: "A", 65: "HTTPS", 255: "ANY", 54: "54", 0: "0", 65535: "65535"} {
		if in.String() != want {
			t.Errorf("type %d: %q, want %q", in, in.String(), want)
		}
	}
	named := 0
	for i, n := range typeNames {
		if n == "" {
			continue
		}
		named++
		if got, ok := TypeByName(n); !ok || got != Type(i) {
			t.Errorf("%s: %d, %v, want %d", n, got, ok, i)
		}
	}
	if named < 80 {
		t.Errorf("%d types have names", named)
	}
	for in, want := range map[uint8]string{0: "NOERROR", 3: "NXDOMAIN", 10: "NOTZONE", 11: "11"} {
		if RcodeName(in) != want {
			t.Errorf("rcode %d: %q, want %q", in, RcodeName(in), want)
		}
	}
}

func (m *builder) trim(n int) *builder { m.b = m.b[:n]; return m }
