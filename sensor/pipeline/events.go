package pipeline

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/exporter/event"
	"spanwatch/sensor/flow"
	"spanwatch/signatures"
)

// eventMaker turns packets, flows, matches and transactions into encoded
// events of one worker. Nothing here allocates once its memory has grown.
type eventMaker struct {
	enc     *event.Encoder
	wanted  [event.NumTypes]bool
	replay  bool // write pcap_cnt
	macsOn  bool // write ether
	payload bool // write payload into alerts
	bodies  bool // write bodies of HTTP into alerts
	seed    uint16
	names   []string // of capture interfaces, when live
	merged  []bool   // by interface: capture sees frames that were several on the wire
	geo     geoLookup
	apps    *appTable             // the worker's
	rules   *signatures.Inspector // the worker's

	// Where in the batch the worker is.
	b        *batch
	position uint32
	frame    uint64 // number of the frame under work, or the last one
	index    uint32 // events of that frame so far
	rank     uint64 // of the flow under work, at the end of a batch
	now      int64

	community      []byte // scratch
	communityFor   uint64 // flow id whose community id is in community; 0 is none
	tunnel         event.Tunnel
	flow           event.Flow
	tcp            event.TCP
	bandwidth      event.Bandwidth
	accounting     event.Accounting
	interval       event.Interval
	alert          event.Alert
	ruleText       []byte // scratch: what an alert says about its rule
	streamText     []byte // scratch: payload of an alert on the stream
	alertFlow      event.AlertFlow
	alertFrame     event.Frame
	anomaly        event.Anomaly
	dns            dnsRecords
	http           httpRecords
	app            appRecords
	defined        definedRecords
	file           event.FileInfo
	arp            event.ARP
	ether          event.Ether
	macs           [2]event.MAC
	frameBytes     []byte // a rebuilt datagram behind a link header
	decoderEvents  []decoders.Event
	appEvents      []app.Event
	appText        []byte
	metadata       event.Metadata
	context        []byte // of an alert, members of JSON
	srcGeo, dstGeo event.Geo

	otherProtocols bool
	anomalyLimit   uint64               // anomalies of one kind written; 0 is no bound
	anomalies      [anomalyKinds]uint64 // of each kind that this worker made

	streamEvents []decoders.StreamEvent
}

func newEventMaker(o *Options) (eventMaker, error) {
	enc, err := event.NewEncoder(encoderOptions(o))
	if err != nil {
		return eventMaker{}, err
	}
	wanted, err := wantedTypes(o.Config.Events.Types)
	var merged []bool
	if o.Kernel != nil {
		for _, c := range o.Kernel.Choices() {
			merged = append(merged, c.Merged)
		}
	}
	return eventMaker{
		merged: merged, enc: enc, wanted: wanted, replay: o.Replay, seed: o.Config.Flow.CommunityIDSeed, names: o.Interfaces,
		macsOn: o.Config.Events.Ethernet, payload: o.Config.Events.AlertPayload, geo: newGeoLookup(o.Geo), otherProtocols: o.Config.Flow.OtherProtocols,
		anomalyLimit: uint64(o.Config.Events.AnomaliesPerType), http: httpRecords{dump: o.Config.Events.HTTPHeaders}, bodies: o.Config.Events.AlertHTTPBody,
	}, err
}

// atPacket tells that what follows is made of packet i of b.
func (m *eventMaker) atPacket(b *batch, i uint32) {
	p := &b.packets[i]
	m.b, m.position, m.frame, m.now, m.rank = b, i, p.Number, p.Timestamp, 0
	// Packets of one frame may be dealt to different workers, and their events
	// must have the same index for any number of them.
	m.index = uint32(b.extra[i].ordinal) << 16
}

// atBatchEnd tells that what follows is made of no packet.
func (m *eventMaker) atBatchEnd(b *batch) {
	m.b, m.position, m.frame, m.now, m.index = b, atBatchEnd, b.last, b.endTime, 0
}

// begin resets the common members of an event to those of this moment.
func (m *eventMaker) begin(v *event.Envelope) {
	*v = event.Envelope{Time: m.now, Packet: m.frame, Index: m.index}
	m.index++
}

