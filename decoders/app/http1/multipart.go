package http1

import (
	"bytes"

	"spanwatch/decoders/app"
	"spanwatch/decoders/app/file"
)

// Bounds of a form; a boundary has at most 70 characters (RFC 2046 section
// 5.1.1), browsers take longer ones.
const (
	maxBoundary = 200
	maxPartHead = 4096
)

// multipart finds the files in a form (multipart/form-data, RFC 7578).
//
//	--boundary CRLF head CRLF CRLF content CRLF --boundary … CRLF --boundary--
type multipart struct {
	boundary []byte // CR LF, two hyphens and the boundary
	state    partState
	held     []byte // bytes that may turn out to be a boundary, or the head
	current  *attachment
	size     uint64 // of the part's content
}

type partState uint8

const (
	partNone   partState = iota // before the first boundary
	partBehind                  // behind a boundary: is it the last?
	partHead
	partContent
	partOver
)

// boundaryOf returns the boundary of a form by its Content-Type.
func boundaryOf(kind []byte) ([]byte, bool) {
	if !containsLoose(mediaType(kind), "multipart/") {
		return nil, false
	}
	b, ok := parameter(kind, "boundary=")
	return b, ok && len(b) > 0 && len(b) <= maxBoundary
}

func (p *multipart) start(boundary []byte) {
	p.boundary = append(append(p.boundary[:0], "\r\n--"...), boundary...)
	p.state, p.current = partNone, nil
	// The first boundary may be at the very start, where no line end precedes
	// it.
	p.held = append(p.held[:0], "\r\n"...)
}

func (p *multipart) reset() {
	*p = multipart{boundary: within(p.boundary, maxBoundary+8), held: within(p.held, maxPartHead)}
}

// write takes bytes of the form.
func (p *multipart) write(m *message, data []byte) {
	p.held = append(p.held, data...)
	b := p.held
	for {
		rest, more := p.step(m, b)
		b = rest
		if !more {
			break
		}
	}
	p.held = p.held[:copy(p.held, b)]
}

// step reads the next piece of the form from b and returns what is left.
func (p *multipart) step(m *message, b []byte) (rest []byte, more bool) {
	switch p.state {
	case partNone, partContent:
		i := bytes.Index(b, p.boundary)
		if i < 0 {
			n := len(b) - overlap(b, p.boundary)
			p.content(b[:n])
			return b[n:], false
		}
		p.content(b[:i])
		p.end(m)
		p.state = partBehind
		return b[i+len(p.boundary):], true
	case partBehind:
		if len(b) < 2 {
			return b, false
		}
		if b[0] == '-' && b[1] == '-' {
			p.state = partOver
			return nil, false
		}
		n := behindLF(b)
		if n < 0 {
			if len(b) > maxPartHead {
				p.fail(m, app.EventHTTPMultipartGenericError)
				return nil, false
			}
			return b, false
		}
		p.state = partHead
		return b[n:], true
	case partHead:
		end := headEnd(b)
		if end < 0 {
			if len(b) > maxPartHead {
				p.fail(m, app.EventHTTPMultipartInvalidHeader)
				return nil, false
			}
			return b, false
		}
		p.begin(m, b[:end])
		return b[end:], true
	}
	return nil, false
}

// headEnd returns the place behind the empty line that ends a part's head; -1
// if it is not there yet.
func headEnd(b []byte) int {
	for at := 0; ; {
		n := behindLF(b[at:])
		if n < 0 {
			return -1
		}
		if len(chomp(b[at:at+n])) == 0 {
			return at + n
		}
		at += n
	}
}

// begin starts a part. Only those with a file name are files.
func (p *multipart) begin(m *message, head []byte) {
	p.state, p.size, p.current = partContent, 0, nil
	disposed := false
	for len(head) > 0 {
		n := behindLF(head)
		line := chomp(head[:n])
		head = head[n:]
		colon := bytes.IndexByte(line, ':')
		if colon < 0 || !equalFold(trim(line[:colon]), "content-disposition") {
			continue
		}
		disposed = true
		if name, ok := parameter(line[colon+1:], "filename="); ok && len(name) > 0 {
			p.current = m.newFile(name)
		}
	}
	if !disposed {
		m.tx.events.add(app.EventHTTPMultipartInvalidHeader)
	}
}

func (p *multipart) content(b []byte) {
	if p.state != partContent || p.current == nil || len(b) == 0 {
		return
	}
	p.size += uint64(len(b))
	p.current.file.Write(b)
	p.current.window.add(b, nil)
}

// end ends the part at hand.
func (p *multipart) end(m *message) {
	if p.state != partContent || p.current == nil {
		return
	}
	if p.size == 0 {
		m.tx.events.add(app.EventHTTPMultipartNoFiledata)
	}
	if p.current.file.State == file.Open {
		p.current.file.Close()
		p.current.window.ended = true
	}
	p.current = nil
}

// finish takes the end of the body for that of the form: what was held back is
// content.
func (p *multipart) finish(m *message) {
	if p.state == partContent {
		p.content(p.held)
	}
	p.held = p.held[:0]
	p.end(m)
	p.state = partOver
}

// lost says that bytes are missing: what was held back is worth nothing.
func (p *multipart) lost() { p.held = p.held[:0] }

func (p *multipart) fail(m *message, e app.Event) {
	m.tx.events.add(e)
	p.end(m)
	p.state = partOver
}

// overlap is the length of the longest end of b that boundary starts with.
func overlap(b, boundary []byte) int {
	for n := min(len(b), len(boundary)-1); n > 0; n-- {
		if b[len(b)-n] == boundary[0] && bytes.HasPrefix(boundary, b[len(b)-n:]) {
			return n
		}
	}
	return 0
}
