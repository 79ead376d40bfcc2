package mqtt

import "spanwatch/decoders/app"

// form is how the value of a property is encoded.
type form uint8

const (
	formNone form = iota // no such property
	formU8
	formU16
	formU32
	formNumber // variable byte integer
	formText   // string or binary data
	formPair   // two strings
)

// property is one of MQTT 5 section 2.2.2.2, by the names of EVE.
type property struct {
	name string
	form form
}

var properties = [0x2b]property{
	0x01: {"payload_format_indicator", formU8},
	0x02: {"message_expiry_interval", formU32},
	0x03: {"content_type", formText},
	0x08: {"response_topic", formText},
	0x09: {"correlation_data", formText},
	0x0b: {"subscription_identifier", formNumber},
	0x11: {"session_expiry_interval", formU32},
	0x12: {"assigned_client_identifier", formText},
	0x13: {"server_keep_alive", formU16},
	0x15: {"authentication_method", formText},
	0x16: {"authentication_data", formText},
	0x17: {"request_problem_information", formU8},
	0x18: {"will_delay_interval", formU32},
	0x19: {"request_response_information", formU8},
	0x1a: {"response_information", formText},
	0x1c: {"server_reference", formText},
	0x1f: {"reason_string", formText},
	0x21: {"receive_maximum", formU16},
	0x22: {"topic_alias_maximum", formU16},
	0x23: {"topic_alias", formU16},
	0x24: {"maximum_qos", formU8},
	0x25: {"retain_available", formU8},
	0x26: {"user_properties", formPair},
	0x27: {"maximum_packet_size", formU32},
	0x28: {"wildcard_subscription_available", formU8},
	0x29: {"subscription_identifiers_available", formU8},
	0x2a: {"shared_subscription_available", formU8},
}

// value is a property as read.
type value struct {
	property
	number     uint64
	text, more []byte // more is the second string of a pair
}

// property reads the next one.
func (r *reader) property() (v value) {
	if id := r.number(); id < len(properties) {
		v.property = properties[id]
	}
	switch v.form {
	case formU8:
		v.number = uint64(r.u8())
	case formU16:
		v.number = uint64(r.u16())
	case formU32:
		v.number = uint64(r.u32())
	case formNumber:
		v.number = uint64(r.number())
	case formText:
		v.text = r.text()
	case formPair:
		v.text, v.more = r.text(), r.text()
	default:
		r.bad, r.rest = true, nil
	}
	return v
}

// maxProperties of one list are looked at, as Suricata has it.
const maxProperties = 256

// firstProperties cuts a list behind its first maxProperties; many is set when
// there are more. ok is false when one of the list cannot be read.
func firstProperties(p []byte) (first []byte, many, ok bool) {
	r := reader{rest: p}
	first = p
	for n := 0; len(r.rest) > 0; n++ {
		if n == maxProperties {
			first, many = p[:len(p)-len(r.rest)], true
		}
		r.property()
	}
	return first, many, !r.bad
}

// recordProperties appends the member of a record that has the properties.
// Each is there once, whatever its packet repeats, but for the pairs that
// users may add.
func recordProperties(rec *app.Record, p []byte) {
	if len(p) == 0 {
		return
	}
	rec.Object("properties")
	var seen uint64
	pairs := false
	for r := (reader{rest: p}); len(r.rest) > 0; {
		id := uint64(1) << (r.rest[0] & 63)
		v := r.property()
		switch {
		case v.form == formPair:
			pairs = true
		case seen&id != 0:
		case v.form == formText:
			rec.Text(v.name, v.text)
		default:
			rec.Uint(v.name, v.number)
		}
		seen |= id
	}
	if pairs {
		rec.List("user_properties")
		for r := (reader{rest: p}); len(r.rest) > 0; {
			if v := r.property(); v.form == formPair {
				rec.Object("")
				rec.Text("key", v.text)
				rec.Text("value", v.more)
				rec.End()
			}
		}
		rec.End()
	}
	rec.End()
}
