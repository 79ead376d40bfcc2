package pipeline

import (
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
	"spanwatch/signatures/keyword"
)

// records reports the transactions that have become complete, or all when the
// flow ends, once each, and lets the parser forget what is done with.
func (w *worker) records(f *flow.Flow, p *decoders.Packet, dir decoders.Direction, end bool) {
	if f.App == 0 {
		return
	}
	a := w.apps.at(f.App)
	if !a.recordable && !end {
		return // as it was at the packet before, or rules of this direction would have looked
	}
	a.recordable = false
	for _, tx := range a.state.Txs() {
		st := tx.State()
		w.fileRecords(a.proto, tx, p, f, dir, end)
		if st.Logged || !end && !loggable(tx) {
			continue
		}
		st.Logged = true
		if st.Silent {
			continue
		}
		w.appAnomalies(a.proto, tx, p, f)
		switch t := tx.(type) {
		case *dns.Tx:
			w.dnsRecord(t, p, f)
		case *http1.Tx:
			w.httpRecord(t, p, f)
		case *tls.Tx:
			w.tlsRecord(t, p, f)
		case *ssh.Tx:
			w.sshRecord(t, p, f)
		case *smtp.Tx:
			w.smtpRecord(t, p, f)
		case *ftp.Tx:
			w.ftpRecord(t, p, f)
		case *ftp.DataTx:
			w.ftpDataRecord(t, p, f)
		case *http2.Tx:
			if message := carriedDNS(t); message != nil {
				w.dohRecord(t, message, p, f)
			} else {
				w.definedRecord(a.proto, tx, p, f)
			}
		default:
			w.definedRecord(a.proto, tx, p, f)
		}
	}
	a.state.Release()
}

// loggable says whether the record of a transaction is what it will be. A TLS or
// SSH session goes on for long after its handshake, which is all that is told.
func loggable(tx app.Tx) bool {
	switch t := tx.(type) {
	case *tls.Tx:
		return t.Loggable() || complete(tx)
	case *ssh.Tx:
		return t.Loggable(true) || complete(tx)
	}
	return complete(tx)
}

// complete says whether nothing more is to come for the transaction.
func complete(tx app.Tx) bool {
	if u, ok := tx.(app.Unidirectional); ok {
		return tx.Complete(u.Direction())
	}
	return tx.Complete(decoders.ToServer) && tx.Complete(decoders.ToClient)
}

// appAnomalies reports the oddities that the parser saw in a transaction.
func (w *worker) appAnomalies(proto app.Proto, tx app.Tx, p *decoders.Packet, f *flow.Flow) {
	m := &w.events
	m.appEvents = tx.AppendEvents(m.appEvents[:0])
	for _, e := range m.appEvents {
		w.counters.Apps[proto].Events++
		if !m.wanted[event.TypeAnomaly] {
			continue
		}
		a := &m.anomaly
		m.begin(&a.Envelope)
		m.ofPacket(&a.Envelope, p)
		m.ofFlow(&a.Envelope, f)
		a.HasTx, a.TxID = true, tx.ID()
		a.Kind, a.Event, a.Layer, a.App = event.AnomalyApp, anomalyName(proto, e), "proto_parser", proto.String()
		start := len(w.out.text)
		w.out.text = m.enc.AppendAnomaly(w.out.text, a)
		w.done(event.TypeAnomaly, &a.Envelope, start, 0, 0)
	}
}

// anomalyName is an event's name as Suricata logs it: that of rules, in capitals
// for the protocols whose events came with its oldest parsers.
func anomalyName(proto app.Proto, e app.Event) string {
	switch proto {
	case app.ProtoHTTP, app.ProtoTLS, app.ProtoSMTP, app.ProtoDNP3:
		return strings.ToUpper(e.String())
	}
	return e.String()
}

// detectionAnomalies reports what protocol detection found odd with a packet.
func (w *worker) detectionAnomalies(p *decoders.Packet, f *flow.Flow) {
	m := &w.events
	if !m.wanted[event.TypeAnomaly] {
		return
	}
	for e := range keyword.AppEventCount {
		if !w.appEvents.Has(e) {
			continue
		}
		a := &m.anomaly
		m.begin(&a.Envelope)
		m.ofPacket(&a.Envelope, p)
		m.ofFlow(&a.Envelope, f)
		a.HasTx = false
		a.Kind, a.Event, a.Layer, a.App = event.AnomalyApp, e.Anomaly(), "proto_detect", f.Protocol().String()
		start := len(w.out.text)
		w.out.text = m.enc.AppendAnomaly(w.out.text, a)
		w.done(event.TypeAnomaly, &a.Envelope, start, 0, 0)
	}
}

// dnsRecord reports one DNS message.
func (w *worker) dnsRecord(tx *dns.Tx, p *decoders.Packet, f *flow.Flow) {
	m := &w.events
	if !m.wanted[event.TypeDNS] {
		return
	}
	d := m.dns.of(tx)
	if d == nil {
		return
	}
	m.begin(&d.Envelope)
	m.ofPacket(&d.Envelope, p)
	m.ofFlow(&d.Envelope, f)
	d.HasTx, d.TxID = true, tx.ID()
	w.writeDNS(d, nil)
}

