package rule

import (
	"bytes"
	"io"
	"iter"
)

// maxRuleLen bounds one rule, continuation lines joined, in bytes. Suricata
// stops at 8,192 (DETECT_MAX_RULE_SIZE), but rules with large inline lists need
// more, and an unbounded rule would let one damaged file cost any memory.
const maxRuleLen = 64 << 10

// segment says where in the file a piece of a joined rule came from.
type segment struct {
	offset int // in the joined text
	line   int
	col    int // of the piece's first byte
}

// places maps offsets in a rule's joined text to lines and columns.
type places struct {
	file     string
	segments []segment // by offset, at least one
}

// at returns the position of the byte at offset.
func (p places) at(offset int) Position {
	s := p.segments[0]
	for _, next := range p.segments[1:] {
		if next.offset > offset {
			break
		}
		s = next
	}
	return Position{File: p.file, Line: s.line, Col: s.col + offset - s.offset}
}

// Line is a logical line of a rule file or of one of its side files:
// continuation lines joined, white space around it cut off.
type Line struct {
	Text    string
	TooLong bool // Text is cut at 64 KiB

	places places
}

// At returns the position in the file of the byte of Text at offset.
func (l Line) At(offset int) Position { return l.places.at(offset) }

// Lines returns the logical lines of text that are neither blank nor
// comments; file is its name in positions.
func Lines(file string, text []byte) iter.Seq[Line] {
	return func(yield func(Line) bool) {
		lines := newLineReader(text)
		for l := (logicalLine{}); lines.next(&l); {
			if l.comment || len(l.text) == 0 {
				continue
			}
			if !yield(Line{string(l.text), l.tooLong, places{file, l.places}}) {
				return
			}
		}
	}
}

// logicalLine is one rule, comment or blank line of a file.
type logicalLine struct {
	text    []byte // joined and trimmed; valid until the next call of next
	places  []segment
	comment bool
	tooLong bool // text is cut at maxRuleLen
}

// lineReader cuts a file into logical lines: a backslash at the end of a line
// joins the next one to it. White space behind that backslash is ignored, as
// Suricata does; comments are never continued.
//
// A file is read piece by piece, so that a large one does not lie in memory
// beside what is made of it.
type lineReader struct {
	rest   []byte    // read and not used yet
	number int       // of the last physical line read
	source io.Reader // of more; nil at the end
	buffer []byte    // that rest lies in, when there is a source
	err    error     // of the source, but for its end
	joined []byte
}

// readSize is what is asked of a source at once.
const readSize = 256 << 10

// newLineReader reads a text that is in memory.
func newLineReader(text []byte) *lineReader { return skipMark(&lineReader{rest: text}) }

// readLines reads a source.
func readLines(source io.Reader) *lineReader { return skipMark(&lineReader{source: source}) }

// skipMark skips a UTF-8 byte order mark: columns count from behind it.
func skipMark(r *lineReader) *lineReader {
	r.fill(3)
	r.rest = bytes.TrimPrefix(r.rest, []byte("\xef\xbb\xbf"))
	return r
}

// fill reads until rest has n bytes or the source has ended. What lies in rest
// may move.
func (r *lineReader) fill(n int) {
	for r.source != nil && len(r.rest) < n {
		if cap(r.buffer) < len(r.rest)+readSize {
			r.buffer = make([]byte, 0, 2*len(r.rest)+readSize)
		}
		kept := append(r.buffer[:0], r.rest...)
		more, err := r.source.Read(kept[len(kept):cap(kept)])
		r.rest = kept[:len(kept)+more]
		if err != nil {
			r.source = nil
			if err != io.EOF {
				r.err = err
			}
		}
	}
}

// next fills l with the next logical line; false at the end of the file.
func (r *lineReader) next(l *logicalLine) bool {
	if r.fill(1); len(r.rest) == 0 {
		return false
	}
	l.places = nil
	l.tooLong = false
	piece := r.physical()
	indent := 0
	for indent < len(piece) && isSpace(piece[indent]) {
		indent++
	}
	piece = piece[indent:]
	l.comment = len(piece) > 0 && (piece[0] == '#' || piece[0] == ';')
	l.places = append(l.places, segment{line: r.number, col: indent + 1})
	if l.comment || !continued(piece) {
		l.text = piece
	} else {
		l.text = r.join(l, piece)
	}
	if len(l.text) > maxRuleLen {
		l.text, l.tooLong = l.text[:maxRuleLen], true
	}
	return true
}

// join appends continuation lines to piece, which ends in a backslash.
func (r *lineReader) join(l *logicalLine, piece []byte) []byte {
	r.joined = append(r.joined[:0], piece[:len(piece)-1]...)
	for more := true; more; {
		if r.fill(1); len(r.rest) == 0 {
			break
		}
		piece := r.physical()
		if more = continued(piece); more {
			piece = piece[:len(piece)-1]
		}
		if len(r.joined) > maxRuleLen {
			continue // read the rule to its end, keep no more of it
		}
		l.places = append(l.places, segment{offset: len(r.joined), line: r.number, col: 1})
		r.joined = append(r.joined, piece...)
	}
	return trimRight(r.joined)
}

// physical returns the next line of the file without its line end and the
// white space before it.
func (r *lineReader) physical() []byte {
	r.number++
	for searched := 0; ; {
		end := bytes.IndexByte(r.rest[searched:], '\n')
		if end >= 0 {
			line := r.rest[:searched+end]
			r.rest = r.rest[searched+end+1:]
			return trimRight(line)
		}
		if r.source == nil {
			line := r.rest
			r.rest = nil
			return trimRight(line)
		}
		searched = len(r.rest)
		r.fill(searched + 1)
	}
}

func continued(line []byte) bool {
	return len(line) > 0 && line[len(line)-1] == '\\'
}

// isSpace knows ASCII white space only: bytes above 0x7f belong to the text
// of a rule, in whatever encoding it is.
func isSpace(c byte) bool {
	return c == ' ' || '\t' <= c && c <= '\r'
}

func trimRight(b []byte) []byte {
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// trim returns s without the white space around it, and how much was cut off
// its front.
func trim(s string) (trimmed string, front int) {
	for front < len(s) && isSpace(s[front]) {
		front++
	}
	end := len(s)
	for end > front && isSpace(s[end-1]) {
		end--
	}
	return s[front:end], front
}
