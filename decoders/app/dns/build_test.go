package dns

import (
	"encoding/binary"
	"strings"
)

// builder writes messages, right or wrong ones.
type builder struct{ b []byte }

func message(flags uint16, counts ...uint16) *builder {
	m := &builder{}
	m.u16(0x1234).u16(flags)
	for i := range 4 {
		n := uint16(0)
		if i < len(counts) {
			n = counts[i]
		}
		m.u16(n)
	}
	return m
}

func (m *builder) raw(b ...byte) *builder { m.b = append(m.b, b...); return m }

func (m *builder) u16(v uint16) *builder { m.b = binary.BigEndian.AppendUint16(m.b, v); return m }

func (m *builder) u32(v uint32) *builder { m.b = binary.BigEndian.AppendUint32(m.b, v); return m }

// name writes dotted text with a root label.
func (m *builder) name(s string) *builder {
	if s != "" {
		for _, l := range strings.Split(s, ".") {
			m.raw(byte(len(l))).raw([]byte(l)...)
		}
	}
	return m.raw(0)
}

func (m *builder) pointer(to int) *builder { return m.u16(0xc000 | uint16(to)) }

func (m *builder) question(name string, t Type) *builder {
	return m.name(name).u16(uint16(t)).u16(1)
}

// rr writes what follows the owner name.
func (m *builder) rr(t Type, data func(*builder)) *builder {
	m.u16(uint16(t)).u16(1).u32(300)
	at := len(m.b)
	m.u16(0)
	if data != nil {
		data(m)
	}
	binary.BigEndian.PutUint16(m.b[at:], uint16(len(m.b)-at-2))
	return m
}

func (m *builder) stream() []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(m.b))), m.b...)
}

func rawData(b ...byte) func(*builder) { return func(m *builder) { m.raw(b...) } }

// query and response are an honest exchange with every kind of data.
func query() *builder {
	return message(FlagRD, 1, 0, 0, 1).question("www.Example.com", TypeA).
		name("").rr(TypeOPT, func(m *builder) { m.u16(10).u16(8).raw(1, 2, 3, 4, 5, 6, 7, 8) })
}

func response() *builder {
	m := message(FlagQR|FlagRD|FlagRA|FlagAA, 1, 9, 1, 2).question("www.example.com", TypeA)
	m.pointer(12).rr(TypeCNAME, func(m *builder) { m.raw(3, 'c', 'd', 'n').pointer(16) })
	m.pointer(12).rr(TypeA, rawData(192, 0, 2, 1))
	m.pointer(12).rr(TypeAAAA, rawData(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1))
	m.pointer(16).rr(TypeMX, func(m *builder) { m.u16(10).name("mail.example.net") })
	m.pointer(16).rr(TypeTXT, rawData(3, 'o', 'n', 'e', 0, 3, 't', 'w', 'o'))
	m.name("_sip._tcp.example.com").rr(TypeSRV, func(m *builder) { m.u16(1).u16(2).u16(5060).name("sip.example.com") })
	m.pointer(16).rr(TypeSSHFP, rawData(4, 2, 0xde, 0xad))
	m.pointer(16).rr(TypeNULL, rawData(0xff, 0))
	m.name("1.2.0.192.in-addr.arpa").rr(TypePTR, func(m *builder) { m.name("host.example.org") })
	m.pointer(16).rr(TypeSOA, func(m *builder) {
		m.name("ns.example.com").name("admin.example.com").u32(2024).u32(1).u32(2).u32(3).u32(4)
	})
	m.name("ns.example.com").rr(TypeA, rawData(192, 0, 2, 53))
	m.name("").rr(TypeOPT, nil)
	return m
}
