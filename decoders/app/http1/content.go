package http1

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/body"
)

// Bounds of decompression; libhtp's numbers. A body that exceeds both is a bomb.
const (
	bombSize  = 1 << 20 // decoded bytes
	bombRatio = 2048    // decoded bytes for one that was sent
)

var _ body.Sink = (*message)(nil)

// takeChunk takes bytes of a chunk.
func takeChunk(sd *side, m *message, data []byte) ([]byte, verdict) {
	n := min(uint64(len(data)), sd.left)
	if n == 0 {
		return nil, wait
	}
	m.addBody(data[:n])
	if sd.left -= n; sd.left > 0 {
		return nil, wait
	}
	sd.step = stepChunkEnd
	return data[n:], goOn
}

// takeChunkEnd takes the line end behind a chunk, with whatever stands in it.
func takeChunkEnd(sd *side, m *message, data []byte) ([]byte, verdict) {
	end := bytes.IndexByte(data, '\n') + 1
	if end == 0 {
		m.wire += uint64(len(data))
		return nil, wait
	}
	m.wire += uint64(end)
	sd.step = stepChunkSize
	return data[end:], goOn
}

// startTrailer gets ready for the fields behind the last chunk.
func (m *message) startTrailer() {
	m.progress = InTrailer
	m.block, m.at = len(m.head), len(m.head)
}

// startDecoding finds out how the body is encoded.
func (m *message) startDecoding() {
	value, ok := m.value("content-encoding")
	if !ok {
		return
	}
	if e, ok := encodingOf(value); ok {
		m.decode(e)
		return
	}
	c := &m.tx.parser.config
	layers, lzma := 0, 0
	for len(value) > 0 {
		n := skip(value, func(c byte) bool { return c != ',' && c != ' ' })
		name := value[:n]
		value = value[min(n+1, len(value)):]
		if n == 0 {
			continue
		}
		if layers++; layers > c.DecodeLayers {
			m.tx.events.add(app.EventHTTPTooManyEncodingLayers)
			return
		}
		e, usual := roughEncoding(name)
		if !usual {
			m.tx.events.add(app.EventHTTPAbnormalCEHeader)
		}
		if e == body.LZMA {
			if lzma++; lzma > c.LZMALayers {
				m.tx.events.add(m.pick(app.EventHTTPRequestTooManyLZMALayers, app.EventHTTPResponseTooManyLZMALayers))
				return
			}
		}
		m.decode(e)
	}
}

// encodingOf knows the names of encodings.
func encodingOf(name []byte) (body.Encoding, bool) {
	switch {
	case equalLoose(name, "gzip"), equalLoose(name, "x-gzip"):
		return body.Gzip, true
	case equalLoose(name, "deflate"), equalLoose(name, "x-deflate"):
		return body.Deflate, true
	case equalLoose(name, "br"):
		return body.Brotli, true
	case equalLoose(name, "lzma"):
		return body.LZMA, true
	case equalLoose(name, "identity"), equalLoose(name, "inflate"), equalLoose(name, "none"):
		return body.Identity, true
	}
	return body.Identity, false
}

// roughEncoding takes what contains the name of an encoding for it, as some
// browsers do. usual says that it is the name.
func roughEncoding(name []byte) (e body.Encoding, usual bool) {
	switch {
	case containsLoose(name, "gzip"):
		return body.Gzip, string(name) == "gzip" || string(name) == "x-gzip"
	case containsLoose(name, "deflate"):
		return body.Deflate, string(name) == "deflate" || string(name) == "x-deflate"
	case string(name) == "lzma":
		return body.LZMA, true
	case string(name) == "br":
		return body.Brotli, true
	}
	return body.Identity, string(name) == "identity" || string(name) == "inflate" || string(name) == "none"
}

func (m *message) decode(e body.Encoding) {
	if e == body.Identity {
		return
	}
	if m.decoder == nil {
		m.decoder = m.tx.parser.takeDecoder()
	}
	m.decoder.Add(e)
	m.decoding = true
}

// addBody takes bytes of the body as they were sent, without chunk sizes.
func (m *message) addBody(data []byte) {
	m.wire += uint64(len(data))
	if !m.decoding {
		m.Body(data)
		return
	}
	m.decoder.Decode(data, m)
}

// addExtra takes bytes behind the end of a body. To an encoded one they can
// not belong.
func (m *message) addExtra(data []byte) {
	m.tx.parser.stats.Extra += uint64(len(data))
	m.wire += uint64(len(data))
	if m.decoder == nil {
		m.Body(data)
		m.closeFiles()
	}
}

// Body takes decoded bytes. It is called by the decoder.
func (m *message) Body(p []byte) bool {
	if m.cut {
		return false
	}
	m.length += uint64(len(p))
	if m.decoding && m.length > bombSize && m.length/bombRatio > m.wire {
		m.tx.events.add(app.EventHTTPCompressionBomb)
		m.tx.parser.stats.BodiesBomb++
		m.cutBody()
		return false
	}
	if limit := m.limits().Limit; limit > 0 {
		left := limit - min(limit, m.body.seen)
		if uint64(len(p)) > left {
			m.content(p[:left])
			m.cutBody()
			return false
		}
	}
	m.content(p)
	return true
}

func (m *message) limits() *BodyConfig {
	if m.dir == decoders.ToServer {
		return &m.tx.parser.config.Request
	}
	return &m.tx.parser.config.Response
}

// cutBody ends what is followed of the body before it ends.
func (m *message) cutBody() {
	if !m.cut {
		m.cut = true
		m.tx.parser.stats.BodiesCut++
		m.truncateFiles()
	}
}

func (m *message) content(p []byte) {
	if len(p) == 0 {
		return
	}
	m.body.add(p, &m.tx.parser.bodies)
	if m.limits().Limit == 0 {
		m.body.prune()
	}
	m.fileContent(p)
}

// missBody says that n bytes of the body are missing. Encoded data can not be
// decoded any further.
func (m *message) missBody(n uint64) {
	m.wire += n
	if m.decoding {
		m.decoder.Finish(m)
		m.decoder.Reset()
		m.decoding = false
		m.cutBody()
		return
	}
	m.length += n
	if n > 0 && !m.cut {
		m.body.miss(n)
		m.fileGap(n)
	}
}

// endBody says that the body is over.
func (m *message) endBody() {
	if m.progress == InTrailer {
		clear(m.built[:]) // the trailer's fields are among the header's
	}
	if m.decoding {
		m.decoder.Finish(m)
		m.decoding = false
	}
	m.body.ended = true
	m.closeFiles()
}
