package pipeline

import (
	"bytes"
	"strconv"
	"strings"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/dns"
	"spanwatch/decoders/app/ftp"
	"spanwatch/decoders/app/http1"
	"spanwatch/decoders/app/http2"
	"spanwatch/decoders/app/smtp"
	"spanwatch/decoders/app/ssh"
	"spanwatch/decoders/app/tls"
	"spanwatch/exporter/event"
	"spanwatch/sensor/flow"
	"spanwatch/signatures"
	"spanwatch/signatures/keyword"
)

// alert encodes a match. Whether it is given out is decided by the merge
// stage, where the rule's thresholds go across flows.
func (w *worker) alert(match *signatures.Match, p *decoders.Packet, f *flow.Flow, in *signatures.Input) {
	m := &w.events
	if !match.Alert || !m.wanted[event.TypeAlert] {
		return
	}
	sig := match.Sig
	a := &m.alert
	m.ruleText = sig.AppendAlert(m.ruleText[:0])
	*a = event.Alert{
		GID: sig.Gid(), SID: sig.Sid(), Rule: m.ruleText, Blocked: blocked(match),
		Target: target(sig), Payload: p.Payload(),
	}
	a.Packet, a.LinkType = m.evidence(p)
	if match.Stream || match.Tx != nil && p.Layers.Has(decoders.LayerTCP) {
		a.Stream, a.Payload = true, m.streamPayload(in)
	}
	if len(a.Payload) == 0 {
		a.Payload = nil
	}
	if match.Frame != nil {
		a.Frame = m.frameOf(match.Frame, in)
	}
	v := &a.Envelope
	m.begin(v)
	m.ofPacket(v, p)
	if tx := alertTx(match, f, in); tx != nil {
		v.HasTx, v.TxID = true, tx.ID()
		proto := w.apps.at(f.App).proto
		a.TSProgress, a.TCProgress = keyword.StageName(proto, tx, decoders.ToServer), keyword.StageName(proto, tx, decoders.ToClient)
		a.App = w.appMember(f, proto, tx, m.bodies)
		if a.App != nil {
			m.appText = w.alertFiles(a.App, tx, in.Dir, match.File)
			a.App = m.appText
		}
	}
	m.clearMetadata()
	if f != nil {
		f.Flags |= flow.FlagAlerted
		m.ofFlow(v, f)
		v.Direction = direction(in.Dir)
		appProtos(v, f)
		client, clientPort := f.Client()
		server, serverPort := f.Server()
		m.alertFlow = event.AlertFlow{
			Counts: counts(f.Packets, f.Bytes), Start: f.FirstSeen, IPVersion: f.Key.IPVersion,
			Src: event.Addr(client), Dst: event.Addr(server), SrcPort: clientPort, DstPort: serverPort,
			Ports: f.Key.Proto != protoICMP && f.Key.Proto != protoICMPv6, CaptureLoss: w.captureLoss(f),
		}
		if f.Key.Proto == protoTCP {
			gaps := w.gaps(f)
			m.alertFlow.TSGap, m.alertFlow.TCGap = gaps[decoders.ToServer], gaps[decoders.ToClient]
		}
		a.Flow = &m.alertFlow
	}
	if len(match.Captured) > 0 {
		m.captured(w.inspector, a, match.Captured)
	}
	start := len(w.out.text)
	w.out.text = m.enc.AppendAlert(w.out.text, a)
	e := w.done(event.TypeAlert, v, start, a.GID, a.SID)
	e.match = *match
	if f != nil {
		e.flow = f.ID
	}
	e.match.Tx, e.match.Captured, e.match.Frame = nil, nil, nil // not valid any more when the merge stage decides
	e.src, e.dst, e.version = p.Src, p.Dst, p.IPVersion
}

// alertTx is the transaction that an alert tells of: that of the match; of a rule
// on the datagrams of a protocol the one that the datagram brought; nil for others.
func alertTx(match *signatures.Match, f *flow.Flow, in *signatures.Input) app.Tx {
	if match.Tx != nil || f == nil || f.App == 0 || f.Key.Proto != protoUDP || !match.Sig.NamesProtocol() {
		return match.Tx
	}
	for _, tx := range in.Txs {
		if u, ok := tx.(app.Unidirectional); !ok || u.Direction() == in.Dir {
			return tx
		}
	}
	return nil
}

// frameOf is the frame that a rule matched, for the event.
func (m *eventMaker) frameOf(f *signatures.FrameMatch, in *signatures.Input) *event.Frame {
	_, name, _ := strings.Cut(f.Name, ".")
	m.alertFrame = event.Frame{
		Type: name, ID: f.ID, ToClient: in.Dir == decoders.ToClient, Datagram: in.Packet.Layers.Has(decoders.LayerUDP),
		Offset: f.Start, Complete: f.Len >= 0, Length: uint64(max(f.Len, 0)), Payload: f.Data, HasTx: f.HasTx, TxID: f.TxID,
	}
	return &m.alertFrame
}

