package mime

import (
	"bytes"
	"crypto/md5"
	"hash"
)

// Config says what is looked at in a mail.
type Config struct {
	DecodeBase64          bool // take base64 off attachments; default true
	DecodeQuotedPrintable bool // take quoted-printable off attachments; default true
	ExtractURLs           bool // look for URLs in text; default true
	// URLSchemes are the starts of URLs, with the colon and what follows it;
	// default "http://" alone, as in Suricata.
	URLSchemes    [][]byte
	KeepURLScheme bool // report URLs with their scheme; default false
	BodyMD5       bool // hash the body as sent; default false
	// DecodeNames takes the encoded words of RFC 2047 off attachment names.
	// Default false: Suricata reports names as sent and rules match them so.
	DecodeNames bool
}

// DefaultConfig returns Suricata's defaults.
func DefaultConfig() Config {
	return Config{
		DecodeBase64:          true,
		DecodeQuotedPrintable: true,
		ExtractURLs:           true,
		URLSchemes:            [][]byte{[]byte("http://")},
	}
}

// Oddity is a set of what was odd about a mail.
type Oddity uint16

// Oddities. The limits are those of Suricata: RFC 2045 and 5322 for lines, 75
// and 2,000 bytes for a header line's name and value, 254 for a boundary, 255
// for a file name.
const (
	InvalidBase64 Oddity = 1 << iota
	InvalidQuotedPrintable
	LongLine        // more than 998 bytes without the end of line
	LongEncodedLine // more than 76 bytes in an encoded attachment
	LongHeaderName
	LongHeaderValue
	LongBoundary
	LongFilename
	Malformed // parts or enclosed mails are nested too deeply
)

const (
	maxLine        = 998
	maxEncodedLine = 76
	maxHeaderName  = 75
	maxHeaderValue = 2000
	maxBoundary    = 254
	maxFilename    = 255

	maxNesting = 16       // multiparts, and messages within messages
	maxField   = 8 << 10  // bytes kept of a field
	maxText    = 64 << 10 // bytes kept of fields, URLs, names each
	maxKept    = 256      // fields, URLs, names each
	keptMemory = 16 << 10 // bytes a Message keeps for reuse in each buffer
)

// Step says what a line meant for the attachments.
type Step uint8

// Steps. Attachments follow one another; they do not nest.
const (
	None  Step = iota
	Open       // an attachment named Filename starts
	Data       // the data returned belongs to it
	Close      // it is complete
)

type span struct{ at, n uint32 }

func spanOf(at, n int) span { return span{uint32(at), uint32(n)} }

func (s span) of(b []byte) []byte { return b[s.at : s.at+s.n] }

type keptField struct {
	field Field
	value span // of text
}

// bodyKind is what a part holds.
type bodyKind uint8

const (
	otherBody bodyKind = iota
	textBody
	messageBody
)

// Message is a mail being read. The zero value is not ready: call Reset.
type Message struct {
	config *Config

	inBody    bool
	midLine   bool   // the last piece did not end its line
	lineLen   uint32 // of the line so far
	mainDone  bool   // the header of the mail itself is complete
	open      bool   // within an attachment
	body      bodyKind
	encoding  encoding
	decoder   decoder
	enclosed  uint8 // messages within messages so far
	fields    []keptField
	current   Field // that a folded line continues
	keep      bool  // current is being kept
	text      []byte
	part      [3]span // content-type, -disposition, -transfer-encoding, of partText
	partText  []byte
	bounds    []span // of boundText, outermost first
	boundText []byte
	names     []span // of nameText
	nameText  []byte
	filename  span // of nameText
	urls      []span
	urlText   []byte
	textLine  []byte // start of a decoded line
	out       []byte // decoded data of one call
	oddities  Oddity
	dropped   int
	md5       hash.Hash
	digest    [md5.Size]byte
	hasDigest bool
}

// Reset makes the Message ready for another mail, keeping memory within
// bounds. config is borrowed while the Message is used.
func (m *Message) Reset(config *Config) {
	*m = Message{
		config: config, md5: m.md5,
		fields: m.fields[:0], bounds: m.bounds[:0], names: m.names[:0], urls: m.urls[:0],
		text: recycle(m.text), partText: recycle(m.partText), boundText: recycle(m.boundText),
		nameText: recycle(m.nameText), urlText: recycle(m.urlText), textLine: recycle(m.textLine), out: recycle(m.out),
	}
	if config.BodyMD5 {
		if m.md5 == nil {
			m.md5 = md5.New()
		}
		m.md5.Reset()
	}
}

func recycle(b []byte) []byte {
	if cap(b) > keptMemory {
		return nil
	}
	return b[:0]
}

