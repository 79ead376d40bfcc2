package mqtt

import "encoding/binary"

// kind is the type of a control packet.
type kind uint8

// Types of control packets (MQTT 5 section 2.1.2).
const (
	kindUnassigned kind = iota
	kindConnect
	kindConnack
	kindPublish
	kindPuback
	kindPubrec
	kindPubrel
	kindPubcomp
	kindSubscribe
	kindSuback
	kindUnsubscribe
	kindUnsuback
	kindPingreq
	kindPingresp
	kindDisconnect
	kindAuth
)

var kindNames = [16]string{
	"unassigned", "connect", "connack", "publish", "puback", "pubrec", "pubrel", "pubcomp",
	"subscribe", "suback", "unsubscribe", "unsuback", "pingreq", "pingresp", "disconnect", "auth",
}

// maxLength is how many bytes the remaining length takes at most (section 1.5.5).
const maxLength = 4

// header is the fixed header.
type header struct {
	kind   kind
	dup    bool
	qos    uint8
	retain bool
	flags  uint8 // the lower four bits as they are
	length int   // of what follows
}

// parseHeader reads a fixed header. n is its length, 0 when more bytes are
// needed; ok is false when the length has no end.
func parseHeader(data []byte) (h header, n int, ok bool) {
	if len(data) == 0 {
		return h, 0, true
	}
	first := data[0]
	h = header{kind: kind(first >> 4), dup: first&8 != 0, qos: first >> 1 & 3, retain: first&1 != 0, flags: first & 15}
	length, n, ok := variable(data[1:])
	if n > 0 {
		h.length, n = length, n+1
	}
	return h, n, ok
}

// variable reads a variable byte integer.
func variable(data []byte) (v, n int, ok bool) {
	for n < len(data) && n < maxLength {
		c := data[n]
		v |= int(c&0x7f) << (7 * n)
		n++
		if c&0x80 == 0 {
			return v, n, true
		}
	}
	return 0, 0, len(data) < maxLength
}

// message is a control packet; its slices point into raw.
type message struct {
	header
	raw     []byte
	skipped bool // too long to be kept: only the header is known

	protocol           []byte // CONNECT
	version            uint8
	connectFlags       uint8
	client             []byte
	willTopic          []byte
	willMessage        []byte
	username, password []byte

	sessionPresent bool // CONNACK
	hasCode        bool
	code           uint8 // return or reason code

	topic   []byte // PUBLISH
	content []byte

	hasID bool
	id    uint16

	topics []topic // SUBSCRIBE, UNSUBSCRIBE
	codes  []byte  // SUBACK, UNSUBACK: one a topic

	properties     []byte // version 5, without their length; the first maxProperties
	willProperties []byte
	manyProperties bool // one of the two has more than maxProperties
}

// topic is a filter that is subscribed to.
type topic struct {
	name []byte
	qos  uint8
}

// Flags of CONNECT (section 3.1.2.3).
const (
	flagCleanSession = 0x02
	flagWill         = 0x04
	flagWillRetain   = 0x20
	flagPassword     = 0x40
	flagUsername     = 0x80
)

// parse reads what follows the fixed header, which is in m already. version is
// that of the connection, 0 when it is not known. It returns false when the
// packet is malformed.
func (m *message) parse(version uint8) bool {
	r := reader{rest: m.raw}
	switch m.kind {
	case kindConnect:
		m.connect(&r)
	case kindConnack:
		m.sessionPresent = r.u8()&1 != 0
		m.code, m.hasCode = r.u8(), true
		m.properties = r.properties(version)
	case kindPublish:
		m.topic = r.text()
		if m.qos > 0 {
			m.id, m.hasID = r.u16(), true
		}
		m.properties = r.properties(version)
		m.content = r.all()
	case kindPuback, kindPubrec, kindPubrel, kindPubcomp:
		m.id, m.hasID = r.u16(), true
		m.reason(&r, version)
	case kindSubscribe, kindUnsubscribe:
		m.id, m.hasID = r.u16(), true
		m.properties = r.properties(version)
		for len(r.rest) > 0 && !r.bad {
			t := topic{name: r.text()}
			if m.kind == kindSubscribe {
				t.qos = r.u8() & 3
			}
			m.topics = append(m.topics, t)
		}
	case kindSuback, kindUnsuback:
		m.id, m.hasID = r.u16(), true
		m.properties = r.properties(version)
		m.codes = r.all()
	case kindDisconnect, kindAuth:
		m.reason(&r, version)
	}
	m.manyProperties = r.many
	return !r.bad
}

func (m *message) connect(r *reader) {
	m.protocol = r.text()
	m.version = r.u8()
	m.connectFlags = r.u8()
	r.u16() // keep alive
	m.properties = r.properties(m.version)
	m.client = r.text()
	if m.connectFlags&flagWill != 0 {
		m.willProperties = r.properties(m.version)
		m.willTopic, m.willMessage = r.text(), r.text()
	}
	if m.connectFlags&flagUsername != 0 {
		m.username = r.text()
	}
	if m.connectFlags&flagPassword != 0 {
		m.password = r.text()
	}
}

// reason reads reason code and properties, which version 5 may leave out:
// DISCONNECT without a code says 0 (section 3.14.2.1).
func (m *message) reason(r *reader, version uint8) {
	if version < 5 {
		return
	}
	if len(r.rest) == 0 {
		m.hasCode = m.kind == kindDisconnect
		return
	}
	m.code, m.hasCode = r.u8(), true
	if len(r.rest) > 0 {
		m.properties = r.properties(version)
	}
}

// reader takes values off the front of rest; bad says that one was not there,
// many that a list of properties was longer than maxProperties.
type reader struct {
	rest []byte
	bad  bool
	many bool
}

func (r *reader) take(n int) []byte {
	if n > len(r.rest) {
		r.bad, r.rest = true, nil
		return nil
	}
	out := r.rest[:n:n]
	r.rest = r.rest[n:]
	return out
}

func (r *reader) all() []byte { return r.take(len(r.rest)) }

func (r *reader) u8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if b := r.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// text reads a string or binary data with its length (section 1.5.4).
func (r *reader) text() []byte { return r.take(int(r.u16())) }

// number reads a variable byte integer.
func (r *reader) number() int {
	v, n, ok := variable(r.rest)
	if n == 0 || !ok {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// properties reads the properties that version 5 has in many packets, and
// checks that each can be read.
func (r *reader) properties(version uint8) []byte {
	if version < 5 {
		return nil
	}
	p, many, ok := firstProperties(r.take(r.number()))
	if !ok {
		r.bad, r.rest = true, nil
		return nil
	}
	r.many = r.many || many
	return p
}
