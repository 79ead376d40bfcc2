package dns

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"unicode/utf8"
)

// Record is one message as it is exported. Its bytes live until the State's
// Release or Reset.
type Record struct {
	Response bool   // sent by the server; the QR flag may say otherwise (an event)
	ID       uint16 // of the message; the transaction's number is Tx.ID
	Flags    uint16 // second word of the header, QR first

	Queries     []Query
	Answers     []RR
	Authorities []RR
	Additionals []RR
}

// Header flags (RFC 1035 section 4.1.1).
const (
	FlagQR = 0x8000 // response
	FlagAA = 0x0400 // authoritative answer
	FlagTC = 0x0200 // truncated
	FlagRD = 0x0100 // recursion desired
	FlagRA = 0x0080 // recursion available
	FlagZ  = 0x0040 // reserved, must be zero
)

// Opcode is the kind of query.
func (r *Record) Opcode() uint8 { return uint8(r.Flags >> 11 & 15) }

// Rcode is the response code of the header, 0 to 15; EDNS may extend it.
func (r *Record) Rcode() uint8 { return uint8(r.Flags & 15) }

// Query is an entry of the question section.
type Query struct {
	Name  Name
	Type  Type
	Class uint16
}

// Form says which fields of an RR carry its data.
type Form uint8

// Forms of resource data.
const (
	FormNone    Form = iota // no data, or of a type that is not taken apart: Data
	FormAddress             // A, AAAA: Data, Address
	FormName                // CNAME, NS, PTR, MX, DNAME: Target (MX: Priority)
	FormText                // TXT: NextString over Data
	FormBytes               // NULL: Data
	FormSOA                 // Target (primary server), Mailbox, Serial to Minimum
	FormSRV                 // Target, Priority, Weight, Port
	FormSSHFP               // Algorithm, FingerprintType, Data (fingerprint)
	FormOPT                 // NextOption over Data
)

// RR is a resource record.
type RR struct {
	Name  Name
	Type  Type
	Class uint16
	TTL   uint32 // seconds; OPT: extended rcode, version and flags
	Form  Form

	Data    []byte // resource data as on the wire, but see SSHFP
	Target  Name
	Mailbox Name

	Serial, Refresh, Retry, Expire, Minimum uint32 // the last four in seconds
	Priority, Weight, Port                  uint16
	Algorithm, FingerprintType              uint8
}

// Address returns the address of an A or AAAA record; false when its length is
// not that of an address.
func (r *RR) Address() (netip.Addr, bool) {
	return netip.AddrFromSlice(r.Data)
}

// AppendAddress appends the address as Suricata prints it: IPv6 with all
// digits and no abbreviation, nothing when the length is that of no address.
func (r *RR) AppendAddress(dst []byte) []byte {
	switch len(r.Data) {
	case 4:
		for i, b := range r.Data {
			if i > 0 {
				dst = append(dst, '.')
			}
			dst = strconv.AppendUint(dst, uint64(b), 10)
		}
	case 16:
		for i, b := range r.Data {
			if i > 0 && i%2 == 0 {
				dst = append(dst, ':')
			}
			dst = appendHex(dst, b)
		}
	}
	return dst
}

// NextString cuts the first character string off rest, which starts as the
// Data of a TXT record; false when rest is empty.
func NextString(rest []byte) (text, next []byte, ok bool) {
	if len(rest) == 0 || len(rest) < 1+int(rest[0]) {
		return nil, nil, false
	}
	n := 1 + int(rest[0])
	return rest[1:n], rest[n:], true
}

// NextOption cuts the first EDNS option off rest, which starts as the Data of
// an OPT record; false when rest is empty.
func NextOption(rest []byte) (code uint16, data, next []byte, ok bool) {
	if len(rest) < 4 {
		return 0, nil, nil, false
	}
	n := 4 + int(binary.BigEndian.Uint16(rest[2:]))
	if len(rest) < n {
		return 0, nil, nil, false
	}
	return binary.BigEndian.Uint16(rest), rest[4:n], rest[n:], true
}

// AppendHex appends b as lower-case hexadecimal digits with sep, if it is not
// 0, between the bytes: SSHFP fingerprints with ':', EDNS options with none.
func AppendHex(dst, b []byte, sep byte) []byte {
	for i, c := range b {
		if i > 0 && sep != 0 {
			dst = append(dst, sep)
		}
		dst = appendHex(dst, c)
	}
	return dst
}

func appendHex(dst []byte, b byte) []byte {
	const digits = "0123456789abcdef"
	return append(dst, digits[b>>4], digits[b&15])
}

// AppendText appends bytes of a name or string as text, still to be escaped
// for JSON: as they are when they are UTF-8, else with every byte that is not
// ASCII printed as \xHH, which keeps the event readable and unambiguous enough
// for a search.
func AppendText(dst, b []byte) []byte {
	if utf8.Valid(b) {
		return append(dst, b...)
	}
	const digits = "0123456789ABCDEF"
	for _, c := range b {
		if c < utf8.RuneSelf {
			dst = append(dst, c)
		} else {
			dst = append(dst, '\\', 'x', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

var rcodeNames = [...]string{
	"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
	"YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE",
}

// RcodeName returns the name of a header's response code (RFC 6895 section
// 2.3), or its number in decimal where none is assigned.
func RcodeName(code uint8) string {
	if int(code) < len(rcodeNames) {
		return rcodeNames[code]
	}
	return strconv.Itoa(int(code))
}