// carriedDNS returns the DNS message that records of a stream of HTTP/2 tell of:
// the response, without one the request; nil when it carries none.
func carriedDNS(tx *http2.Tx) *dns.Tx {
	for _, dir := range [2]decoders.Direction{decoders.ToClient, decoders.ToServer} {
		if message, ok := tx.Carried(dir).(*dns.Tx); ok {
			return message
		}
	}
	return nil
}

// dohRecord reports a DNS message together with the stream of HTTP/2 that carried
// it, from client to server.
func (w *worker) dohRecord(tx *http2.Tx, message *dns.Tx, p *decoders.Packet, f *flow.Flow) {
	m := &w.events
	d := m.dns.of(message)
	if d == nil || !m.wanted[event.TypeDNS] {
		return
	}
	m.begin(&d.Envelope)
	m.ofFlowSides(&d.Envelope, f, p, decoders.ToServer)
	d.HasTx, d.TxID = true, 0 // the only message of its side
	var carrier []byte
	if object, beside := m.defined.of(tx, false); object != nil {
		m.appText = event.AppendAppMember(append(m.appText[:0], ','), event.TypeHTTP, object, beside)
		carrier = m.appText
	}
	w.writeDNS(d, carrier)
}

// writeDNS writes the events of a DNS message; carrier are further members.
func (w *worker) writeDNS(d *event.DNS, carrier []byte) {
	m := &w.events
	for i := range m.enc.DNSCount(d) {
		if i > 0 { // a further event of its own identity
			d.Index = m.index
			m.index++
		}
		start := len(w.out.text)
		w.out.text = append(m.enc.AppendDNS(w.out.text, d, i), carrier...)
		w.done(event.TypeDNS, &d.Envelope, start, 0, 0)
	}
}

// dnsRecords turns the parser's record into the exporter's, which shares its
// bytes; the memory for lists and for texts made on the way is reused.
type dnsRecords struct {
	record  event.DNS
	text    []byte
	options []event.DNSOption
}

// of returns nil for a message that could not be read.
func (m *dnsRecords) of(tx *dns.Tx) *event.DNS {
	r := tx.Record()
	if r == nil {
		return nil
	}
	m.text, m.options = m.text[:0], m.options[:0]
	d := &m.record
	d.Response, d.ID, d.Flags, d.Rcode = r.Response, r.ID, r.Flags, uint16(r.Rcode())
	d.Queries = d.Queries[:0]
	for i := range r.Queries {
		q := &r.Queries[i]
		d.Queries = append(d.Queries, event.DNSQuery{Name: q.Name.Text, Truncated: q.Name.Truncated, Type: uint16(q.Type)})
	}
	d.Answers = m.section(d.Answers[:0], r.Answers)
	d.Authorities = m.section(d.Authorities[:0], r.Authorities)
	d.Additionals = m.section(d.Additionals[:0], r.Additionals)
	return d
}

func (m *dnsRecords) section(dst []event.DNSRecord, records []dns.RR) []event.DNSRecord {
	for i := range records {
		r := &records[i]
		if _, _, _, some := dns.NextOption(r.Data); r.Form == dns.FormOPT && !some {
			continue // says nothing
		}
		e := event.DNSRecord{Name: r.Name.Text, Truncated: r.Name.Truncated, Type: uint16(r.Type), TTL: r.TTL}
		switch r.Form {
		case dns.FormAddress:
			switch copy(e.Addr[:], r.Data) {
			case 4:
				e.Data = event.DNSAddr4
			case 16:
				e.Data = event.DNSAddr6
			}
		case dns.FormName:
			e.Data, e.Text, e.TextTruncated = event.DNSText, r.Target.Text, r.Target.Truncated
		case dns.FormText:
			// An event per string would be one record too many: EVE has one rdata.
			start := len(m.text)
			for text, rest, ok := dns.NextString(r.Data); ok; text, rest, ok = dns.NextString(rest) {
				m.text = append(m.text, text...)
			}
			e.Data, e.Text = event.DNSText, m.text[start:len(m.text):len(m.text)]
		case dns.FormBytes:
			e.Data, e.Text = event.DNSText, r.Data
		case dns.FormSOA:
			e.Data = event.DNSSOA
			e.SOA = event.SOA{MName: r.Target.Text, RName: r.Mailbox.Text,
				Serial: r.Serial, Refresh: r.Refresh, Retry: r.Retry, Expire: r.Expire, Minimum: r.Minimum}
		case dns.FormSRV:
			e.Data = event.DNSSRV
			e.SRV = event.SRV{Priority: r.Priority, Weight: r.Weight, Port: r.Port, Target: r.Target.Text}
		case dns.FormSSHFP:
			e.Data = event.DNSSSHFP
			e.SSHFP = event.SSHFP{Algorithm: r.Algorithm, Type: r.FingerprintType, Fingerprint: r.Data}
		case dns.FormOPT:
			e.Data = event.DNSOPT
			start := len(m.options)
			for code, data, rest, ok := dns.NextOption(r.Data); ok; code, data, rest, ok = dns.NextOption(rest) {
				m.options = append(m.options, event.DNSOption{Code: code, Data: data})
			}
			e.Options = m.options[start:len(m.options):len(m.options)]
		}
		dst = append(dst, e)
	}
	return dst
}
