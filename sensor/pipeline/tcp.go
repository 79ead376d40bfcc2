package pipeline

import (
	"slices"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/sensor/flow"
	"spanwatch/signatures"
)

// detectLimit is how many bytes of one side are kept while no protocol is
// recognised. Suricata's patterns and probes need far less.
const detectLimit = 32 << 10

// tcp takes a segment into its stream, gives what became due to the parser,
// and fills in what rules may ask about the stream. It returns the packet's
// direction, which protocol detection may turn round with the flow.
//
// A packet commonly acknowledges data of the other side, so both directions
// are looked at, the acknowledged one first.
func (w *worker) tcp(f *flow.Flow, p *decoders.Packet, dir decoders.Direction, in *signatures.Input) decoders.Direction {
	v := w.streams.Packet(f, p, dir)
	before := f.Flags & flow.FlagSwapped
	w.feed(f, dir.Opposite(), p)
	if f.Flags&flow.FlagSwapped != before {
		dir = dir.Opposite()
		before = f.Flags & flow.FlagSwapped
	}
	w.feed(f, dir, p)
	if f.Flags&flow.FlagSwapped != before {
		dir = dir.Opposite()
	}
	in.Established = v.Established
	state := w.streams.State(f)
	in.Closing = state > flow.TCPEstablished && state < flow.TCPClosed
	in.InStream = v.Stored
	in.Appended, in.Offset = v.Appended, v.Offset
	in.StreamEvents = v.Events
	in.StreamSize = [2]uint32{w.streams.Size(f, decoders.ToServer), w.streams.Size(f, decoders.ToClient)}
	w.rawChunks(f, dir, in)
	return dir
}

// rawChunks collects what is due of one direction for rules on the stream.
func (w *worker) rawChunks(f *flow.Flow, dir decoders.Direction, in *signatures.Input) {
	w.chunks = w.chunks[:0]
	for {
		r, ok := w.streams.NextRaw(f, dir)
		if !ok {
			break
		}
		w.chunks = append(w.chunks, signatures.StreamChunk{Data: r.Data, Dir: dir, Offset: r.Offset, End: r.End})
	}
	in.Stream = w.chunks
}

// finishFlow inspects and reports what is left of a flow that ends: data that
// was never acknowledged, bodies and transactions that were never completed.
// A packet that was not on the wire stands for the end in each direction. As in
// Suricata there is none for a flow that was dropped.
func (w *worker) finishFlow(f *flow.Flow) {
	if m := &w.events; m.position == atBatchEnd {
		m.rank = rankOf(f)
		m.index = 2 // counts anew for each flow; flow records have 0 and 1
	}
	w.regions = [2]uint32{}
	if f.Stream == 0 {
		if f.App != 0 && !f.Detect.Dropped() {
			w.endPacket(f, decoders.ToServer)
			w.records(f, &w.pseudo, decoders.ToServer, true)
		}
		return
	}
	if f.Detect.Dropped() {
		w.closeStream(f)
		return
	}
	state := w.streams.State(f)
	open := state >= flow.TCPEstablished && state < flow.TCPClosed
	w.streams.Finish(f)
	// One side after the other, so that what the server's last bytes show is an
	// alert in their direction only.
	for _, dir := range [2]decoders.Direction{decoders.ToServer, decoders.ToClient} {
		w.endPacket(f, dir)
		unfinished := open || f.App != 0 && w.unfinished(f, dir)
		w.feed(f, dir, &w.pseudo)
		unfinished = unfinished || f.App != 0 && w.apps.at(f.App).advanced[dir]
		in := &w.last
		*in = signatures.Input{Packet: &w.pseudo, Dir: dir, Pseudo: true, Unfinished: unfinished, InStream: true}
		state := w.streams.State(f)
		in.Established = state >= flow.TCPEstablished
		in.StreamSize = [2]uint32{w.streams.Size(f, decoders.ToServer), w.streams.Size(f, decoders.ToClient)}
		w.rawChunks(f, dir, in)
		// As in Suricata, nothing is inspected of a session that was closed when
		// everybody was done with it. Nobody is, with one that was encrypted.
		left := len(in.Stream) > 0 || in.Established && state != flow.TCPClosed
		if f.App != 0 {
			a := w.apps.at(f.App)
			a.advanced[dir] = true
			left = left || len(a.state.Txs()) > 0 || a.ciphered != nil && a.ciphered.Encrypted()
		}
		if left {
			w.inspect(in, f)
		}
		w.records(f, &w.pseudo, dir, false)
	}
	w.records(f, &w.pseudo, decoders.ToServer, true)
	w.closeStream(f)
}

// closeStream ends the reassembly of a flow that ends, whose record is next.
func (w *worker) closeStream(f *flow.Flow) {
	w.noteGaps(f)
	w.regions = w.streams.Regions(f)
	w.streams.Close(f)
}

// unfinished says whether a flow with a parser has transactions without record.
// It forgets that some have moved in dir, so that what moves from here on shows.
func (w *worker) unfinished(f *flow.Flow, dir decoders.Direction) bool {
	a := w.apps.at(f.App)
	a.advanced[dir] = false
	return slices.ContainsFunc(a.state.Txs(), func(tx app.Tx) bool { return !tx.State().Logged })
}

// endPacket makes w.pseudo the last packet of one direction of a flow.
func (w *worker) endPacket(f *flow.Flow, dir decoders.Direction) {
	client, clientPort := f.Client()
	server, serverPort := f.Server()
	w.pseudo = decoders.Packet{
		Timestamp: w.events.now, IPVersion: f.Key.IPVersion, Proto: f.Key.Proto, VLANs: f.Key.VLANs,
		Src: client, Dst: server, SrcPort: clientPort, DstPort: serverPort, Depth: f.Key.Depth, Tunnel: f.Key.Tunnel,
	}
	p := &w.pseudo
	for p.VLANCount < uint8(len(p.VLANs)) && p.VLANs[p.VLANCount] != 0 {
		p.VLANCount++
	}
	if f.Key.IPVersion == 4 {
		p.Layers |= decoders.LayerIPv4
	} else {
		p.Layers |= decoders.LayerIPv6
	}
	switch f.Key.Proto {
	case protoTCP:
		p.Layers |= decoders.LayerTCP
	case protoUDP:
		p.Layers |= decoders.LayerUDP
	}
	if dir == decoders.ToClient {
		p.Src, p.Dst, p.SrcPort, p.DstPort = p.Dst, p.Src, p.DstPort, p.SrcPort
	}
}