// blocked says whether an alert is of a packet that is answered or dropped. A
// rule with drop does so in the path only, where this sensor is not; EVE says it
// of a rate_filter's drop all the same.
func blocked(m *signatures.Match) bool {
	return m.Action == signatures.ActionReject || m.Action == signatures.ActionDrop && m.Sig.Action() != signatures.ActionDrop
}

// appMember renders the record of an alert's transaction, of HTTP with bodies if
// they are wanted; nil without one.
func (w *worker) appMember(f *flow.Flow, proto app.Proto, tx app.Tx, bodies bool) []byte {
	m := &w.events
	switch t := tx.(type) {
	case *dns.Tx:
		record := m.dns.of(t)
		if record == nil {
			return nil
		}
		record.HasTx, record.TxID = true, t.ID()
		m.appText = m.enc.AppendDNSMember(m.appText[:0], record)
	case *http1.Tx:
		record := m.http.of(t)
		if bodies {
			record.RequestBody, _ = t.Body(decoders.ToServer)
			record.ResponseBody, _ = t.Body(decoders.ToClient)
		}
		m.appText = m.enc.AppendHTTPMember(m.appText[:0], record)
	case *tls.Tx:
		m.app.ofTLS(t, t.SoFar(), f.Former)
		m.appText = m.enc.AppendTLSMember(m.appText[:0], &m.app.tls.TLSRecord)
	case *ssh.Tx:
		if !m.app.ofSSH(t) {
			return nil
		}
		m.appText = m.enc.AppendSSHMember(m.appText[:0], &m.app.ssh.SSHRecord)
	case *smtp.Tx:
		m.app.ofSMTP(t)
		m.appText = m.enc.AppendSMTPMembers(m.appText[:0], &m.app.smtp.SMTPRecord)
	case *ftp.Tx:
		m.app.ofFTP(t)
		m.appText = m.enc.AppendFTPMember(m.appText[:0], &m.app.ftp.FTPRecord)
	case *ftp.DataTx:
		m.app.ofFTPData(t)
		m.appText = m.enc.AppendFTPDataMember(m.appText[:0], &m.app.ftpData.FTPDataRecord)
	case app.Recorder:
		object, beside := m.defined.of(t, m.payload)
		if object == nil {
			return nil
		}
		m.appText = event.AppendAppMember(m.appText[:0], w.apps.types[proto], object, beside)
		if stream, ok := tx.(*http2.Tx); ok {
			if message := carriedDNS(stream); message != nil {
				record := m.dns.of(message)
				record.HasTx, record.TxID = true, 0
				m.appText = m.enc.AppendDNSMember(append(m.appText, ','), record)
			}
		}
	default:
		return nil
	}
	return m.appText
}

// streamPayload is the evidence of a match on the stream, or on a transaction
// that it carries, which the packet under work may only acknowledge: the chunks
// that were inspected, with a note where bytes between them were lost.
func (m *eventMaker) streamPayload(in *signatures.Input) []byte {
	switch chunks := in.Stream; len(chunks) {
	case 0:
		return in.Packet.Payload()
	case 1:
		return chunks[0].Data
	}
	m.streamText = m.streamText[:0]
	end := in.Stream[0].Offset
	for _, c := range in.Stream {
		if c.Offset > end {
			m.streamText = append(m.streamText, '[')
			m.streamText = strconv.AppendUint(m.streamText, c.Offset-end, 10)
			m.streamText = append(m.streamText, " bytes missing]"...)
		}
		m.streamText = append(m.streamText, c.Data...)
		end = c.Offset + uint64(len(c.Data))
	}
	return m.streamText
}

func target(s *signatures.Signature) event.Target {
	switch s.Target() {
	case keyword.TargetSource:
		return event.TargetSrc
	case keyword.TargetDestination:
		return event.TargetDst
	}
	return event.TargetNone
}

// setAction changes the action of an encoded alert, when a rate_filter decided
// on another one after encoding. The two words have the same length. A drop that
// was decided so is told of as one, whatever this sensor can do about it.
func setAction(text []byte, a signatures.Action) {
	const member = `,"alert":{"action":"`
	verdict := a.Verdict()
	if a == signatures.ActionDrop {
		verdict = signatures.ActionReject.Verdict()
	}
	if i := bytes.Index(text, []byte(member)); i >= 0 {
		copy(text[i+len(member):], verdict)
	}
}
