package pipeline

import (
	"math"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/sensor/flow"
	"spanwatch/sensor/stream"
	"spanwatch/signatures/keyword"
)

// This file decides what protocol a TCP stream is parsed as. Each side is
// recognised by itself:
//
//	chunk of one side ──► patterns, probes, expectations ──► AppProto of the side
//	                                                              │
//	          the first side to be recognised (or both: the client's) is Chosen
//
// A side that cannot be recognised is parsed as what the other one is, with an
// event. A protocol that gives way to another one (app.Upgrader) is logged and
// closed, and recognition begins anew with what follows.

// feed gives the parser of a flow what is due of one direction.
func (w *worker) feed(f *flow.Flow, dir decoders.Direction, p *decoders.Packet) {
	for {
		c, ok := w.streams.NextApp(f, dir)
		if !ok {
			return
		}
		if !w.changed(f, p) {
			w.streams.Reoffer(f, dir)
			return
		}
		if f.AppProto[dir] == app.ProtoUnknown {
			opened := f.App == 0
			known, turned := w.recognise(f, dir, c, p)
			if turned {
				dir = dir.Opposite()
			}
			if !known {
				return
			}
			if opened && f.App != 0 && w.streams.SpokeFirst(f, dir.Opposite()) {
				w.streams.Reoffer(f, dir.Opposite())
				w.feed(f, dir.Opposite(), p) // what the other side said before it was understood
			}
		}
		if f.App == 0 {
			w.skipDetection(f, dir, c)
			return
		}
		res := w.parse(f, app.Input{
			Data: c.Data, Dir: dir, Timestamp: p.Timestamp, EOF: c.EOF,
			Gap: uint32(min(c.Gap, math.MaxUint32)),
		}, c.Offset)
		if res.Status == app.StatusError {
			w.ignoreStream(f)
			return
		}
		w.watch(f, dir)
		consumed := len(c.Data)
		if res.Status == app.StatusIncomplete {
			consumed = res.Consumed
		}
		w.streams.Consumed(f, dir, consumed)
		if consumed < len(c.Data) {
			if w.apps.at(f.App).upgraded != 0 {
				w.streams.Reoffer(f, dir) // the rest is another protocol's
			}
			return // the parser waits for more
		}
	}
}

// watch tells reassembly and detection what the parser of a flow has found in
// bytes of dir: the end of a message, whose bytes rules on the stream are to see
// now; or ciphertext, which they are not to see: in chunks from here on, in
// payload from the next packet on.
func (w *worker) watch(f *flow.Flow, dir decoders.Direction) {
	a := w.apps.at(f.App)
	if a.bounded != nil && a.bounded.Ended() {
		w.streams.TriggerRaw(f, dir)
	}
	if a.ciphered != nil && a.ciphered.Encrypted() && !(w.policy.full && a.proto == app.ProtoTLS) {
		w.streams.DisableRaw(f, decoders.ToServer)
		w.streams.DisableRaw(f, decoders.ToClient)
		w.ciphered = true
	}
}

// ignorePayload follows the packet in which a flow became ciphertext. Of TLS,
// what rules on the stream have not seen by then they never see, as in Suricata.
func (w *worker) ignorePayload(f *flow.Flow) {
	f.Detect.IgnorePayload()
	if w.apps.at(f.App).proto == app.ProtoTLS {
		w.streams.StopRaw(f, decoders.ToServer)
		w.streams.StopRaw(f, decoders.ToClient)
	}
}

// ignoreStream ends the parsing of both sides.
func (w *worker) ignoreStream(f *flow.Flow) {
	w.streams.DisableApp(f, decoders.ToServer)
	w.streams.DisableApp(f, decoders.ToClient)
}