// Line takes one line of the mail, or a piece of a long one: eol is its end,
// empty when the line goes on with the next call. data is for step Data.
func (m *Message) Line(text, eol []byte) (step Step, data []byte) {
	first := !m.midLine
	m.midLine = len(eol) == 0
	if first {
		m.lineLen = 0
	}
	m.lineLen = min(m.lineLen+uint32(len(text)), 1<<30)
	if m.lineLen > maxLine {
		m.oddities |= LongLine
	}
	if m.mainDone && m.config.BodyMD5 {
		m.md5.Write(text)
		m.md5.Write(eol)
	}
	if first && m.mainDone && m.boundary(text) {
		if m.open {
			m.open = false
			return Close, nil
		}
		return None, nil
	}
	if m.inBody {
		return m.bodyLine(text, eol)
	}
	if first && len(text) == 0 && !m.midLine {
		return m.endHeader(), nil
	}
	m.headerLine(text, first)
	return None, nil
}

// End says that the mail is complete and closes what is open.
func (m *Message) End() Step {
	m.endTextLine()
	if m.mainDone && m.config.BodyMD5 {
		m.md5.Sum(m.digest[:0])
		m.hasDigest = true
	}
	if m.open {
		m.endPart()
		m.open = false
		return Close
	}
	return None
}

// boundary sees whether a line ends the part and starts another. Boundaries
// of the multiparts around count too: an inner one may lack its end.
func (m *Message) boundary(line []byte) bool {
	if len(line) < 2 || line[0] != '-' || line[1] != '-' || len(m.bounds) == 0 {
		return false
	}
	level, last := m.boundaryLevel(line[2:])
	if level < 0 {
		return false
	}
	m.endPart()
	m.bounds = m.bounds[:level+1]
	if last {
		m.bounds = m.bounds[:level]
	}
	end := 0
	if n := len(m.bounds); n > 0 {
		end = int(m.bounds[n-1].at + m.bounds[n-1].n)
	}
	m.boundText = m.boundText[:end]
	m.startPart()
	if last { // what follows is an epilogue, not a part
		m.inBody = true
	}
	return true
}

// boundaryLevel finds the multipart whose boundary a line is, the innermost
// first. A line that only starts like one counts when none is equal, as in
// Suricata.
func (m *Message) boundaryLevel(line []byte) (level int, last bool) {
	line = trimSpace(line)
	inner, hasEnd := bytes.CutSuffix(line, []byte("--"))
	for i := len(m.bounds) - 1; i >= 0; i-- {
		b := m.bounds[i].of(m.boundText)
		if bytes.Equal(line, b) {
			return i, false
		}
		if hasEnd && bytes.Equal(inner, b) {
			return i, true
		}
	}
	for i := len(m.bounds) - 1; i >= 0; i-- {
		if b := m.bounds[i].of(m.boundText); bytes.HasPrefix(line, b) {
			return i, bytes.HasPrefix(line[len(b):], []byte("--"))
		}
	}
	return -1, false
}

func (m *Message) startPart() {
	m.inBody = false
	m.body = otherBody
	m.encoding = plain
	m.decoder = decoder{}
	m.filename = span{}
	m.current, m.keep = OtherField, false
	m.part = [3]span{}
	m.partText = m.partText[:0]
}

func (m *Message) endPart() {
	m.endTextLine()
	if m.open && m.encoding == base64 && m.decoder.n != 0 {
		m.oddities |= InvalidBase64
	}
}

func (m *Message) bodyLine(text, eol []byte) (Step, []byte) {
	if !m.open && m.body != textBody {
		return None, nil
	}
	m.out = m.out[:0]
	ok := true
	switch {
	case m.encoding == base64 && m.config.DecodeBase64:
		m.out, ok = m.decoder.appendBase64(m.out, text)
		m.encodedLine(ok, InvalidBase64)
	case m.encoding == quotedPrintable && m.config.DecodeQuotedPrintable:
		m.out, ok = m.decoder.appendQuotedPrintable(m.out, text, eol)
		m.encodedLine(ok, InvalidQuotedPrintable)
	case m.open:
		m.out = m.decoder.appendPlain(m.out, text, eol)
		m.scanText(text)
		m.scanText(eol)
		return Data, m.out
	default:
		m.scanText(text)
		m.scanText(eol)
		return None, nil
	}
	m.scanText(m.out)
	if !m.open {
		return None, nil
	}
	return Data, m.out
}

// encodedLine notes what is odd about an encoded line of an attachment; text
// to be read is not judged, as in Suricata.
func (m *Message) encodedLine(ok bool, invalid Oddity) {
	if !m.open {
		return
	}
	if !ok {
		m.oddities |= invalid
	}
	if m.lineLen > maxEncodedLine {
		m.oddities |= LongEncodedLine
	}
}
