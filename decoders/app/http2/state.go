package http2

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

const (
	maxTxs   = 4096   // live at once, as Suricata's max-streams
	maxBlock = 102400 // of fields, with its continuations, as Suricata's max-reassembly-size
)

// State is the HTTP/2 of one flow.
type State struct {
	parser  *Parser
	live    app.Live[*Tx]
	started bool // the preface was seen
	// carriesDNS: some transaction has a DNS message.
	carriesDNS bool
	sides      [2]side
	log        *app.FrameLog // nil unless frames are marked
}

// side is one direction of the connection.
type side struct {
	decoder decoder
	data    data   // a DATA frame that is still coming
	skip    uint64 // bytes of a frame that is passed over
	block   block
}

// data is the rest of a DATA frame.
type data struct {
	open    bool
	stream  uint32
	left    int // content
	padding int
	end     bool // of the stream
}

// block is a block of fields that CONTINUATION goes on with.
type block struct {
	open   bool
	stream uint32 // of the frames
	tx     uint32 // stream that the fields are of
	end    bool   // the stream ends with the block
	cut    bool   // it is too long
	bytes  []byte
}

var (
	_ app.State   = (*State)(nil)
	_ app.Refined = (*State)(nil)
)

func newState(p *Parser) *State {
	s := &State{parser: p, live: app.NewLive(p.pool)}
	for i := range s.sides {
		s.sides[i].decoder.reset()
	}
	return s
}

// Parse reads the frames of in. Bytes that are missing are a gap of the body
// that they belong to, or are passed over with their frame; elsewhere they end
// the parsing, since a frame's length is all there is to go on by.
func (s *State) Parse(in app.Input) app.Result {
	if in.Datagram {
		return app.Result{Status: app.StatusError}
	}
	if in.Gap > 0 && !s.gap(int(in.Gap), in.Dir) {
		return app.Result{Status: app.StatusError}
	}
	at := 0
	if in.Dir == decoders.ToServer && !s.started && len(in.Data) > 0 {
		switch {
		case bytes.HasPrefix(in.Data, []byte(preface)):
			at = len(preface)
		case len(in.Data) < len(preface):
			return app.Result{Status: app.StatusIncomplete, Need: len(preface)}
		default:
			s.oddity(EventInvalidClientMagic)
		}
		s.started = true
	}
	for at < len(in.Data) {
		rest, begins := in.Data[at:], s.between(in.Dir)
		n, need, ok := s.frame(rest, in.Dir)
		switch {
		case !ok:
			return app.Result{Status: app.StatusError, Consumed: at}
		case need > 0:
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: need}
		}
		if begins && s.log != nil {
			s.mark(in.Dir, at, parseHeader(rest).length)
		}
		at += n
	}
	if in.EOF {
		s.end(in.Dir)
	}
	return app.Result{Status: app.StatusOK, Consumed: at}
}

// between reports that the next byte of a side is the first of a frame.
func (s *State) between(dir decoders.Direction) bool {
	sd := &s.sides[dir]
	return !sd.data.open && sd.skip == 0
}

// end cuts the bodies that a side has not finished when its stream ends.
func (s *State) end(dir decoders.Direction) {
	for i := range s.live.Len() {
		s.live.At(i).bodies[dir].cut(s.parser)
	}
}

// gap takes note of n bytes that were lost; false when they were of a header.
func (s *State) gap(n int, dir decoders.Direction) bool {
	sd := &s.sides[dir]
	if d := &sd.data; d.open {
		lost := min(n, d.left)
		if t := s.tx(d.stream); t != nil {
			t.bodies[dir].skip(uint64(lost))
		}
		d.left -= lost
		n -= lost
		lost = min(n, d.padding)
		d.padding -= lost
		n -= lost
		s.dataDone(dir)
	}
	if uint64(n) > sd.skip {
		return false
	}
	sd.skip -= uint64(n)
	return true
}

// frame reads the frame at the start of data, or goes on with one. It returns
// the bytes taken, or how many it takes to go on, or false when there are too
// many streams.
func (s *State) frame(data []byte, dir decoders.Direction) (n, need int, ok bool) {
	sd := &s.sides[dir]
	if sd.data.open {
		return s.dataBytes(data, dir), 0, true
	}
	if n := min(sd.skip, uint64(len(data))); n > 0 {
		sd.skip -= n
		return int(n), 0, true
	}
	if len(data) < frameHeaderLen {
		return 0, frameHeaderLen, true
	}
	h := parseHeader(data)
	if h.kind == typeData {
		return s.openData(h, data, dir)
	}
	whole := frameHeaderLen + h.length
	if h.length > maxFrame {
		t := s.begin(h.stream)
		t.events.Add(EventLongFrameData)
		t.frame(dir, h.kind)
		if h.kind == typeHeaders || h.kind == typeContinuation || h.kind == typePushPromise {
			sd.decoder.table.resize(0) // what its fields would have changed is lost
			sd.block.open = false
		}
		sd.skip = uint64(h.length)
		return frameHeaderLen, 0, true
	}
	if len(data) < whole {
		return 0, whole, true
	}
	s.control(h, data[frameHeaderLen:whole], dir)
	return whole, 0, true
}

