package http1

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/file"
)

// maxFiles bounds the files of one message.
const maxFiles = 128

// attachment is a file of a message.
type attachment struct {
	file   *file.File
	whole  bool   // it is the body
	window window // of its content, unless it is the body
}

func (a *attachment) reset() { a.window = window{kept: within(a.window.kept, keptPart)} }

// filing is what the body of a message is for files.
type filing uint8

const (
	filingUnknown filing = iota
	filingNone
	filingBody  // the body is a file
	filingParts // files are in the parts of a form
)

// chooseFiling decides that when the first bytes of the body come: a response
// is a file, and so is what PUT and POST send.
func (m *message) chooseFiling() {
	m.filing = filingNone
	if m.dir == decoders.ToClient {
		m.filing = filingBody
	} else if m.methodName == MethodPOST || m.methodName == MethodPUT {
		m.filing = filingBody
		kind, _ := m.value("content-type")
		if boundary, ok := boundaryOf(kind); ok && m.methodName == MethodPOST {
			m.filing = filingParts
			m.form.start(boundary)
		}
	}
	if m.filing != filingBody {
		return
	}
	name, named := m.fileName()
	if !named {
		m.filing = filingNone
		return
	}
	if a := m.newFile(name); a != nil {
		a.whole = true
		if m.dir == decoders.ToClient {
			switch r, ok := m.contentRange(); {
			case ok && r.Valid:
				a.file.SetRange(file.Range{Start: r.Start, End: r.End, Total: r.Size})
			case ok:
				m.tx.events.add(app.EventHTTPRangeInvalid)
			}
		}
	}
}

// newFile starts a file; nil when there are too many.
func (m *message) newFile(name []byte) *attachment {
	if len(m.files) == maxFiles {
		m.tx.parser.stats.FilesBeyond++
		return nil
	}
	p := m.tx.parser
	if n := len(m.files); n < cap(m.files) {
		m.files = m.files[:n+1]
		if m.files[n] == nil {
			m.files[n] = &attachment{}
		}
	} else {
		m.files = append(m.files, &attachment{})
	}
	a := m.files[len(m.files)-1]
	a.file, a.whole = p.files.Take(), false
	if a.file.Start(name, p.config.Hashes) {
		m.tx.events.add(app.EventHTTPFileNameTooLong)
	}
	return a
}

// fileName is the name that the response gives its file, else the path of the
// request.
func (m *message) fileName() ([]byte, bool) {
	if m.dir == decoders.ToClient {
		if value, ok := m.value("content-disposition"); ok {
			if name, ok := parameter(value, "filename="); ok && len(name) > 0 {
				return name, true
			}
		}
	}
	q := &m.tx.request
	return q.bytes(q.path)
}

// parameter returns the value of a parameter of a field like
// Content-Disposition, with or without quotes. name ends with '='.
func parameter(value []byte, name string) ([]byte, bool) {
	for i := 0; i+len(name) <= len(value); i++ {
		if !equalFold(value[i:i+len(name)], name) {
			continue
		}
		v := value[i+len(name):]
		if len(v) > 0 && v[0] == '"' {
			v = v[1:]
			for end := range v {
				if v[end] == '"' && (end == 0 || v[end-1] != '\\') {
					return v[:end], true
				}
			}
			return nil, false
		}
		if end := bytes.IndexByte(v, ';'); end >= 0 {
			v = v[:end]
		}
		return trim(v), true
	}
	return nil, false
}

// fileContent gives bytes of the body to the files in it.
func (m *message) fileContent(p []byte) {
	if m.filing == filingUnknown {
		m.chooseFiling()
	}
	switch m.filing {
	case filingBody:
		if len(m.files) > 0 {
			m.files[0].file.Write(p)
		}
	case filingParts:
		m.form.write(m, p)
	}
}

func (m *message) fileGap(n uint64) {
	for _, a := range m.files {
		if a.file.State == file.Open {
			a.file.Gap(n)
			if !a.whole {
				a.window.miss(n)
			}
		}
	}
	if m.filing == filingParts {
		m.form.lost()
	}
}

// closeFiles ends the files where the body ends.
func (m *message) closeFiles() {
	if m.filing == filingParts {
		m.form.finish(m)
	}
	for _, a := range m.files {
		if a.file.State == file.Open {
			a.file.Close()
			a.window.ended = true
		}
	}
}

// truncateFiles ends the files before the body ends.
func (m *message) truncateFiles() {
	for _, a := range m.files {
		if a.file.State == file.Open {
			a.file.Truncate()
			a.window.ended = true
		}
	}
}

// giveUp ends a message that will not be completed.
func (m *message) giveUp() {
	m.truncateFiles()
	m.body.ended = true
	m.headRead = m.headRead || m.line.of != nothing
}
