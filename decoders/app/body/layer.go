package body

import "errors"

// maxPrefix is how much of a layer's input is kept until it yields something,
// to try another encoding on it. The longest start of valid data without
// output is a gzip header with its texts, or a dynamic block's code lengths
// (under 400 bytes).
const maxPrefix = 4 << 10

// maxHeld is how much output of another encoding than the named one is held
// back until the attempt is believed. Random bytes seldom inflate that far.
const maxHeld = 8 << 10

// maxRestarts bounds the encodings tried on one body, the named one not
// counted.
const maxRestarts = 3

var (
	errCorrupt = errors.New("corrupt data")
	errEnough  = errors.New("no more output wanted")
)

// decoder is one encoding. It takes all that it is given and keeps what it
// can not use yet.
type decoder interface {
	reset()
	// write decodes p into l.emit. done says that the encoded data ended.
	write(p []byte, l *layer) (done bool, err error)
	// finish decodes what is left when nothing follows.
	finish(l *layer) error
}

// layer undoes one encoding, after finding out which it really is.
type layer struct {
	encoding Encoding
	decoder  decoder
	state    layerState
	restarts int
	prefix   []byte // input so far, until there is output
	held     []byte // output of an attempt that may still fail
	yielded  bool   // something was passed on
	broken   bool   // it is not encoded as it says
	next     stage  // set during a call

	deflate *deflate // these three keep their memory from body to body
	brotli  *brotliDecoder
	lzma    *lzmaDecoder
}

type layerState uint8

const (
	decoding layerState = iota
	passing             // it is not encoded at all
	over                // the encoded data ended, or broke
)

func (l *layer) start(e Encoding) {
	l.state, l.restarts, l.yielded, l.broken = decoding, 0, false, false
	l.prefix, l.held = l.prefix[:0], l.held[:0]
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

// alternative is what a body that is not of encoding e is tried as.
func (e Encoding) alternative() Encoding {
	switch e {
	case Deflate:
		return Zlib
	case Zlib:
		return Gzip
	}
	return Deflate
}

// write gives p to the layer; false means that the sink wants no more.
func (l *layer) write(p []byte, next stage) bool {
	l.next = next
	defer func() { l.next = stage{} }()
	switch l.state {
	case passing:
		return next.emit(p)
	case over:
		return true
	}
	err := l.feed(p)
	for err == errCorrupt && !l.yielded && l.restarts < maxRestarts {
		l.restarts++
		l.held = l.held[:0]
		l.use(l.encoding.alternative())
		if err = l.feed(l.prefix); err == nil {
			err = l.feed(p)
		}
	}
	switch {
	case err == errEnough:
		return false
	case err == nil:
		l.remember(p)
		return true
	case l.yielded:
		l.state, l.broken = over, true
		return true
	}
	l.state, l.broken = passing, true
	return next.emit(l.prefix) && next.emit(p)
}

func (l *layer) feed(p []byte) error {
	if l.state != decoding || len(p) == 0 {
		return nil
	}
	done, err := l.decoder.write(p, l)
	if done {
		l.state = over
		return l.commit()
	}
	return err
}

// remember keeps input for another attempt. When it is too long without any
// output there will be none.
func (l *layer) remember(p []byte) {
	switch {
	case l.yielded || l.state != decoding:
		l.prefix = l.prefix[:0]
	case len(l.prefix)+len(p) > maxPrefix:
		l.prefix = l.prefix[:0]
		l.restarts = maxRestarts
		l.yielded = true
	default:
		l.prefix = append(l.prefix, p...)
	}
}

// emit takes output of the decoder.
func (l *layer) emit(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	if l.restarts > 0 && !l.yielded {
		l.held = append(l.held, p...)
		if len(l.held) < maxHeld {
			return nil
		}
		return l.commit()
	}
	l.yielded = true
	if !l.next.emit(p) {
		return errEnough
	}
	return nil
}

// commit passes on what was held back.
func (l *layer) commit() error {
	if len(l.held) == 0 {
		return nil
	}
	l.yielded = true
	more := l.next.emit(l.held)
	l.held = l.held[:0]
	if !more {
		return errEnough
	}
	return nil
}

func (l *layer) finish(next stage) bool {
	l.next = next
	defer func() { l.next = stage{} }()
	if l.state != decoding {
		return true
	}
	l.state = over
	if err := l.decoder.finish(l); err == errEnough {
		return false
	}
	return l.commit() == nil
}
