package body

// Encoding is a content encoding.
type Encoding uint8

// Encodings. Zlib is no name of its own in HTTP: what is labelled deflate may
// have its header or not.
const (
	Identity Encoding = iota
	Gzip
	Deflate
	Zlib
	Brotli
	LZMA
)

// MaxLayers bounds the encodings upon each other that a Decoder undoes.
const MaxLayers = 8

// Sink takes decoded bytes, borrowed until Body returns. It answers false when
// it wants no more of this body: decoding stops, since a small input can stand
// for a large output.
type Sink interface {
	Body(p []byte) bool
}

// Decoder undoes the encodings of one body. The zero value has none and passes
// everything on.
type Decoder struct {
	layers  []*layer // in the order that bytes pass them
	spare   []*layer
	stopped bool
}

// Reset forgets the body at hand and keeps the memory for the next one.
func (d *Decoder) Reset() {
	d.spare = append(d.spare, d.layers...)
	d.layers = d.layers[:0]
	d.stopped = false
}

// Add says that the encodings added so far were applied first and e upon them.
// Identity adds nothing; false means that there are MaxLayers already.
func (d *Decoder) Add(e Encoding) bool {
	if e == Identity {
		return true
	}
	if len(d.layers) == MaxLayers {
		return false
	}
	var l *layer
	if n := len(d.spare); n > 0 {
		l = d.spare[n-1]
		d.spare = d.spare[:n-1]
	} else {
		l = &layer{}
	}
	l.start(e)
	d.layers = append(d.layers, nil)
	copy(d.layers[1:], d.layers)
	d.layers[0] = l
	return true
}

// Broken reports that a layer is not encoded as it says: from there on the sink
// gets its bytes as they are, or none when some were decoded before.
func (d *Decoder) Broken() bool {
	for _, l := range d.layers {
		if l.broken {
			return true
		}
	}
	return false
}

// Layers is the number of encodings to undo.
func (d *Decoder) Layers() int { return len(d.layers) }

// Decode takes the next piece of the body and gives the sink what it stands
// for. It reports whether more is wanted.
func (d *Decoder) Decode(p []byte, to Sink) bool {
	if !d.stopped {
		d.stopped = !d.pass(0, p, to)
	}
	return !d.stopped
}

// Finish says that the body is over and gives the sink what was held back.
func (d *Decoder) Finish(to Sink) {
	for i, l := range d.layers {
		if d.stopped {
			return
		}
		d.stopped = !l.finish(stage{d, i + 1, to})
	}
}

// pass gives bytes to layer i, or to the sink behind the last.
func (d *Decoder) pass(i int, p []byte, to Sink) bool {
	if len(p) == 0 {
		return true
	}
	if i == len(d.layers) {
		return to.Body(p)
	}
	return d.layers[i].write(p, stage{d, i + 1, to})
}

// stage is where a layer's output goes.
type stage struct {
	d  *Decoder
	at int
	to Sink
}

func (s stage) emit(p []byte) bool { return s.d.pass(s.at, p, s.to) }
