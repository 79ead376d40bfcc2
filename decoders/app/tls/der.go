package tls

// DER (ITU-T X.690) as far as certificates need it. crypto/x509 refuses
// certificates that servers use all the same, and says nothing of what it
// could read of them.

// Numbers of the universal tags. The class and whether a value is made of
// others are not looked at unless something hangs on it: the oracle reads
// certificates whose signers did not care either.
const (
	tagInteger         = 2
	tagBitString       = 3
	tagOctetString     = 4
	tagDescriptor      = 7
	tagUTF8String      = 12
	tagSequence        = 16
	tagSet             = 17
	tagNumericString   = 18
	tagPrintableString = 19
	tagTeletexString   = 20
	tagVideotexString  = 21
	tagIA5String       = 22
	tagUTCTime         = 23
	tagGeneralizedTime = 24
	tagGraphicString   = 25
	tagVisibleString   = 26
	tagGeneralString   = 27
	tagBMPString       = 30
)

const (
	tagNumber = 0x1f // bits of the first byte that are the number
	tagClass  = 0xc0
	context   = 0x80 // class of context-specific values
)

// shape is what is right or wrong with the start of some bytes as a value.
type shape uint8

const (
	whole    shape = iota
	noHeader       // the bytes end before the length is known
	noBody         // the bytes end before the value does
	badShape       // no DER: indefinite or absurd length, large tag
)

// next cuts the first value off b. Its first byte holds class and number.
func next(b []byte) (tag byte, body, rest []byte, s shape) {
	if len(b) < 2 {
		return 0, nil, nil, noHeader
	}
	if b[0]&tagNumber == tagNumber { // numbers above 30 are in no certificate
		return 0, nil, nil, badShape
	}
	n, head := int(b[1]), 2
	if n&0x80 != 0 {
		digits := n & 0x7f
		if digits == 0 || digits > 4 { // indefinite, or larger than any message
			return 0, nil, nil, badShape
		}
		if len(b) < 2+digits {
			return 0, nil, nil, noHeader
		}
		n, head = 0, 2+digits
		for _, d := range b[2:head] {
			n = n<<8 | int(d)
		}
	}
	if n > len(b)-head {
		return b[0], nil, nil, noBody
	}
	return b[0], b[head : head+n], b[head+n:], whole
}

// expect cuts a value with the given number off b.
func expect(b []byte, number byte) (body, rest []byte, ok bool) {
	tag, body, rest, s := next(b)
	return body, rest, s == whole && tag&tagNumber == number
}