// recognise asks protocol detection about the start of one direction. known
// means that there is a parser for what the side sends.
func (w *worker) recognise(f *flow.Flow, dir decoders.Direction, c stream.Chunk, p *decoders.Packet) (known, turned bool) {
	_, clientPort := f.Client()
	_, serverPort := f.Server()
	if f.ServerPort != 0 {
		serverPort = f.ServerPort
	}
	src, dst := clientPort, serverPort
	if dir == decoders.ToClient {
		src, dst = dst, src
	}
	if c.Gap > 0 { // the start is lost
		f.AppProto[dir] = f.Chosen
		if f.App == 0 {
			w.unrecognised(f)
		}
		return f.App != 0, false
	}
	found := w.apps.detect(f.Key.Proto, src, dst, w.midstream, app.Input{Data: c.Data, Dir: dir, Timestamp: p.Timestamp, EOF: c.EOF})
	if found.Answer != app.Yes && w.expected(f, dir, p) {
		return true, false
	}
	other := f.AppProto[dir.Opposite()]
	if found.Proto == app.ProtoFTP && other == app.ProtoPOP3 {
		found.Proto = other // clients of both begin with USER
	}
	switch {
	case found.Answer == app.Yes:
		if found.Reversed && other == app.ProtoUnknown && w.streams.Midstream(f) {
			dir, turned = w.turn(f, dir), true
		}
		f.AppProto[dir] = found.Proto
		proto := found.Proto
		switch {
		case other == app.ProtoFailed:
			w.appEvent(keyword.AppDetectedOneDirection)
		case dir == decoders.ToClient && proto == app.ProtoTLS && f.Former == app.ProtoUnknown &&
			!w.streams.SpokeFirst(f, decoders.ToServer) && !w.streams.Midstream(f):
			w.appEvent(keyword.AppWrongDirectionFirstData) // its clients speak first
			w.unrecognised(f)
			return false, turned
		}
		if other > app.ProtoFailed && other != proto {
			w.appEvent(keyword.AppMismatchBothDirections)
			proto = f.AppProto[decoders.ToServer]
		}
		if f.App == 0 {
			w.open(f, proto)
			w.checkExpected(f)
		}
		return f.App != 0, turned
	case found.Answer == app.Maybe && len(c.Data) <= detectLimit:
		// What is too short to be recognised is parsed when nothing follows.
		return c.EOF && f.App != 0, false
	}
	f.AppProto[dir] = app.ProtoFailed
	switch {
	case other > app.ProtoFailed:
		w.appEvent(keyword.AppDetectedOneDirection)
	case other == app.ProtoFailed,
		// The start of the client's side is missing, and without it what the
		// server sends cannot be made sense of.
		dir == decoders.ToServer && w.streams.Midstream(f) && !w.streams.MidstreamReply(f):
		w.unrecognised(f)
	}
	return f.App != 0, false
}

// What Suricata waits for on one side while the other says nothing, or hardly
// anything, and how little that is.
const (
	skipBytes   = 100000
	skipSilence = 12
)

// skipDetection gives up on a flow of which one side, that looked like nothing,
// has sent much while the other has said too little to be recognised.
func (w *worker) skipDetection(f *flow.Flow, dir decoders.Direction, c stream.Chunk) {
	other := dir.Opposite()
	if f.AppProto[dir] != app.ProtoFailed || f.AppProto[other] != app.ProtoUnknown || c.Offset+uint64(len(c.Data)) <= skipBytes {
		return
	}
	if w.streams.Size(f, other) <= skipSilence+1 { // a SYN counts
		w.appEvent(keyword.AppDetectionSkipped)
		w.unrecognised(f)
	}
}

// unrecognised ends detection without a result.
func (w *worker) unrecognised(f *flow.Flow) {
	f.Chosen = app.ProtoFailed
	w.counters.FailedTCP++
	w.ignoreStream(f)
}

// changed prepares a flow whose parser has given way to another protocol in an
// earlier packet. It returns false while the rest of the packet in which that
// happened is to wait: its transactions are inspected and logged first.
func (w *worker) changed(f *flow.Flow, p *decoders.Packet) bool {
	if f.App == 0 {
		return true
	}
	a := w.apps.at(f.App)
	if a.upgraded == 0 {
		return true
	}
	if a.upgraded == w.events.frame && p != &w.pseudo {
		return false
	}
	upgrade, _ := a.state.(app.Upgrader).Upgraded()
	w.records(f, p, decoders.ToServer, true)
	former := a.proto
	w.apps.close(f.App)
	f.App, f.TxCount = 0, 0
	f.Former, f.Chosen, f.AppProto = former, app.ProtoUnknown, [2]app.Proto{}
	f.Expected, f.ServerPort = upgrade.To, upgrade.Port
	if upgrade.To != app.ProtoUnknown && w.apps.parsers[upgrade.To] != nil && !w.apps.detector.Knows(upgrade.To) {
		// Nothing in its bytes tells it: who gave way has said what it is.
		f.AppProto = [2]app.Proto{upgrade.To, upgrade.To}
		w.open(f, upgrade.To)
	}
	return true
}

// checkExpected compares what follows a change of protocol with what was to.
func (w *worker) checkExpected(f *flow.Flow) {
	if f.Expected == app.ProtoUnknown || f.Expected == f.Chosen {
		return
	}
	w.appEvent(keyword.AppUnexpectedProtocol)
	if f.Expected == app.ProtoTLS {
		w.appEvent(keyword.AppNoTLSAfterStartTLS)
	}
}

// appEvent notes an oddity of protocol detection of the packet under work.
func (w *worker) appEvent(e keyword.AppEvent) { w.appEvents.Add(e) }
