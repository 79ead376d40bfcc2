package mqtt

import "spanwatch/decoders/app"

// Buffers that rules can look at.
const (
	bufferClientID = app.FirstField + app.Buffer(app.ProtoMQTT)*app.FieldsPerProtocol + iota
	bufferUsername
	bufferPassword
	bufferProtocol
	bufferWillTopic
	bufferWillMessage
	bufferTopic
	bufferMessage
	bufferSubscribeTopic
	bufferUnsubscribeTopic
	bufferType
	bufferQos
	bufferFlags
	bufferVersion
	bufferConnectFlags
	bufferReasonCode
	bufferSessionPresent
)

// fields are the keywords for them. An exchange is looked at when it is done,
// whichever side sent the packet.
var fields = []app.Field{
	{Name: "mqtt.connect.clientid", Buffer: bufferClientID, Dirs: app.Both, Stage: Done},
	{Name: "mqtt.connect.username", Buffer: bufferUsername, Dirs: app.Both, Stage: Done},
	{Name: "mqtt.connect.password", Buffer: bufferPassword, Dirs: app.Both, Stage: Done},
	{Name: "mqtt.connect.protocol_string", Buffer: bufferProtocol, Dirs: app.Both, Stage: Done},
	{Name: "mqtt.connect.willtopic", Buffer: bufferWillTopic, Dirs: app.Both, Stage: Done},
	{Name: "mqtt.connect.willmessage", Buffer: bufferWillMessage, Dirs: app.Both, Stage: Done},
	{Name: "mqtt.publish.topic", Buffer: bufferTopic, Dirs: app.Both, Stage: Done},
	{Name: "mqtt.publish.message", Buffer: bufferMessage, Dirs: app.Both, Stage: Done},
	{Name: "mqtt.subscribe.topic", Buffer: bufferSubscribeTopic, Dirs: app.Both, Stage: Done, Multi: true},
	{Name: "mqtt.unsubscribe.topic", Buffer: bufferUnsubscribeTopic, Dirs: app.Both, Stage: Done, Multi: true},
	{Name: "mqtt.type", Buffer: bufferType, Dirs: app.Both, Stage: Done, Bits: 8, Multi: true, Words: kindWords()},
	{Name: "mqtt.qos", Buffer: bufferQos, Dirs: app.Both, Stage: Done, Bits: 8, Multi: true},
	{Name: "mqtt.flags", Buffer: bufferFlags, Dirs: app.Both, Stage: Done, Bits: 8, Multi: true,
		Flags: map[string]uint64{"dup": 8, "retain": 1}},
	{Name: "mqtt.protocol_version", Buffer: bufferVersion, Dirs: app.Both, Stage: Done, Bits: 8},
	{Name: "mqtt.connect.flags", Buffer: bufferConnectFlags, Dirs: app.Both, Stage: Done, Bits: 8,
		Flags: map[string]uint64{
			"username": flagUsername, "password": flagPassword, "will": flagWill, "will_retain": flagWillRetain,
			"clean_session": flagCleanSession,
		}},
	{Name: "mqtt.reason_code", Aliases: []string{"mqtt.connack.return_code"}, Buffer: bufferReasonCode, Dirs: app.Both,
		Stage: Done, Bits: 8, Multi: true},
	{Name: "mqtt.connack.session_present", Buffer: bufferSessionPresent, Dirs: app.Both, Stage: Done, Bits: 8,
		Words: map[string]uint64{"true": 1, "yes": 1, "false": 0, "no": 0}},
}

func kindWords() map[string]uint64 {
	words := map[string]uint64{}
	for k, name := range kindNames {
		words[name] = uint64(k)
	}
	return words
}

// first returns the first packet of a type.
func (t *Tx) first(k kind) *message {
	for i := range t.count {
		if t.messages[i].kind == k && !t.messages[i].skipped {
			return &t.messages[i]
		}
	}
	return nil
}

// Buffer returns a buffer.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	switch b {
	case bufferSubscribeTopic:
		return t.topicName(kindSubscribe, i)
	case bufferUnsubscribeTopic:
		return t.topicName(kindUnsubscribe, i)
	}
	if i > 0 {
		return nil, false
	}
	var data []byte
	if m := t.first(kindConnect); m != nil && b < bufferTopic {
		switch b {
		case bufferClientID:
			data = m.client
		case bufferUsername:
			data = m.username
		case bufferPassword:
			data = m.password
		case bufferProtocol:
			data = m.protocol
		case bufferWillTopic:
			data = m.willTopic
		case bufferWillMessage:
			data = m.willMessage
		}
	}
	if m := t.first(kindPublish); m != nil {
		switch b {
		case bufferTopic:
			data = m.topic
		case bufferMessage:
			data = m.content
		}
	}
	return data, data != nil
}

func (t *Tx) topicName(k kind, i int) ([]byte, bool) {
	m := t.first(k)
	if m == nil || i >= len(m.topics) {
		return nil, false
	}
	return m.topics[i].name, true
}

// Integer returns a number: of each packet in turn, or of the one that has it.
func (t *Tx) Integer(b app.Buffer, i int) (uint64, bool) {
	switch b {
	case bufferType, bufferQos, bufferFlags:
		if i >= t.count {
			return 0, false
		}
		m := &t.messages[i]
		switch b {
		case bufferType:
			return uint64(m.kind), true
		case bufferQos:
			return uint64(m.qos), true
		}
		return uint64(m.flags), true
	case bufferReasonCode:
		return t.reasonCode(i)
	}
	if i > 0 {
		return 0, false
	}
	switch b {
	case bufferVersion:
		if m := t.first(kindConnect); m != nil {
			return uint64(m.version), true
		}
	case bufferConnectFlags:
		if m := t.first(kindConnect); m != nil {
			return uint64(m.connectFlags), true
		}
	case bufferSessionPresent:
		if m := t.first(kindConnack); m != nil {
			if m.sessionPresent {
				return 1, true
			}
			return 0, true
		}
	}
	return 0, false
}

// reasonCode returns code i of all packets, one for each topic where a packet
// has several.
func (t *Tx) reasonCode(i int) (uint64, bool) {
	for n := range t.count {
		m := &t.messages[n]
		if m.hasCode {
			if i == 0 {
				return uint64(m.code), true
			}
			i--
		}
		if i < len(m.codes) {
			return uint64(m.codes[i]), true
		}
		i -= len(m.codes)
	}
	return 0, false
}