// control takes a whole frame other than DATA.
func (s *State) control(h header, content []byte, dir decoders.Direction) {
	switch h.kind {
	case typeHeaders, typePushPromise, typeContinuation:
		s.fields(h, content, dir)
		return
	case typeSettings:
		if len(content) == 0 {
			return // an acknowledgement, or nothing to say: no transaction, as in Suricata
		}
	}
	t := s.begin(h.stream)
	t.frame(dir, h.kind)
	f := &t.sides[dir]
	ok := true
	switch h.kind {
	case typePriority:
		if ok = len(content) == 5; ok {
			f.priorities = appendBounded(f.priorities, content[4])
		}
	case typeRstStream:
		if ok = len(content) == 4; ok {
			f.errors = appendBounded(f.errors, failure{code: be32(content)})
		}
	case typeGoAway:
		if ok = len(content) >= 8; ok {
			f.errors = appendBounded(f.errors, failure{code: be32(content[4:]), goAway: true})
		}
	case typeWindowUpdate:
		if ok = len(content) == 4; ok {
			f.windows = appendBounded(f.windows, be32(content)&0x7fffffff)
		}
	case typeSettings:
		ok = len(content)%6 == 0
		s.settings(t, content, dir)
	}
	if !ok {
		t.events.Add(EventInvalidFrameLength)
	}
}

// settings takes the parameters of SETTINGS; unknown ones mean nothing.
func (s *State) settings(t *Tx, content []byte, dir decoders.Direction) {
	f := &t.sides[dir]
	for ; len(content) >= 6; content = content[6:] {
		p := setting{uint16(content[0])<<8 | uint16(content[1]), be32(content[2:])}
		if int(p.id) >= len(settingNames) || settingNames[p.id] == "" {
			continue
		}
		f.settings = appendBounded(f.settings, p)
		if p.id == settingTableSize { // of what the other side sends
			// Smaller it becomes when that side says so; to let it become
			// larger at once changes no number of an entry.
			if table := &s.sides[dir.Opposite()].decoder.table; int(p.value) > table.limit {
				table.resize(int(p.value))
			}
		}
	}
}

// fields takes HEADERS, PUSH_PROMISE and CONTINUATION.
func (s *State) fields(h header, content []byte, dir decoders.Direction) {
	b := &s.sides[dir].block
	if h.kind == typeContinuation {
		if !b.open || b.stream != h.stream {
			t := s.begin(h.stream)
			t.frame(dir, h.kind)
			t.events.Add(EventInvalidFrameData)
			return
		}
		s.begin(b.tx).frame(dir, h.kind)
	} else {
		sid := h.stream
		rest, ok := h.unpadded(content)
		if ok && h.kind == typePushPromise {
			if ok = len(rest) >= 4; ok {
				sid, rest = be32(rest)&0x7fffffff, rest[4:]
			}
		}
		t := s.begin(sid)
		if t.phase == phaseClosed {
			t.events.Add(EventStreamIDReuse)
		}
		t.frame(dir, h.kind)
		if ok && h.kind == typeHeaders && h.has(flagPriority) {
			if ok = len(rest) >= 5; ok {
				t.sides[dir].priorities = appendBounded(t.sides[dir].priorities, rest[4])
				rest = rest[5:]
			}
		}
		if !ok {
			t.events.Add(EventInvalidFrameData)
			b.open = false
			return
		}
		*b = block{open: true, stream: h.stream, tx: sid, end: h.kind == typeHeaders && h.has(flagEndStream), bytes: b.bytes[:0]}
		content = rest
	}
	if room := maxBlock - len(b.bytes); len(content) > room {
		b.cut = true
		content = content[:room]
	}
	b.bytes = append(b.bytes, content...)
	if !h.has(flagEndHeaders) {
		return
	}
	b.open = false
	t := s.begin(b.tx)
	s.decode(t, b, dir)
	if b.end {
		t.bodies[dir].close(s.parser)
		t.ended(dir)
	}
	if cap(b.bytes) > keptBlock {
		b.bytes = nil
	}
}

const keptBlock = 16 << 10

