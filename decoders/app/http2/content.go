package http2

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app/body"
	"spanwatch/decoders/app/file"
)

// Bounds of decompression. A body that exceeds both is a bomb; of it no more
// is decoded.
const (
	bombSize  = 1 << 20 // decoded bytes
	bombRatio = 2048    // decoded bytes for one that was sent
)

// content is the body of a side, decoded.
type content struct {
	file.Content
	decoder *body.Decoder // nil unless the body is encoded
	parser  *Parser       // set during a call of decoder
	sent    uint64        // bytes as they were sent
	failed  bool          // the decoder did not understand them
	bomb    bool
	dns     *carried // takes the body as well
}

var _ body.Sink = (*content)(nil)

// write takes bytes of a body as they were sent.
func (c *content) write(p *Parser, dir decoders.Direction, b []byte) {
	if c.Ended() || c.failed {
		return
	}
	c.sent += uint64(len(b))
	if c.decoder == nil {
		c.begin(p, dir)
		c.append(b)
		return
	}
	c.parser, c.Dir = p, dir
	c.decoder.Decode(b, c)
	c.failed = c.decoder.Broken()
	c.parser = nil
}

func (c *content) begin(p *Parser, dir decoders.Direction) {
	if c.State == file.Unused {
		c.Dir = dir
		c.Start(nil, p.hashes)
	}
}

func (c *content) append(b []byte) {
	c.Append(b)
	c.dns.take(b)
}

// Body takes decoded bytes. What the decoder only passes on is none of the body.
func (c *content) Body(b []byte) bool {
	if c.decoder.Broken() {
		return false
	}
	if c.parser != nil {
		c.begin(c.parser, c.Dir)
	}
	c.append(b)
	c.bomb = c.Size > bombSize && c.Size/bombRatio > c.sent
	return !c.bomb
}

// skip takes note of bytes that were lost; encoded ones make the rest useless.
func (c *content) skip(n uint64) {
	if n > 0 && c.State != file.Unused && !c.Ended() {
		c.Skip(n)
		if c.decoder != nil {
			c.Truncate()
		}
	}
}

// close ends the body.
func (c *content) close(p *Parser) {
	if c.State != file.Unused && !c.Ended() {
		if c.decoder != nil {
			c.decoder.Finish(c)
		}
		c.Close()
	}
	c.giveBack(p)
}

// cut ends a body that is not complete.
func (c *content) cut(p *Parser) {
	if c.State != file.Unused && !c.Ended() {
		c.Truncate()
	}
	c.giveBack(p)
}

func (c *content) giveBack(p *Parser) {
	if c.decoder != nil {
		p.giveDecoder(c.decoder)
		c.decoder = nil
	}
}

// encoded says how the body is encoded, before it begins. Of several encodings
// the first counts, as in Suricata.
func (c *content) encoded(p *Parser, e body.Encoding) {
	if c.decoder == nil && c.State == file.Unused && e != body.Identity {
		c.decoder = p.takeDecoder()
		c.decoder.Add(e)
	}
}

func encodingOf(name []byte) body.Encoding {
	switch string(name) {
	case "gzip":
		return body.Gzip
	case "deflate":
		return body.Deflate
	case "br":
		return body.Brotli
	}
	return body.Identity
}

func (c *content) clear(p *Parser) {
	if p != nil {
		c.giveBack(p)
	}
	c.Content.Clear()
	*c = content{Content: c.Content}
}
