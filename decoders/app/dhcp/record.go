package dhcp

import (
	"encoding/binary"

	"spanwatch/decoders/app"
)

// AppendRecord tells of a message, in the words of EVE; options stand in the
// order of the message.
func (t *Tx) AppendRecord(r *app.Record) bool {
	m := t.raw
	reply := m[0] == 2
	if reply {
		r.Word("type", "reply")
	} else {
		r.Word("type", "request")
	}
	r.Uint("id", uint64(binary.BigEndian.Uint32(m[4:])))
	r.MAC("client_mac", m[28:28+min(int(m[2]), 16)])
	r.Address("assigned_ip", m[16:20])
	r.Address("client_ip", m[12:16])
	if reply {
		r.Address("relay_ip", m[24:28])
		r.Address("next_server_ip", m[20:24])
	}
	var seen [256]bool // each member once
	for _, o := range t.options {
		if !seen[o.code] {
			o.record(r)
		}
		seen[o.code] = true
	}
	return true
}

func (o *option) record(r *app.Record) {
	switch o.code {
	case optionType:
		if n := int(o.data[0]); n > 0 && n < len(typeNames) {
			r.Word("dhcp_type", typeNames[n])
		} else {
			r.Word("dhcp_type", "unknown")
		}
	case optionClientID:
		if o.data[0] == clientIDIsHardware {
			r.MAC("client_id", o.data[1:])
		} else {
			r.Text("client_id", o.data[1:])
		}
	case optionHostname:
		r.Text("hostname", o.data)
	case optionVendorClass:
		r.Text("vendor_class_identifier", o.data)
	case optionRequestedIP:
		r.Address("requested_ip", o.data[:4])
	case optionSubnetMask:
		r.Address("subnet_mask", o.data[:4])
	case optionRouter:
		o.addresses(r, "routers")
	case optionDNSServer:
		o.addresses(r, "dns_servers")
	case optionLeaseTime:
		r.Uint("lease_time", uint64(binary.BigEndian.Uint32(o.data)))
	case optionRenewal:
		r.Uint("renewal_time", uint64(binary.BigEndian.Uint32(o.data)))
	case optionRebinding:
		r.Uint("rebinding_time", uint64(binary.BigEndian.Uint32(o.data)))
	case optionParams:
		r.List("params")
		for _, p := range o.data {
			if name, ok := paramNames[p]; ok {
				r.Word("", name)
			}
		}
		r.End()
	}
}

func (o *option) addresses(r *app.Record, name string) {
	r.List(name)
	for rest := o.data; len(rest) >= 4; rest = rest[4:] {
		r.Address("", rest[:4])
	}
	r.End()
}
