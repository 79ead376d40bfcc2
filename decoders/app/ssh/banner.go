package ssh

import "bytes"

const (
	bannerStart = "SSH-"
	// longBanner is the length of a line that RFC 4253 section 4.2 does not
	// allow any more, its end included.
	longBanner = 256
	// maxBanner bytes of a line are kept.
	maxBanner = 2048
)

// cutLine cuts the line at the start of data off, which ends with LF, CR LF,
// or CR before anything else. n is its length with the end, 0 when the end is
// not there.
func cutLine(data []byte) (line []byte, n int) {
	i := bytes.IndexAny(data, "\r\n")
	switch {
	case i < 0:
		return nil, 0
	case data[i] == '\n':
		return data[:i], i + 1
	case i+1 == len(data):
		return nil, 0
	case data[i+1] == '\n':
		return data[:i], i + 2
	}
	return data[:i], i + 1
}

// parseBanner reads "SSH-protoversion-softwareversion comments".
func parseBanner(line []byte) (proto, software []byte, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(bannerStart))
	if !ok {
		return nil, nil, false
	}
	proto, software, ok = bytes.Cut(rest, []byte{'-'})
	if !ok || len(proto) == 0 {
		return nil, nil, false
	}
	if i := bytes.IndexByte(software, ' '); i > 0 {
		software = software[:i]
	}
	return proto, software, true
}
