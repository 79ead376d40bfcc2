package enip

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// AppendRecord tells of an exchange, in the words of EVE.
func (t *Tx) AppendRecord(r *app.Record) bool {
	for dir, name := range [2]string{decoders.ToServer: "request", decoders.ToClient: "response"} {
		if t.has[dir] {
			r.Object(name)
			t.messages[dir].record(r, decoders.Direction(dir))
			r.End()
		}
	}
	return true
}

// named adds what a code is called, or its number.
func named[K uint8 | uint16 | uint32](r *app.Record, member string, names map[K]string, code K) {
	name, ok := names[code]
	if !ok {
		name = fmt.Sprintf("unknown-%d", code)
	}
	r.Word(member, name)
}

func (p *pdu) record(r *app.Record, dir decoders.Direction) {
	named(r, "command", commandNames, p.command)
	named(r, "status", statusNames, p.status)
	if p.options != 0 {
		r.Uint("options", uint64(p.options))
	}
	switch {
	case p.form == formSession:
		r.Object("register_session")
		r.Uint("protocol_version", uint64(p.version))
		r.Uint("options", uint64(p.flags))
		r.End()
	case p.form == formCIP && len(p.cips) > 0:
		r.Object("cip")
		p.recordCIP(r, 0)
		r.End()
	case p.form == formServices && dir == decoders.ToClient:
		r.Object("list_services")
		r.Uint("protocol_version", uint64(p.version))
		r.Uint("capabilities", uint64(p.flags))
		r.Text("service_name", p.name)
		r.End()
	case p.form == formIdentity && dir == decoders.ToClient:
		p.recordIdentity(r)
	}
}

func (p *pdu) recordIdentity(r *app.Record) {
	r.Object("identity")
	r.Uint("protocol_version", uint64(p.version))
	r.Word("revision", fmt.Sprintf("%d.%d", p.major, p.minor))
	named(r, "vendor_id", vendorNames, p.vendor)
	named(r, "device_type", deviceNames, p.device)
	r.Uint("product_code", uint64(p.product))
	r.Uint("status", uint64(p.identityStatus))
	r.Uint("serial", uint64(p.serial))
	r.Text("product_name", p.name)
	r.Uint("state", uint64(p.state))
	r.End()
}

// recordCIP tells of a service; of the first also what is packed in it.
func (p *pdu) recordCIP(r *app.Record, i int) {
	c := &p.cips[i]
	named(r, "service", serviceNames, c.service)
	if c.response {
		named(r, "status", cipStatusNames, c.status)
		if len(c.extended) > 0 {
			r.Word("status_extended", hex.EncodeToString(c.extended))
			if len(c.extended) == 2 {
				if name := extendedNames[binary.LittleEndian.Uint16(c.extended)]; name != "" {
					r.Word("status_extended_meaning", name)
				}
			}
		}
	} else {
		p.recordPath(r, p.segments[c.segments[0]:c.segments[1]])
	}
	if i > 0 || len(p.cips) == 1 {
		return
	}
	r.List("multiple")
	for inner := 1; inner < len(p.cips); inner++ {
		r.Object("")
		p.recordCIP(r, inner)
		r.End()
	}
	r.End()
}

func (p *pdu) recordPath(r *app.Record, path []segment) {
	if len(path) == 0 {
		return
	}
	class := -1
	r.List("path")
	for i, s := range path {
		r.Object("")
		if name, ok := logicalNames[s.logical()]; ok {
			r.Word("segment_type", name)
		} else {
			r.Word("segment_type", fmt.Sprintf("unknown-%d", s.kind))
		}
		r.Uint("value", uint64(s.value))
		r.End()
		if s.logical() == logicalClass {
			class = i
		}
	}
	r.End()
	if class >= 0 {
		named(r, "class_name", classNames, path[class].value)
	}
}
