package pipeline

import (
	"math"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/file"
	"spanwatch/exporter/event"
	"spanwatch/sensor/flow"
)

// definedRecords turns the records of protocols that define themselves
// (app.Definition) into events; the memory is reused.
type definedRecords struct {
	record app.Record
	object event.Object
	text   []byte
	beside []byte
	event  event.App
}

// of renders the record of a transaction as a JSON object, with payload for
// alerts, nil without one, and the objects beside it as members. They are valid
// until the next call.
func (m *definedRecords) of(tx app.Recorder, payload bool) (object, beside []byte) {
	m.record.Reset()
	if !tx.AppendRecord(&m.record) {
		return nil, nil
	}
	if d, ok := tx.(app.Detailed); ok && payload {
		d.AppendDetails(&m.record)
	}
	m.text = m.render(m.text[:0])
	m.beside = m.beside[:0]
	if c, ok := tx.(app.Companion); ok {
		m.record.Reset()
		name := c.AppendCompanion(&m.record)
		m.beside = append(append(append(m.beside, '"'), name...), `":`...)
		m.beside = m.render(m.beside)
	}
	return m.text, m.beside
}

// render writes the record behind dst.
func (m *definedRecords) render(dst []byte) []byte {
	o := &m.object
	o.Begin(dst)
	for _, item := range m.record.Items() {
		switch item.Kind {
		case app.ItemEnd:
			o.End()
		case app.ItemObject:
			o.Object(item.Name)
		case app.ItemList:
			o.List(item.Name)
		case app.ItemText:
			if item.Number > 0 {
				o.CutText(item.Name, item.Text, item.Number)
			} else {
				o.Text(item.Name, item.Text)
			}
		case app.ItemWord:
			o.String(item.Name, item.Word)
		case app.ItemUint:
			o.Uint(item.Name, item.Number)
		case app.ItemInt:
			o.Int(item.Name, int64(item.Number))
		case app.ItemBool:
			o.Bool(item.Name, item.Number != 0)
		case app.ItemAddress:
			o.Address(item.Name, item.Text)
		case app.ItemMAC:
			o.MAC(item.Name, item.Text)
		case app.ItemBase64:
			o.Base64(item.Name, item.Text)
		case app.ItemFloat:
			o.Float(item.Name, math.Float64frombits(item.Number))
		}
	}
	return o.Finish()
}

// fileCarrier is implemented by transactions that carry files.
type fileCarrier interface {
	// File returns file i and its direction; nil when there is none.
	File(i int) (*file.File, decoders.Direction)
}

// definedRecord reports a transaction of a protocol that defines itself.
func (w *worker) definedRecord(proto app.Proto, tx app.Tx, p *decoders.Packet, f *flow.Flow) {
	m := &w.events
	kind := w.apps.types[proto]
	recorder, ok := tx.(app.Recorder)
	if !ok || !m.wanted[kind] {
		return
	}
	object, beside := m.defined.of(recorder, false)
	if object == nil {
		return
	}
	e := &m.defined.event
	m.begin(&e.Envelope)
	if w.apps.flowSides[proto] {
		m.ofFlowSides(&e.Envelope, f, p, decoders.ToServer)
	} else {
		m.ofPacket(&e.Envelope, p)
		m.ofFlow(&e.Envelope, f)
	}
	e.HasTx, e.TxID = true, tx.ID()
	e.Type, e.Object, e.Beside = kind, object, beside
	start := len(w.out.text)
	w.out.text = m.enc.AppendApp(w.out.text, e)
	w.done(kind, &e.Envelope, start, 0, 0)
}