// decode reads a block of fields into a transaction.
func (s *State) decode(t *Tx, b *block, dir decoders.Direction) {
	d := &s.sides[dir].decoder
	f := &t.sides[dir]
	first := len(f.fields)
	for rest := b.bytes; len(rest) > 0; {
		n, name, value, size, fault := d.step(rest)
		switch {
		case fault == faultOverflow:
			t.events.Add(EventHeaderIntegerOverflow)
			t.events.Add(EventExtraHeaderData) // what follows cannot be read
		case fault == faultHeader:
			t.events.Add(EventInvalidHeader)
		case fault == faultShort && !b.cut:
			t.events.Add(EventInvalidFrameData)
		case size >= 0:
			f.addSize(uint64(size))
		case fault == faultNone && !f.add(name, value):
			t.events.Add(EventReassemblyLimitReached)
		}
		if n == 0 {
			break
		}
		rest = rest[n:]
	}
	if b.cut {
		t.events.Add(EventReassemblyLimitReached)
	}
	t.examine(dir, first)
	s.refine(t)
}

// refine notes that the connection carries DNS.
func (s *State) refine(t *Tx) {
	s.carriesDNS = s.carriesDNS || t.dns[0].message != nil || t.dns[1].message != nil
}

// Refined returns app.ProtoDOH2 once a DNS message came.
func (s *State) Refined() app.Proto {
	if s.carriesDNS {
		return app.ProtoDOH2
	}
	return app.ProtoUnknown
}

// openData takes the header of a DATA frame; its content follows as it comes.
func (s *State) openData(h header, b []byte, dir decoders.Direction) (n, need int, ok bool) {
	d := data{open: true, stream: h.stream, left: h.length, end: h.has(flagEndStream)}
	n = frameHeaderLen
	padded := 0
	if h.has(flagPadded) && h.length > 0 {
		if len(b) < n+1 {
			return 0, n + 1, true
		}
		padded = int(b[n])
		n++
		d.left--
	}
	t := s.begin(h.stream)
	t.frame(dir, typeData)
	switch {
	case h.stream == 0:
		t.events.Add(EventDataStreamZero)
	case t.phase == phaseClosed:
		t.events.Add(EventStreamIDReuse)
	}
	if padded > d.left {
		t.events.Add(EventInvalidFrameData)
		padded = d.left
	}
	d.padding, d.left = padded, d.left-padded
	s.sides[dir].data = d
	s.dataDone(dir)
	return n, 0, true
}

// dataBytes takes content and padding of a DATA frame.
func (s *State) dataBytes(b []byte, dir decoders.Direction) int {
	d := &s.sides[dir].data
	n := min(d.left, len(b))
	if n > 0 {
		d.left -= n
		if t := s.tx(d.stream); t != nil && d.stream != 0 {
			t.bodies[dir].write(s.parser, dir, b[:n])
		}
	}
	pad := min(d.padding, len(b)-n)
	d.padding -= pad
	s.dataDone(dir)
	return n + pad
}

// dataDone ends a DATA frame of which nothing is left.
func (s *State) dataDone(dir decoders.Direction) {
	d := &s.sides[dir].data
	if !d.open || d.left > 0 || d.padding > 0 {
		return
	}
	d.open = false
	t := s.tx(d.stream)
	if t == nil || d.stream == 0 {
		return
	}
	t.dataEnded(dir)
	if d.end {
		t.bodies[dir].close(s.parser)
		t.dnsBody(dir)
		s.refine(t)
		t.ended(dir)
	} else {
		t.carries(dir)
	}
}

// tx finds the newest transaction of a stream; nil without one.
func (s *State) tx(stream uint32) *Tx {
	if stream == 0 {
		t, _ := s.live.Last()
		return t
	}
	for i := s.live.Len() - 1; i >= 0; i-- {
		if t := s.live.At(i); t.stream == stream {
			return t
		}
	}
	return nil
}

// begin finds or makes the transaction of a stream. When there are too many,
// the oldest that waits is done with.
func (s *State) begin(stream uint32) *Tx {
	if stream != 0 {
		if t := s.tx(stream); t != nil {
			return t
		}
	}
	if s.live.Len() >= maxTxs {
		for i := range s.live.Len() {
			if t := s.live.At(i); !t.over() {
				t.events.Add(EventTooManyStreams)
				t.finish(s.parser)
				break
			}
		}
	}
	t := s.live.Add()
	t.parser, t.stream = s.parser, stream
	for d := range t.bodies {
		t.bodies[d].dns = &t.dns[d]
	}
	if stream == 0 {
		t.phase = phaseGlobal
	}
	return t
}

// oddity puts an event on the newest transaction.
func (s *State) oddity(e app.Event) {
	if t, ok := s.live.Last(); ok {
		t.events.Add(e)
	}
}

// Txs returns the transactions that were not released yet.
func (s *State) Txs() []app.Tx { return s.live.Txs() }

// Release forgets the transactions that are complete, logged and inspected.
func (s *State) Release() { s.live.Release() }

// Reset makes the state as new.
func (s *State) Reset() {
	s.live.Reset()
	s.started, s.carriesDNS, s.log = false, false, nil
	for i := range s.sides {
		sd := &s.sides[i]
		sd.decoder.reset()
		*sd = side{decoder: sd.decoder, block: block{bytes: sd.block.bytes[:0]}}
	}
}
