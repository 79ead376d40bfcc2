package ike

import (
	"strconv"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// AppendRecord fills in the record of the message, with the members of EVE.
func (t *Tx) AppendRecord(r *app.Record) bool {
	t.scratch = t.scratch[:0]
	r.Uint("version_major", uint64(t.head.major))
	r.Uint("version_minor", uint64(t.head.minor))
	r.Text("init_spi", t.spis[0][:])
	r.Text("resp_spi", t.spis[1][:])
	r.Uint("message_id", uint64(t.head.id))
	r.Uint("exchange_type", uint64(t.head.exchange))
	if t.head.major == 1 {
		t.appendAttributes(r, t.of.chosen)
		t.append1(r)
		return true
	}
	t.appendRole(r)
	r.List("payload")
	for _, p := range t.payloads {
		t.numbered(r, "", named(payloadNames2, uint64(p)), "IkePayloadType", uint64(p))
	}
	r.End()
	r.Object("ikev2")
	r.Uint("errors", uint64(t.errors))
	if len(t.notify) > 0 {
		r.List("notify")
		for _, n := range t.notify {
			t.numbered(r, "", notifyNames[n], "NotifyType", uint64(n))
		}
		r.End()
	}
	r.End()
	return true
}

// append1 adds what records of version 1 have.
func (t *Tx) append1(r *app.Record) {
	s := t.of
	r.List("payload")
	for _, p := range t.payloads {
		if name := named(payloadNames, uint64(p)); name != "" {
			r.Word("", name)
		}
	}
	r.End()
	r.Object("ikev1")
	if s.hasDomain {
		r.Uint("doi", uint64(s.domain))
	}
	r.Bool("encrypted_payloads", t.encrypted)
	if !t.encrypted {
		t.appendSide(r, "client", decoders.ToServer)
		t.appendSide(r, "server", decoders.ToClient)
		if len(t.vendorEnds) > 0 {
			r.List("vendor_ids")
			for i := range t.vendorEnds {
				id, _ := t.vendorID(i)
				r.Text("", id)
			}
			r.End()
		}
	}
	r.End()
}

// appendSide adds what is known of a side by now, and what a client proposes
// with this message.
func (t *Tx) appendSide(r *app.Record, name string, dir decoders.Direction) {
	r.Object(name)
	t.exchanged(r, "key_exchange_payload", "key_exchange_payload_length", t.of.keys[dir])
	t.exchanged(r, "nonce_payload", "nonce_payload_length", t.of.nonces[dir])
	if dir == decoders.ToServer && t.Direction() == dir && len(t.transforms) > 0 {
		r.List("proposals")
		for _, transform := range t.transforms {
			r.Object("")
			t.appendAttributes(r, transform)
			r.End()
		}
		r.End()
	}
	r.End()
}

func (t *Tx) exchanged(r *app.Record, name, length string, value []byte) {
	if len(value) > 0 {
		t.hex(r, name, value)
		r.Uint(length, uint64(len(value)))
	}
}

// appendAttributes adds the attributes of a transform, each with its value by
// name and as it is. Of one that is given twice, such as a lifetime in seconds
// and in kilobytes, the last is told.
func (t *Tx) appendAttributes(r *app.Record, data []byte) {
	for rest := data; ; {
		var a attribute
		var ok bool
		if a, rest, ok = nextAttribute(rest); !ok {
			return
		}
		name := attributeName(a.kind)
		if givenAgain(name, rest) {
			continue
		}
		value := ""
		if a.numeric && int(a.kind) < len(valueNames) {
			value = named(valueNames[a.kind], a.number)
		}
		if value == "" {
			value = "Unknown"
		}
		r.Word(name.value, value)
		if a.numeric {
			r.Uint(name.raw, a.number)
		} else {
			t.hex(r, name.raw, a.value)
		}
	}
}

// attributeMembers are the members for an attribute: its value by name, and as
// it is.
type attributeMembers struct{ value, raw string }

var attributeMember = func() (members []attributeMembers) {
	for _, name := range attributeNames {
		members = append(members, attributeMembers{name, name + "_raw"})
	}
	return members
}()

// attributeName returns the members for an attribute; those without a name have
// that of the last in the table.
func attributeName(kind uint16) attributeMembers {
	last := len(attributeMember) - 1
	if kind == 0 || int(kind) > last {
		return attributeMember[last]
	}
	return attributeMember[kind]
}

func givenAgain(name attributeMembers, rest []byte) bool {
	for {
		var a attribute
		var ok bool
		if a, rest, ok = nextAttribute(rest); !ok {
			return false
		}
		if attributeName(a.kind) == name {
			return true
		}
	}
}

// appendRole adds who sent a message of version 2 and, of a responder, what was
// agreed on.
func (t *Tx) appendRole(r *app.Record) {
	if t.head.flags&flagInitiator != 0 {
		r.Word("role", "initiator")
		return
	}
	r.Word("role", "responder")
	a := &t.of.agreed
	for _, m := range [...]struct {
		member string
		kind   int
		names  []string
		of     string
	}{
		{"alg_enc", transformEncryption, encryptionNames, "IkeTransformEncType"},
		{"alg_auth", transformAuth, authNames, "IkeTransformAuthType"},
		{"alg_prf", transformPRF, prfNames, "IkeTransformPRFType"},
		{"alg_dh", transformGroup, groupNames, "IkeTransformDHType"},
		{"alg_esn", transformESN, esnNames, "IkeTransformESNType"},
	} {
		n := uint64(a[m.kind])
		t.numbered(r, m.member, named(m.names, n), m.of, n)
	}
}

// numbered adds the name of a number, or the number as a value of its type.
func (t *Tx) numbered(r *app.Record, member, name, kind string, n uint64) {
	if name != "" {
		r.Word(member, name)
		return
	}
	start := len(t.scratch)
	t.scratch = append(append(t.scratch, kind...), '(')
	t.scratch = append(strconv.AppendUint(t.scratch, n, 10), " / 0x"...)
	t.scratch = append(strconv.AppendUint(t.scratch, n, 16), ')')
	r.Text(member, t.scratch[start:])
}

func (t *Tx) hex(r *app.Record, member string, b []byte) {
	start := len(t.scratch)
	t.scratch = appendHex(t.scratch, b)
	r.Text(member, t.scratch[start:])
}
