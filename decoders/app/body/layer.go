package body

import "errors"

// maxPrefix is how much of a layer's input is kept until it yields something,
// to try another encoding on it. The longest start of valid data without
// output is a gzip header with its texts, or a dynamic block's code lengths
// (under 400 bytes).
const maxPrefix = 4 << 10

// maxRestarts bounds the encodings tried on one body, the named one not
// counted.
const maxRestarts = 3

var (
	errCorrupt = errors.New("corrupt data")
	errStopped = errors.New("no more output wanted")
)

// decoder is one encoding. write consumes all of p, and what it can not use
// yet it keeps; done means that the encoded data ended, whatever follows.
type decoder interface {
	reset()
	write(p []byte, out stage) (done bool, err error)
	// finish is called when the body ends before the encoded data does.
	finish(out stage) error
}

// layer undoes one encoding, after finding out which it really is.
type layer struct {
	encoding Encoding
	decoder  decoder
	state    layerState
	restarts int
	prefix   []byte // input so far, until there is output
	yielded  bool

	deflate *deflate // these three keep their memory from body to body
	brotli  *brotliDecoder
	lzma    *lzmaDecoder
}

type layerState uint8

const (
	decoding layerState = iota
	passing             // is not encoded at all
	over                // the encoded data ended, or broke
)

func (l *layer) start(e Encoding) {
	l.state, l.restarts, l.yielded = decoding, 0, false
	l.prefix = l.prefix[:0]
	l.use(e)
}

func (l *layer) use(e Encoding) {
	l.encoding = e
	switch e {
	case Brotli:
		if l.brotli == nil {
			l.brotli = newBrotli()
		}
		l.decoder = l.brotli
	case LZMA:
		if l.lzma == nil {
			l.lzma = &lzmaDecoder{}
		}
		l.decoder = l.lzma
	default:
		if l.deflate == nil {
			l.deflate = &deflate{}
		}
		l.deflate.wrapping = e
		l.decoder = l.deflate
	}
	l.decoder.reset()
}

// write returns false when the sink wants no more.
func (l *layer) write(p []byte, out stage) bool {
	switch l.state {
	case passing:
		return out.emit(p)
	case over:
		return true
	}
	if l.yielded {
		return l.run(p, out)
	}
	l.prefix = append(l.prefix, p[:min(len(p), maxPrefix-len(l.prefix))]...)
	return l.run(p, out)
}

func (l *layer) run(p []byte, out stage) bool {
	for {
		probe := yieldProbe{layer: l}
		done, err := l.decoder.write(p, out)
		probe.end()
		switch {
		case err == errStopped:
			return false
		case done:
			l.state = over
			return true
		case err == nil:
			return true
		case l.yielded:
			l.state = over
			return true
		case l.restarts == maxRestarts:
			l.state = passing
			return out.emit(l.prefix) && out.emit(beyond(p, l.prefix))
		}
		l.restarts++
		l.use(l.encoding.alternative())
		p = l.prefix
	}
}
