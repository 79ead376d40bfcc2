package http1

import "bytes"

// How browsers and servers end lines and fold fields differs, and evasions
// live on the differences. The rules here are libhtp's: a client ends lines
// with LF or CR LF; of a server CR and LF CR count as well, since browsers
// take them. A field goes on behind a line end that white space or NUL
// follows, unless what follows is a field itself.

// maxFolds bounds the lines of one field.
const maxFolds = 128

// outcome of reading a field.
type outcome uint8

const (
	complete outcome = iota
	short            // more bytes are needed to tell
)

// flaw is something wrong with a field.
type flaw uint8

const (
	flawNameEmpty flaw = 1 << iota
	flawNoColon
	flawNameNotToken
	flawSpaceBehindName
	flawSpaceBeforeName
	flawLineEnd
)

// blockReader reads the fields of a header block one by one. last says that no
// bytes follow those of b.
type blockReader struct {
	b      []byte
	server bool
	last   bool
	text   []byte // folded values are put together behind what is here
}

// lineEnd returns the length of the plain line end that b starts with; 0 if
// none.
func (r *blockReader) lineEnd(b []byte) int {
	switch {
	case len(b) == 0:
		return 0
	case b[0] == '\n':
		if r.server && len(b) > 1 && b[1] == '\r' {
			return 2
		}
		return 1
	case b[0] == '\r' && len(b) > 1 && b[1] == '\n':
		return 2
	case b[0] == '\r' && r.server:
		return 1
	}
	return 0
}

// oddLineEnd recognises line ends in a mess: LF CR CR LF before an empty line,
// and of servers CR LF CR with more CR or blanks. The length is 0 if b does not
// start with one.
func (r *blockReader) oddLineEnd(b []byte) (int, outcome) {
	const mess = "\n\r\r\n"
	switch {
	case len(b) > 1 && b[0] == '\n' && b[1] == '\r':
		n := min(len(b), len(mess))
		if string(b[:n]) != mess[:n] {
			return 0, complete
		}
		rest := b[n:]
		switch {
		case n == len(mess) && (bytes.HasPrefix(rest, []byte("\n")) || bytes.HasPrefix(rest, []byte("\r\n"))):
			return len(mess), complete
		case !r.last && (n < len(mess) || len(rest) == 0 || string(rest) == "\r"):
			return 0, short
		case !r.server && n == len(mess):
			return 2, complete // LF CR before CR LF
		}
	case r.server && bytes.HasPrefix(b, []byte("\r\n\r")):
		n := 3 + skip(b[3:], func(c byte) bool { return c == '\r' || isBlank(c) })
		if n == len(b) && !r.last {
			return 0, short
		}
		if n == 3 {
			return 0, complete
		}
		if n < len(b) && b[n] == '\n' {
			n++
		}
		rest := b[n:]
		if !r.last && (len(rest) == 0 || string(rest) == "\r") {
			return 0, short
		}
		if bytes.HasPrefix(rest, []byte("\n")) || bytes.HasPrefix(rest, []byte("\r\n")) {
			return 0, complete
		}
		return n, complete
	}
	return 0, complete
}

func isFold(c byte) bool { return c == ' ' || c == '\t' || c == 0 }

// lineOf is one line of a value.
type lineOf struct {
	start, end int
	next       int  // where the following line starts
	ending     int  // length of the line end
	folded     bool // the value goes on
	fold       byte // the character that says so
	odd        bool
}

// readLine reads the line of a value that starts at i.
func (r *blockReader) readLine(i int) (l lineOf, o outcome) {
	end := bytes.IndexByte(r.b[i:], '\n')
	if r.server {
		upto := r.b[i:]
		if end >= 0 {
			upto = upto[:end]
		}
		if cr := bytes.IndexByte(upto, '\r'); cr >= 0 {
			end = cr
		}
	}
	if end < 0 {
		return l, short
	}
	l.start, l.end = i, i+end
	if !r.server && l.end > i && r.b[l.end-1] == '\r' {
		l.end--
	}
	rest := r.b[l.end:]
	odd, o := r.oddLineEnd(rest)
	if o == short {
		return l, short
	}
	plain := r.lineEnd(rest)
	// A server's field goes on behind plain line ends only.
	n := plain
	if odd > 0 && !r.server {
		n = odd
	}
	if n == len(rest) && !r.last {
		return l, short
	}
	if n < len(rest) && isFold(rest[n]) {
		l.folded, l.fold = true, rest[n]
		l.ending, l.next = n, l.end+n+1
		l.odd = odd > 0 && n == odd
		return l, complete
	}
	if odd > 0 {
		n, l.odd = odd, true
		if n == len(rest) && !r.last {
			return l, short
		}
	}
	l.ending, l.next = n, l.end+n
	return l, complete
}

