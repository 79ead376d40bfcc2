package pipeline

import (
	"spanwatch/exporter/event"
	"spanwatch/sensor/flow"
	"spanwatch/signatures"
	"spanwatch/signatures/keyword"
)

// variables adds what rules left behind on the flow: flowbits, and the numbers
// and texts of its variables.
func (m *eventMaker) variables(v *event.Envelope, f *flow.Flow) {
	d := &m.metadata
	m.clearMetadata()
	d.Flowbits = m.rules.Flowbits(&f.Detect, d.Flowbits)
	m.rules.FlowVariables(&f.Detect, func(name string, number uint32, text []byte) {
		if text == nil {
			d.Flowints = append(d.Flowints, event.NamedInt{Name: name, Value: uint64(number)})
		} else {
			d.Flowvars = append(d.Flowvars, event.NamedText{Name: name, Value: text})
		}
	})
	m.useMetadata(v)
}

func (m *eventMaker) clearMetadata() {
	d := &m.metadata
	d.Flowbits, d.Flowints, d.Flowvars, d.Pktvars = d.Flowbits[:0], d.Flowints[:0], d.Flowvars[:0], d.Pktvars[:0]
}

func (m *eventMaker) useMetadata(v *event.Envelope) {
	if d := &m.metadata; len(d.Flowbits)+len(d.Flowints)+len(d.Flowvars)+len(d.Pktvars) > 0 {
		v.Metadata = d
	}
}

// captured adds what the expressions and datasets of the rule caught: variables
// of the packet, and what is to be shown with the alert.
func (m *eventMaker) captured(i *signatures.Inspector, a *event.Alert, captured []keyword.Captured) {
	m.context = m.context[:0]
	for k := range captured {
		c := &captured[k]
		switch c.Kind {
		case keyword.CapturePacket:
			name := string(c.Key)
			if c.Key == nil {
				name = i.Variable(c.Name)
			}
			m.metadata.Pktvars = append(m.metadata.Pktvars, event.NamedText{Name: name, Value: c.Value})
		case keyword.CaptureAlert:
			m.context = event.AppendText(append(event.AppendString(m.contextComma(), i.Variable(c.Name)), ':'), c.Value)
		case keyword.CaptureContext:
			m.context = append(append(event.AppendString(m.contextComma(), c.Label), ':'), c.Value...)
		}
	}
	a.Context = m.context
	m.useMetadata(&a.Envelope)
}

func (m *eventMaker) contextComma() []byte {
	if len(m.context) > 0 {
		m.context = append(m.context, ',')
	}
	return m.context
}