// ofPacket fills in what the packet says: its own direction, not the flow's.
func (m *eventMaker) ofPacket(v *event.Envelope, p *decoders.Packet) {
	if m.replay {
		v.PcapCnt = p.Number // 0 for the end of a flow, and left out
	} else {
		v.Interface = m.interfaceName(p.Interface)
	}
	v.VLANs, v.VLANCount = p.VLANs, p.VLANCount
	v.PktSrc = packetSource(p)
	if m.macsOn {
		v.Ether = m.ethernet(p)
	}
	if p.IPVersion == 0 || p.Refused == decoders.ReasonIPv4Options { // a header that is wrong has no say
		return
	}
	v.IPVersion, v.Proto = p.IPVersion, p.Proto
	v.Src, v.Dst = event.Addr(p.Src), event.Addr(p.Dst)
	if p.IPVersion == 6 && p.Layers.Has(decoders.LayerFragment) {
		v.Proto = protoIPv6Fragment // only the first fragment knows the transport
	}
	v.SrcPort, v.DstPort = p.SrcPort, p.DstPort
	if p.Layers&(decoders.LayerICMPv4|decoders.LayerICMPv6) != 0 {
		v.HasICMP, v.ICMPType, v.ICMPCode = true, p.ICMPType, p.ICMPCode
	}
	m.locate(v, p.Src, p.Dst, p.IPVersion)
	// The packet that stands for the end of a flow came in no other.
	if p.Depth > 0 && m.position != atBatchEnd && p == &m.b.packets[m.position] {
		if outer := m.b.extra[m.position].outer; outer >= 0 {
			o := &m.b.packets[outer]
			m.tunnel = event.Tunnel{IPVersion: o.IPVersion, Src: event.Addr(o.Src), Dst: event.Addr(o.Dst),
				SrcPort: o.SrcPort, DstPort: o.DstPort, Proto: o.Proto, Depth: o.Depth, PktSrc: packetSource(o)}
			if m.replay {
				m.tunnel.PcapCnt = o.Number
			}
			v.Tunnel = &m.tunnel
		}
	}
}

// ethernet is the addresses of a frame; nil for a packet without.
func (m *eventMaker) ethernet(p *decoders.Packet) *event.Ether {
	const addresses = 12
	if !p.Layers.Has(decoders.LayerEthernet) || len(p.Data) < int(p.EthOffset)+addresses {
		return nil
	}
	h := p.Data[p.EthOffset:]
	m.macs = [2]event.MAC{event.MAC(h[6:12]), event.MAC(h[:6])}
	m.ether = event.Ether{Src: m.macs[:1], Dst: m.macs[1:]}
	return &m.ether
}

// evidence is the bytes of a packet from its link header on, and what that is.
// A rebuilt datagram has the header of the fragment that completed it; what a
// tunnel carries is raw IP to Suricata.
func (m *eventMaker) evidence(p *decoders.Packet) (packet []byte, link uint16) {
	const rawIP = 12 // DLT_RAW
	link = uint16(p.Link)
	if p.Depth > 0 {
		link = rawIP
	}
	if !p.Rebuilt || m.position == atBatchEnd || m.b.extra[m.position].fragments == 0 {
		return p.Data, link
	}
	fragment := &m.b.packets[m.b.extra[m.position].fragment]
	if fragment.Rebuilt || fragment.Depth > 0 || int(fragment.IPOffset) > len(fragment.Data) {
		return p.Data, link
	}
	m.frameBytes = append(append(m.frameBytes[:0], fragment.Data[:fragment.IPOffset]...), p.Data...)
	return m.frameBytes, uint16(fragment.Link)
}

// locate fills in where two addresses are.
func (m *eventMaker) locate(v *event.Envelope, src, dst decoders.Addr, version uint8) {
	v.SrcGeo = m.geo.into(&m.srcGeo, src, version)
	v.DstGeo = m.geo.into(&m.dstGeo, dst, version)
}

// ofFlowSides fills in the flow's addresses, from client to server whichever way
// the packet went: so EVE has them in records of transactions with two sides.
func (m *eventMaker) ofFlowSides(v *event.Envelope, f *flow.Flow, p *decoders.Packet, from decoders.Direction) {
	m.ofPacket(v, p)
	client, clientPort := f.Client()
	server, serverPort := f.Server()
	if from == decoders.ToClient {
		client, clientPort, server, serverPort = server, serverPort, client, clientPort
	}
	v.Src, v.SrcPort, v.Dst, v.DstPort = event.Addr(client), clientPort, event.Addr(server), serverPort
	m.locate(v, client, server, f.Key.IPVersion)
	m.ofFlow(v, f)
}