// readValue reads a value, with the lines that it is folded over, starting at i.
func (r *blockReader) readValue(i int) (v ref, next int, f flaw, o outcome) {
	l, o := r.readLine(i)
	if o == short {
		return v, 0, 0, short
	}
	if l.odd {
		f |= flawLineEnd
	}
	if !l.folded {
		start, end := trimmed(r.b, l.start, l.end)
		return headRef(start, end), l.next, f, complete
	}
	start := len(r.text)
	r.text = append(r.text, r.b[l.start:l.end]...)
	rest, at := l.next, l.next
	for range maxFolds {
		if r.server {
			switch field, o := r.looksLikeField(at); {
			case o == short:
				r.text = r.text[:start]
				return v, 0, 0, short
			case field:
				return r.textFrom(start), at, f, complete
			}
		}
		fold := l.fold
		if l, o = r.readLine(at); o == short {
			r.text = r.text[:start]
			return v, 0, 0, short
		}
		if l.odd {
			f |= flawLineEnd
		}
		at = l.next
		if len(r.text) > start {
			r.text = append(r.text, fold)
		}
		empty := l.start == l.end
		switch {
		case !empty || l.ending > 1:
			r.text = append(r.text, r.b[l.start:l.end]...)
			rest = at
		case at == len(r.b) && !r.last:
			r.text = r.text[:start]
			return v, 0, 0, short
		case at < len(r.b) && r.b[at] == '\n':
			rest = at // a blank line and an empty one end the block
		}
		// Else the blank line is left to be the end of the block.
		if !l.folded {
			break
		}
	}
	return r.textFrom(start), rest, f, complete
}

// textFrom is the value that was put together from start on.
func (r *blockReader) textFrom(start int) ref {
	from, to := trimmed(r.text, start, len(r.text))
	return ref{uint32(from), uint32(to), ofText}
}

func trimmed(b []byte, start, end int) (int, int) {
	for start < end && isSpace(b[start]) {
		start++
	}
	for end > start && isSpace(b[end-1]) {
		end--
	}
	return start, end
}

// looksLikeField reports whether a name and a colon start at i.
func (r *blockReader) looksLikeField(i int) (bool, outcome) {
	b := r.b[i:]
	n := skip(b, isBlank)
	token := skip(b[n:], isToken)
	n += token
	n += skip(b[n:], isBlank)
	if n == len(b) {
		return false, r.unlessLast()
	}
	if b[n] != ':' || token == 0 {
		return false, complete
	}
	if n++; n+skip(b[n:], isBlank) == len(b) {
		return true, r.unlessLast()
	}
	return true, complete
}

func (r *blockReader) unlessLast() outcome {
	if r.last {
		return complete
	}
	return short
}

// colon finds the colon behind the name that starts at i. A name may reach over
// a line end that a blank follows; any other line end means that there is no
// colon.
func (r *blockReader) colon(i int) (at int, found bool) {
	var end byte
	for j := i; j < len(r.b); j++ {
		c := r.b[j]
		switch {
		case end == 0:
			if c == ':' {
				return j, true
			}
			if c == '\n' || r.server && c == '\r' {
				end = c
			}
		case c == ' ':
			end = 0
		case c == '\n' && end == '\r':
			end = c
		default:
			return 0, false
		}
	}
	return 0, false
}

// readField reads the field that starts at i.
func (r *blockReader) readField(i int) (name, value ref, next int, f flaw, o outcome) {
	at, found := r.colon(i)
	if !found {
		value, next, f, o = r.readValue(i)
		return headRef(i, i), value, next, f | flawNoColon, o
	}
	value, next, f, o = r.readValue(at + 1 + skip(r.b[at+1:], isBlank))
	if o == short {
		return ref{}, ref{}, 0, 0, short
	}
	if at == i {
		f |= flawNameEmpty
	} else {
		f |= r.nameFlaws(r.b[i:at])
	}
	start, end := trimmed(r.b, i, at)
	return headRef(start, end), value, next, f, complete
}

func (r *blockReader) nameFlaws(name []byte) (f flaw) {
	if isBlank(name[0]) {
		f |= flawSpaceBeforeName
	}
	if isBlank(name[len(name)-1]) {
		f |= flawSpaceBehindName
	}
	n := skip(name, isBlank)
	n += skip(name[n:], isToken)
	n += skip(name[n:], isBlank)
	if n < len(name) {
		f |= flawNameNotToken
	}
	return f
}
