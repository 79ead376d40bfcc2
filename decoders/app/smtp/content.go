package smtp

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

const (
	// maxContent bounds the bytes of an attachment that wait for inspection
	// from one Parse to the next; the oldest give way when nobody inspects them.
	// Within one Parse all that comes is kept.
	maxContent  = 64 << 10
	keptContent = 48 << 10 // bytes that one attachment keeps memory for
)

// content is the end of a decoded attachment: what file.data has yet to see,
// and the window before it.
//
//	0 ............... start ....... inspected ......... end
//	    given up         │ window      │     new         │
//	                     └──────────── data ─────────────┘
type content struct {
	data      []byte
	start     uint64 // offset of data in the attachment
	inspected uint64 // offset up to which it was inspected
	asked     uint64 // offset of the end of the piece given out
	given     bool   // a piece was given out since the last Inspected
	closed    bool
	finished  bool // the end was inspected
	magic     []byte
}

func (c *content) end() uint64 { return c.start + uint64(len(c.data)) }

func (c *content) write(p []byte) { c.data = append(c.data, p...) }

// trim gives up what nobody wanted to inspect.
func (c *content) trim(bound int) {
	if len(c.data) > bound {
		c.drop(len(c.data) - bound)
		if cap(c.data) > 4*bound {
			c.data = append(make([]byte, 0, bound), c.data...)
		}
	}
}

// gap forgets what came before n lost bytes: nothing matches across them.
func (c *content) gap(n uint64) {
	c.start = c.end() + n
	c.inspected = max(c.inspected, c.start)
	c.data = c.data[:0]
}

func (c *content) drop(n int) {
	c.start += uint64(n)
	c.data = c.data[:copy(c.data, c.data[n:])]
}

// piece returns what is due for inspection: the first time at least least
// bytes or the whole attachment.
func (c *content) piece(least, window int) app.Piece {
	end := c.end()
	p := app.Piece{Offset: c.start, EOF: c.closed}
	c.given = true
	c.asked = end
	switch {
	case c.finished, !c.closed && end == c.inspected:
	case !c.closed && end < uint64(least):
		c.asked = c.inspected
	default:
		from := c.start
		if c.inspected > uint64(window) {
			from = max(from, c.inspected-uint64(window))
		}
		p.Offset = from
		p.Data = c.data[from-c.start:]
	}
	return p
}

func (c *content) done(window int) {
	if !c.given {
		return
	}
	c.given = false
	c.inspected = max(c.inspected, c.asked)
	c.finished = c.closed && c.inspected == c.end()
	if c.inspected > uint64(window) && c.inspected-uint64(window) > c.start {
		c.drop(int(c.inspected - uint64(window) - c.start))
	}
}

func (c *content) reset() {
	data := c.data[:0]
	if cap(data) > keptContent {
		data = nil
	}
	*c = content{data: data, magic: c.magic[:0]}
}

// Stream returns what is due of attachment i for file.data.
func (t *Tx) Stream(b app.Buffer, i int) (app.Piece, bool) {
	if b != app.FileData || i < 0 || i >= len(t.content) {
		return app.Piece{}, false
	}
	c := &t.flow.parser.config
	return t.content[i].piece(c.InspectMin, c.InspectWindow), true
}

// Inspected says that the pieces given out are done with. Attachments run to
// the server only.
func (t *Tx) Inspected(dir decoders.Direction) {
	if dir != decoders.ToServer {
		return
	}
	for i := range t.content {
		t.content[i].done(t.flow.parser.config.InspectWindow)
	}
}
