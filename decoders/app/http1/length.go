package http1

// contentLength reads the value of a Content-Length field: the first number in
// it. before and behind say that there is more than the number.
func contentLength(b []byte) (n uint64, ok, before, behind bool) {
	b = b[skip(b, isBlank):]
	start := skip(b, func(c byte) bool { return !isDigit(c) })
	digits := skip(b[start:], isDigit)
	if digits == 0 {
		return 0, false, false, false
	}
	n, ok = number(b[start:start+digits], 10)
	rest := b[start+digits:]
	return n, ok, start > 0, skip(rest, isBlank) < len(rest)
}

// number reads digits of a base; ok is false when they exceed 64 bits.
func number(b []byte, base uint64) (n uint64, ok bool) {
	for _, c := range b {
		d := uint64(hexValue(c))
		if n > (1<<64-1-d)/base {
			return 0, false
		}
		n = n*base + d
	}
	return n, true
}

// maxChunk is the largest size of a chunk that is believed; libhtp's number.
const maxChunk = 1<<31 - 1

// chunkSize is what a line in the place of a chunk's size says.
type chunkSize uint8

const (
	sizeRead    chunkSize = iota
	sizeNone              // nothing, or more than maxChunk
	sizeInvalid           // something else
)

// isChunkSpace is white space around a chunk's size.
func isChunkSpace(c byte) bool { return isSpace(c) }

// readChunkSize reads a chunk's size, and whether it has an extension.
func readChunkSize(line []byte) (n uint64, extension bool, s chunkSize) {
	b := line[skip(line, isChunkSpace):]
	digits := skip(b, func(c byte) bool { return hexValue(c) >= 0 })
	rest := b[digits:]
	blank := skip(rest, isBlank)
	if digits == 0 {
		if blank == len(rest) {
			return 0, false, sizeNone
		}
		return 0, false, sizeInvalid
	}
	n, ok := number(b[:digits], 16)
	if !ok {
		return 0, false, sizeInvalid
	}
	if n > maxChunk {
		return 0, false, sizeNone
	}
	for _, c := range rest {
		extension = extension || c == ';'
	}
	return n, extension, sizeRead
}

// startsNoSize reports whether the line of a chunk's size, of which pending
// came before, is none as far as one can tell: then nobody waits for its end.
func startsNoSize(pending, data []byte) bool {
	if skip(pending, isChunkSpace) < len(pending) {
		return false
	}
	n := skip(data, func(c byte) bool { return isChunkSpace(c) && c != '\n' })
	return n < len(data) && data[n] != '\n' && hexValue(data[n]) < 0
}
