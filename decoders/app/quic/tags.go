package quic

import (
	"encoding/binary"

	"spanwatch/decoders/app/fingerprint"
)

// tag is a name of Google's handshake (QUIC Crypto): four letters, of which the
// last may be zero.
type tag uint32

// Tags whose values are told.
const (
	tagSNI  tag = 'S'<<24 | 'N'<<16 | 'I'<<8
	tagUAID tag = 'U'<<24 | 'A'<<16 | 'I'<<8 | 'D' // user agent
)

// knownTags are those of the handshakes that Google's versions had.
var knownTags = func() map[tag]bool {
	set := make(map[tag]bool)
	for _, name := range []string{
		"AEAD", "CCRT", "CCS", "CETV", "CFCW", "CHLO", "COPT", "CSCT", "CTIM", "ICSL", "IRTT", "KEXS", "MIDS", "MSPC", "NONC",
		"NONP", "PAD", "PDMD", "PUBS", "SCID", "SCLS", "SFCW", "SMHL", "SNI", "SNO", "STK", "TCID", "UAID", "VER", "XLCT",
	} {
		var b [4]byte
		copy(b[:], name)
		set[tag(binary.BigEndian.Uint32(b[:]))] = true
	}
	return set
}()

// appendName appends the tag's letters.
func (g tag) appendName(dst []byte) []byte {
	for shift := 24; shift >= 0; shift -= 8 {
		if c := byte(g >> shift); c != 0 {
			dst = append(dst, c)
		}
	}
	return dst
}

// streamFrame reads a STREAM frame of Google's versions: 1fdooossB, with the
// lengths of offset and stream in its first byte.
func (t *Tx) streamFrame(c *cursor, first byte) {
	c.take(uint64(first&3) + 1) // stream
	if offset := uint64(first >> 2 & 7); offset > 0 {
		c.take(offset + 1)
	}
	length := uint64(len(c.rest))
	if first&0x20 != 0 {
		length = uint64(c.u16())
	}
	if data := c.take(length); !c.short {
		t.tags(data)
	}
}

// tags reads a message of Google's handshake: its tag, the number of entries,
// for each its tag and where its value ends, the values. Anything else says
// nothing.
func (t *Tx) tags(b []byte) {
	const head, entry = 8, 8
	if len(b) < head || !knownTags[tag(binary.BigEndian.Uint32(b))] {
		return
	}
	count := int(binary.LittleEndian.Uint16(b[4:]))
	if count > (len(b)-head)/entry {
		return
	}
	entries, values := b[head:head+count*entry], b[head+count*entry:]
	end := uint32(0)
	for e := entries; len(e) > 0; e = e[entry:] {
		to := binary.LittleEndian.Uint32(e[4:])
		if to < end || uint64(to) > uint64(len(values)) || !knownTags[tag(binary.BigEndian.Uint32(e))] {
			return
		}
		end = to
	}
	if int(end) != len(values) {
		return
	}
	t.takeTags(entries, values)
}

func (t *Tx) takeTags(entries, values []byte) {
	const entry = 8
	var start uint32
	for e := entries; len(e) > 0; e = e[entry:] {
		end := binary.LittleEndian.Uint32(e[4:])
		value := values[start:end]
		start = end
		if t.hasSNI && t.hasUA {
			break
		}
		switch tag(binary.BigEndian.Uint32(e)) {
		case tagSNI:
			t.sni, t.hasSNI = t.keep(value), true
		case tagUAID:
			t.ua, t.hasUA = t.keep(value), true
		}
	}
	t.addCYU(entries)
}

// addCYU makes the CYU fingerprint of a message: version and tags
// (https://engineering.salesforce.com/gquic-protocol-analysis-and-fingerprinting-in-zeek-a4178855d75f).
func (t *Tx) addCYU(entries []byte) {
	const entry, maxCYU = 8, 16
	var number string
	switch t.header.version {
	case versionQ043:
		number = "43"
	case versionQ044, versionQ045:
		number = "44"
	case versionQ046:
		number = "46"
	default:
		return
	}
	if len(t.cyu) == maxCYU {
		return
	}
	start := len(t.text)
	t.text = append(append(t.text, number...), ',')
	for i := 0; i < len(entries); i += entry {
		if i > 0 {
			t.text = append(t.text, '-')
		}
		t.text = tag(binary.BigEndian.Uint32(entries[i:])).appendName(t.text)
	}
	text := span{uint32(start), uint32(len(t.text))}
	t.text = fingerprint.AppendMD5(t.text, t.get(text))
	t.cyu = append(t.cyu, print{text, span{text.end, uint32(len(t.text))}})
}
