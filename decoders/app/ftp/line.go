package ftp

import "bytes"

// maxLine bytes of a line are kept, its end included: Suricata's default of
// app-layer.protocols.ftp.max-line-length.
const maxLine = 4096

// line is one line without its end and the blanks before it.
type line struct {
	text []byte
	cut  bool // it is longer than maxLine
}

// cutLine cuts a line off data. n is how many bytes that takes, 0 when its end
// is not there yet. The rest of a line that is too long is left in data: the
// caller passes over it.
func cutLine(data []byte) (l line, n int) {
	i := bytes.IndexByte(data[:min(len(data), maxLine)], '\n')
	switch {
	case i >= 0:
		return line{text: trim(data[:i])}, i + 1
	case len(data) >= maxLine:
		return line{text: trim(data[:maxLine]), cut: true}, maxLine
	}
	return line{}, 0
}

func trim(b []byte) []byte { return bytes.TrimRight(b, " \t\r\n\v\f") }