// ofFlow fills in what names the flow, and what rules remember of it.
func (m *eventMaker) ofFlow(v *event.Envelope, f *flow.Flow) {
	v.FlowID = f.ID
	if f.App != 0 {
		v.ParentID = m.apps.at(f.App).parent
	}
	v.CommunityID = m.communityID(f)
	m.variables(v, f)
}

func (m *eventMaker) communityID(f *flow.Flow) []byte {
	if m.communityFor != f.ID {
		m.community = flow.AppendCommunityID(m.community[:0], f, m.seed)
		m.communityFor = f.ID
	}
	return m.community
}

func (m *eventMaker) interfaceName(i uint16) string {
	if int(i) < len(m.names) {
		return m.names[i]
	}
	return ""
}

// packetSource says how the packet came here.
func packetSource(p *decoders.Packet) event.PktSrc {
	switch {
	case p.Number == 0: // the end of a flow
		return event.PktSrcStreamFlowEnd
	case p.Rebuilt:
		return event.PktSrcDefrag
	}
	switch p.Tunnel {
	case decoders.TunnelGRE:
		return event.PktSrcGRE
	case decoders.TunnelERSPAN:
		return event.PktSrcERSPAN
	case decoders.TunnelIPIP:
		return event.PktSrcIPv4Tunnel
	case decoders.TunnelIPv6:
		return event.PktSrcIPv6Tunnel
	case decoders.TunnelVXLAN:
		return event.PktSrcVXLAN
	case decoders.TunnelGeneve:
		return event.PktSrcGeneve
	case decoders.TunnelGTPU:
		return event.PktSrcGTPU
	case decoders.TunnelTeredo:
		return event.PktSrcTeredo
	}
	return event.PktSrcWire
}

func direction(d decoders.Direction) event.Direction {
	if d == decoders.ToServer {
		return event.DirectionToServer
	}
	return event.DirectionToClient
}

// done books the event that was appended to the output's text from start on.
func (w *worker) done(t event.Type, v *event.Envelope, start int, gid, sid uint32) *madeEvent {
	o, m := w.out, &w.events
	keyStart := len(o.keys)
	o.keys = append(o.keys, v.CommunityID...)
	o.events = append(o.events, madeEvent{
		position: m.position, start: uint32(start), end: uint32(len(o.text)),
		keyStart: uint32(keyStart), keyEnd: uint32(len(o.keys)),
		rank: m.rank, kind: t, id: m.enc.ID(t, v, gid, sid), time: v.Time,
	})
	w.counters.Made[t]++
	return &o.events[len(o.events)-1]
}

// anomalies reports the decoder and stream events of a packet.
func (w *worker) anomalies(p *decoders.Packet, f *flow.Flow, session *decoders.StreamEventSet) {
	m := &w.events
	if !m.wanted[event.TypeAnomaly] {
		return
	}
	m.decoderEvents = p.Events.Append(m.decoderEvents[:0])
	for _, e := range m.decoderEvents {
		if w.unheard(int(e)) {
			w.anomaly(p, f, event.AnomalyDecode, e.String()).anomaly = uint16(e) + 1
		}
	}
	m.streamEvents = session.Append(m.streamEvents[:0])
	for _, e := range m.streamEvents {
		if w.unheard(decoderKinds + int(e)) {
			w.anomaly(p, f, event.AnomalyStream, e.String()).anomaly = decoderKinds + uint16(e) + 1
		}
	}
}

// unheard reports whether another anomaly of a kind may be written. The merge
// stage decides, over all workers; what one worker alone has had enough of
// needs no encoding.
func (w *worker) unheard(kind int) bool {
	m := &w.events
	if m.anomalyLimit > 0 && m.anomalies[kind] >= m.anomalyLimit {
		w.counters.Muted++
		m.index++ // as if it were made, so that ids do not depend on the number of workers
		return false
	}
	m.anomalies[kind]++
	return true
}

func (w *worker) anomaly(p *decoders.Packet, f *flow.Flow, kind event.AnomalyKind, name string) *madeEvent {
	m := &w.events
	a := &m.anomaly
	m.begin(&a.Envelope)
	m.ofPacket(&a.Envelope, p)
	if f != nil {
		m.ofFlow(&a.Envelope, f)
	}
	a.Kind, a.Event, a.Layer, a.App = kind, name, "", ""
	start := len(w.out.text)
	w.out.text = m.enc.AppendAnomaly(w.out.text, a)
	return w.done(event.TypeAnomaly, &a.Envelope, start, 0, 0)
}
