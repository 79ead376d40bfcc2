package pipeline

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app/file"
	"spanwatch/decoders/app/http1"
	"spanwatch/exporter/event"
	"spanwatch/sensor/flow"
)

// httpRecords turns the parser's record into the exporter's, which shares its
// bytes; the memory for lists is reused.
type httpRecords struct {
	event   event.HTTP
	headers [2][]event.HTTPHeader
	dump    bool // all header fields
}

// of fills in the http object of a transaction.
func (m *httpRecords) of(tx *http1.Tx) *event.HTTPRecord {
	r := tx.Record()
	m.event.HTTPRecord = event.HTTPRecord{
		Hostname: text(r.Hostname), Port: uint16(r.Port), URL: text(r.URL), UserAgent: text(r.UserAgent),
		ContentType: text(r.ContentType), Referer: text(r.Referer), Method: text(r.Method), Protocol: text(r.Protocol),
		HasStatus: r.Status != 0, Status: uint16(r.Status), StatusText: text(r.StatusText), Redirect: text(r.Redirect),
		XFF: text(r.XFF), HasLength: true, Length: r.Length,
	}
	h := &m.event.HTTPRecord
	if c := r.Range; c != nil {
		h.ContentRange = event.ContentRange{
			Raw: c.Raw, HasSpan: c.Valid, Start: int64(c.Start), End: int64(c.End), HasTotal: c.Valid && c.Size > 0, Size: int64(c.Size),
		}
	}
	if m.dump {
		for dir := range m.headers {
			list := m.headers[dir][:0]
			for i := 0; ; i++ {
				name, value, ok := tx.Header(decoders.Direction(dir), i)
				if !ok {
					break
				}
				list = append(list, event.HTTPHeader{Name: name, Value: value})
			}
			m.headers[dir] = list
		}
		h.RequestHeaders, h.ResponseHeaders = m.headers[decoders.ToServer], m.headers[decoders.ToClient]
	}
	return h
}

// text makes an empty value an absent one.
func text(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// httpRecord reports one request with its response.
func (w *worker) httpRecord(tx *http1.Tx, p *decoders.Packet, f *flow.Flow) {
	m := &w.events
	if !m.wanted[event.TypeHTTP] {
		return
	}
	m.http.of(tx)
	h := &m.http.event
	m.begin(&h.Envelope)
	m.ofFlowSides(&h.Envelope, f, p, decoders.ToServer)
	h.HasTx, h.TxID = true, tx.ID()
	start := len(w.out.text)
	w.out.text = m.enc.AppendHTTP(w.out.text, h)
	w.done(event.TypeHTTP, &h.Envelope, start, 0, 0)
}

// fileRecord reports a file that a transaction carried; m.appText is the record
// of that transaction.
func (w *worker) fileRecord(x *file.File, tx uint64, dir decoders.Direction, p *decoders.Packet, f *flow.Flow) {
	m := &w.events
	e := &m.file
	*e = event.FileInfo{App: m.appText}
	w.fileObject(e, x)
	m.begin(&e.Envelope)
	m.ofFlowSides(&e.Envelope, f, p, dir)
	e.AppProto = f.Protocol().String()
	e.HasTx, e.TxID = true, tx
	start := len(w.out.text)
	w.out.text = m.enc.AppendFileInfo(w.out.text, e)
	w.done(event.TypeFileInfo, &e.Envelope, start, 0, 0)
}
