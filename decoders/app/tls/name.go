package tls

import (
	"encoding/binary"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// unreadableName stands for a name whose text is in no character set that it
// may be in; rules and consumers know it from Suricata.
const unreadableName = "<X509Error: Invalid X.509 name>"

// appendName appends the content of a Name, a list of sets of attributes (RFC
// 5280 section 4.1.2.4), as "C=US, O=Example, CN=example.com": sets behind ", ",
// attributes of one set behind " + ". It ends where the list is broken.
func appendName(dst, name []byte) []byte {
	start := len(dst)
	for len(name) > 0 {
		set, rest, ok := expect(name, tagSet)
		if !ok {
			break
		}
		name = rest
		for first := true; len(set) > 0; first = false {
			id, tag, text, rest, ok := nextAttribute(set)
			if !ok && first {
				return dst
			}
			if !ok {
				break
			}
			set = rest
			switch {
			case !first:
				dst = append(dst, " + "...)
			case len(dst) > start:
				dst = append(dst, ", "...)
			}
			dst = append(appendAttribute(dst, id), '=')
			if dst, ok = appendValue(dst, tag, text); !ok {
				return append(dst[:start], unreadableName...)
			}
		}
	}
	return dst
}

// nextAttribute cuts an attribute off a set: its type and its value.
func nextAttribute(set []byte) (id []byte, tag byte, text, rest []byte, ok bool) {
	attribute, rest, ok := expect(set, tagSequence)
	if !ok {
		return nil, 0, nil, nil, false
	}
	_, id, value, s := next(attribute)
	if s != whole {
		return nil, 0, nil, nil, false
	}
	tag, text, _, s = next(value)
	return id, tag, text, rest, s == whole
}

// appendValue appends text as UTF-8 and other values as hexadecimal digits.
func appendValue(dst []byte, tag byte, body []byte) ([]byte, bool) {
	switch tag & tagNumber {
	case tagUTF8String, tagNumericString, tagPrintableString, tagTeletexString, tagVideotexString,
		tagIA5String, tagGraphicString, tagVisibleString, tagGeneralString, tagDescriptor:
		return append(dst, body...), utf8.Valid(body)
	case tagBMPString:
		return appendUTF16(dst, body)
	}
	return appendHexUpper(dst, body, 0), true
}

func appendUTF16(dst, body []byte) ([]byte, bool) {
	if len(body)%2 != 0 {
		return dst, false
	}
	for ; len(body) > 0; body = body[2:] {
		r := rune(binary.BigEndian.Uint16(body))
		if utf16.IsSurrogate(r) {
			if len(body) < 4 {
				return dst, false
			}
			r = utf16.DecodeRune(r, rune(binary.BigEndian.Uint16(body[2:])))
			if r == utf8.RuneError {
				return dst, false
			}
			body = body[2:]
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst, true
}

// appendAttribute appends the name of a type of attribute, or OID(1.2.3) when
// it has none.
func appendAttribute(dst, id []byte) []byte {
	if name := attributeName(string(id)); name != "" {
		return append(dst, name...)
	}
	return append(appendObject(append(dst, "OID("...), id), ')')
}

// attributeName gives types of attribute the names that events have: the short
// ones of RFC 4514 section 3, else those of the X.500 attributes.
func attributeName(id string) string {
	const x500 = "\x55\x04" // 2.5.4
	if len(id) == 3 && id[:2] == x500 {
		if n := int(id[2]); n < len(x500Names) {
			return x500Names[n]
		}
		return ""
	}
	switch id {
	case x500:
		return "x509"
	case "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01":
		return "Email"
	case "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02":
		return "unstructuredName"
	case "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x14":
		return "friendlyName"
	case "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19":
		return "DC"
	case "\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01":
		return "msJurisdictionLocality"
	case "\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02":
		return "msJurisdictionStateOrProvince"
	case "\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03":
		return "msJurisdictionCountry"
	}
	return ""
}

// x500Names are indexed by the last number of 2.5.4.n.
var x500Names = [...]string{
	0: "objectClass", 1: "aliasedEntryName", 2: "knowledgeInformation", 3: "CN", 4: "surname", 5: "serialNumber",
	6: "C", 7: "L", 8: "ST", 9: "streetAddress", 10: "O", 11: "OU", 12: "title", 13: "description",
	14: "searchGuide", 15: "businessCategory", 16: "postalAddress", 17: "postalCode",
	41: "name", 42: "givenName", 43: "initials", 44: "generationQualifier", 45: "uniqueIdentifier", 46: "dnQualifier",
}

// appendObject appends an object identifier with dots (X.690 section 8.19).
// The first byte alone makes the first two numbers, and the last one may be
// cut: so does the oracle.
func appendObject(dst, id []byte) []byte {
	if len(id) == 0 {
		return dst
	}
	dst = append(strconv.AppendUint(dst, uint64(id[0]/40), 10), '.')
	dst = strconv.AppendUint(dst, uint64(id[0]%40), 10)
	n := uint64(0)
	for i, c := range id[1:] {
		n = n<<7 | uint64(c&0x7f)
		if c&0x80 == 0 || i == len(id)-2 {
			dst = strconv.AppendUint(append(dst, '.'), n, 10)
			n = 0
		}
	}
	return dst
}

// Kinds of GeneralName (RFC 5280 section 4.2.1.6): the number of the
// context-specific tag.
const (
	altOther = iota
	altEmail
	altDNS
	altX400
	altDirectory
	altEDI
	altURI
	altAddress
	altRegistered
)

// nextAltName cuts a GeneralName off names; text appended to dst when it is
// not a part of the certificate as it stands.
func nextAltName(dst, names []byte) (text, grown, rest []byte, ok bool) {
	tag, body, rest, shape := next(names)
	if shape != whole {
		return nil, dst, nil, false
	}
	start := len(dst)
	switch tag & tagNumber {
	case altDNS, altURI:
		return body, dst, rest, utf8.Valid(body)
	case altEmail:
		dst = append(append(append(dst, "RFC822Name("...), body...), ')')
	case altAddress:
		dst = append(dst, '[')
		for i, b := range body {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = strconv.AppendUint(dst, uint64(b), 10)
		}
		dst = append(dst, ']')
	case altDirectory:
		dst = append(dst, "DirectoryName("...)
		if name, _, is := expect(body, tagSequence); is {
			dst = appendName(dst, name)
		}
		dst = append(dst, ')')
	case altRegistered:
		dst = append(appendObject(append(dst, "RegisteredID("...), body), ')')
	case altOther:
		_, id, _, _ := next(body)
		dst = append(appendObject(append(dst, "OtherName("...), id), ", [...])"...)
	case altX400:
		dst = append(dst, "X400Address(<unparsed>)"...)
	case altEDI:
		dst = append(dst, "EDIPartyName(<unparsed>)"...)
	default:
		return nil, dst, nil, false
	}
	return dst[start:], dst, rest, true
}

// appendHexUpper appends upper-case hexadecimal digits, with sep between the
// bytes unless it is 0.
func appendHexUpper(dst, b []byte, sep byte) []byte {
	const upper = "0123456789ABCDEF"
	for i, c := range b {
		if i > 0 && sep != 0 {
			dst = append(dst, sep)
		}
		dst = append(dst, upper[c>>4], upper[c&15])
	}
	return dst
}
