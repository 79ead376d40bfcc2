package mqtt

import "spanwatch/decoders/app"

// textLimit is how much is told of a text that users choose, as Suricata's
// default string-log-limit.
const textLimit = 1024

// AppendRecord tells of an exchange, in the words of EVE: an object a packet.
func (t *Tx) AppendRecord(r *app.Record) bool {
	for i := range t.count {
		m := &t.messages[i]
		r.Object(kindNames[m.kind])
		r.Uint("qos", uint64(m.qos))
		r.Bool("retain", m.retain)
		r.Bool("dup", m.dup)
		if m.skipped {
			r.Uint("skipped_length", uint64(m.length))
		} else {
			m.record(r)
		}
		r.End()
	}
	return true
}

func (m *message) record(r *app.Record) {
	switch m.kind {
	case kindConnect:
		m.recordConnect(r)
	case kindConnack:
		r.Bool("session_present", m.sessionPresent)
		r.Uint("return_code", uint64(m.code))
	case kindPublish:
		r.Text("topic", m.topic)
		m.recordID(r)
		r.LimitedText("message", m.content, textLimit)
	case kindSubscribe:
		m.recordID(r)
		r.List("topics")
		for _, topic := range m.topics {
			r.Object("")
			r.Text("topic", topic.name)
			r.Uint("qos", uint64(topic.qos))
			r.End()
		}
		r.End()
	case kindUnsubscribe:
		m.recordID(r)
		r.List("topics")
		for _, topic := range m.topics {
			r.Text("", topic.name)
		}
		r.End()
		return // EVE has no properties of this and the next two
	case kindSuback:
		m.recordID(r)
		m.recordCodes(r, "qos_granted")
		return
	case kindUnsuback:
		m.recordID(r)
		if len(m.codes) > 0 {
			m.recordCodes(r, "reason_codes")
		}
		return
	default:
		m.recordID(r)
		if m.hasCode {
			r.Uint("reason_code", uint64(m.code))
		}
	}
	recordProperties(r, m.properties)
}

func (m *message) recordConnect(r *app.Record) {
	r.Text("protocol_string", m.protocol)
	r.Uint("protocol_version", uint64(m.version))
	r.Text("client_id", m.client)
	r.Object("flags")
	r.Bool("username", m.connectFlags&flagUsername != 0)
	r.Bool("password", m.connectFlags&flagPassword != 0)
	r.Bool("will_retain", m.connectFlags&flagWillRetain != 0)
	r.Bool("will", m.connectFlags&flagWill != 0)
	r.Bool("clean_session", m.connectFlags&flagCleanSession != 0)
	r.End()
	if m.connectFlags&flagUsername != 0 {
		r.Text("username", m.username)
	}
	if m.connectFlags&flagPassword != 0 {
		r.Text("password", m.password)
	}
	if m.connectFlags&flagWill != 0 {
		r.Object("will")
		r.Text("topic", m.willTopic)
		r.LimitedText("message", m.willMessage, textLimit)
		recordProperties(r, m.willProperties)
		r.End()
	}
}

func (m *message) recordID(r *app.Record) {
	if m.hasID {
		r.Uint("message_id", uint64(m.id))
	}
}

func (m *message) recordCodes(r *app.Record, name string) {
	r.List(name)
	for _, c := range m.codes {
		r.Uint("", uint64(c))
	}
	r.End()
}
