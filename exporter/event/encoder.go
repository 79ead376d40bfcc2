package event

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
)

// Options say what an Encoder writes.
type Options struct {
	// Sensor is the sensor's name: host and sensor.id of every event, and part
	// of event_id. Empty leaves both members out.
	Sensor string
	// Run tells one life of the sensor from the next: sensor.run of every
	// event, and part of event_id. seq starts again with each run. A replay
	// gives a hash of its input files, so that it makes the same ids again.
	Run string
	// Strict leaves out everything that Suricata's own schema does not have.
	Strict bool
	// DNSVersion is the format of dns records: 3 as Suricata 8, 2 as 5 to 7.
	// 0 means 3.
	DNSVersion int

	Payload          bool // payload of alerts, base64
	PayloadPrintable bool // payload of alerts as text
	Packet           bool // frame of alerts, base64
	// PayloadLimit cuts payloads, in bytes; 0 means DefaultPayloadLimit.
	PayloadLimit int
}

// DefaultPayloadLimit is Suricata's default payload-buffer-size.
const DefaultPayloadLimit = 4096

// ErrDNSVersion says that Options.DNSVersion is neither 2 nor 3.
var ErrDNSVersion = errors.New("dns record version must be 2 or 3")

// Encoder turns events into JSON. It keeps the date it wrote last: one
// goroutine at a time.
type Encoder struct {
	opt    Options
	clock  clock
	origin []byte // host and sensor members, rendered once
	idSeed idSeed

	// Memory of ID.
	idHash  hash.Hash
	idInput [idInput]byte
	idSum   [sha256.Size]byte
}

// NewEncoder checks the options.
func NewEncoder(o Options) (*Encoder, error) {
	switch o.DNSVersion {
	case 0:
		o.DNSVersion = 3
	case 2, 3:
	default:
		return nil, fmt.Errorf("%w, not %d", ErrDNSVersion, o.DNSVersion)
	}
	if o.PayloadLimit <= 0 {
		o.PayloadLimit = DefaultPayloadLimit
	}
	e := &Encoder{opt: o, idSeed: newIDSeed(o.Sensor, o.Run), idHash: sha256.New()}
	e.origin = appendOptionalString(e.origin, `,"host":`, o.Sensor)
	if o.Sensor != "" && !o.Strict {
		e.origin = appendStringMember(e.origin, `,"sensor":{"id":`, o.Sensor)
		e.origin = appendOptionalString(e.origin, `,"run":`, o.Run)
		e.origin = append(e.origin, '}')
	}
	return e, nil
}

// Finish completes the object that an Append method began: seq is the number
// of the event in the sensor's output, from 1, in output order and without
// holes, so that a reader can prove that nothing is missing; id is that of
// Encoder.ID. The encoders leave them open because only the final writer knows
// the order.
func (e *Encoder) Finish(dst []byte, seq uint64, id ID) []byte {
	if !e.opt.Strict {
		dst = appendUintMember(dst, `,"seq":`, seq)
		dst = append(dst, `,"event_id":"`...)
		dst = id.Append(dst)
		dst = append(dst, '"')
	}
	return append(dst, '}')
}

// appendEnvelope begins the object: all members that event types share, in
// Suricata's order.
func (e *Encoder) appendEnvelope(dst []byte, v *Envelope, t Type) []byte {
	dst = e.appendTimeMember(dst, `{"timestamp":"`, v.Time)
	dst = appendOptionalUint(dst, `,"flow_id":`, v.FlowID)
	dst = appendOptionalUint(dst, `,"parent_id":`, v.ParentID)
	dst = appendOptionalUint(dst, `,"pcap_cnt":`, v.PcapCnt)
	dst = appendOptionalString(dst, `,"in_iface":`, v.Interface)
	dst = append(dst, `,"event_type":"`...)
	dst = append(dst, t.String()...)
	dst = append(dst, '"')
	if v.VLANCount > 0 {
		dst = append(dst, `,"vlan":[`...)
		for i, id := range v.VLANs[:min(int(v.VLANCount), len(v.VLANs))] {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = strconv.AppendUint(dst, uint64(id), 10)
		}
		dst = append(dst, ']')
	}
	if v.IPVersion != 0 {
		dst = append(dst, ',')
		dst = appendEndpoints(dst, v.IPVersion, v.Src, v.Dst, v.SrcPort, v.DstPort, v.Proto)
		dst = appendUintMember(dst, `,"ip_v":`, uint64(v.IPVersion))
	}
	if v.HasICMP {
		dst = appendUintMember(dst, `,"icmp_type":`, uint64(v.ICMPType))
		dst = appendUintMember(dst, `,"icmp_code":`, uint64(v.ICMPCode))
	}
	if v.HasICMPResponse {
		dst = appendUintMember(dst, `,"response_icmp_type":`, uint64(v.ICMPResponseType))
		dst = appendUintMember(dst, `,"response_icmp_code":`, uint64(v.ICMPResponseCode))
	}
	dst = appendOptionalString(dst, `,"pkt_src":`, v.PktSrc.String())
	if v.Ether != nil {
		dst = v.Ether.append(dst)
	}
	if v.Metadata != nil {
		dst = v.Metadata.append(dst)
	}
	if v.HasTx && t != TypeDNS {
		dst = appendUintMember(dst, `,"tx_id":`, v.TxID)
		dst = appendTrue(dst, `,"tx_guessed":true`, v.TxGuessed)
	}
	if len(v.CommunityID) > 0 {
		dst = append(dst, `,"community_id":`...)
		dst = AppendText(dst, v.CommunityID)
	}
	dst = append(dst, e.origin...)
	return e.appendContext(dst, v)
}

// appendContext writes what is known of the event beyond its packet.
func (e *Encoder) appendContext(dst []byte, v *Envelope) []byte {
	dst = appendOptionalString(dst, `,"app_proto":`, v.AppProto)
	dst = appendOptionalString(dst, `,"app_proto_ts":`, v.AppProtoTS)
	dst = appendOptionalString(dst, `,"app_proto_tc":`, v.AppProtoTC)
	dst = appendOptionalString(dst, `,"app_proto_orig":`, v.AppProtoOrig)
	dst = appendOptionalString(dst, `,"app_proto_expected":`, v.AppProtoExpected)
	switch v.Direction {
	case DirectionToServer:
		dst = append(dst, `,"direction":"to_server"`...)
	case DirectionToClient:
		dst = append(dst, `,"direction":"to_client"`...)
	}
	if v.Tunnel != nil {
		dst = v.Tunnel.append(dst)
	}
	if !e.opt.Strict {
		dst = v.SrcGeo.append(dst, `,"src_geo":{`)
		dst = v.DstGeo.append(dst, `,"dest_geo":{`)
	}
	return dst
}

func (t *Tunnel) append(dst []byte) []byte {
	dst = append(dst, `,"tunnel":{`...)
	dst = appendEndpoints(dst, t.IPVersion, t.Src, t.Dst, t.SrcPort, t.DstPort, t.Proto)
	dst = appendUintMember(dst, `,"depth":`, uint64(t.Depth))
	dst = appendOptionalUint(dst, `,"pcap_cnt":`, t.PcapCnt)
	dst = appendOptionalString(dst, `,"pkt_src":`, t.PktSrc.String())
	return append(dst, '}')
}

func (x *Ether) append(dst []byte) []byte {
	dst = append(dst, `,"ether":{`...)
	start := len(dst)
	if x.Lists {
		dst = appendMACs(dst, start, `"src_macs":[`, x.Src)
		dst = appendMACs(dst, start, `"dest_macs":[`, x.Dst)
	} else {
		if len(x.Src) > 0 {
			dst = appendMAC(append(dst, `"src_mac":"`...), x.Src[0])
			dst = append(dst, '"')
		}
		if len(x.Dst) > 0 {
			dst = appendMAC(append(appendComma(dst, start), `"dest_mac":"`...), x.Dst[0])
			dst = append(dst, '"')
		}
	}
	if x.Type != 0 {
		dst = appendUintMember(appendComma(dst, start), `"ether_type":`, uint64(x.Type))
	}
	return append(dst, '}')
}

func appendMACs(dst []byte, start int, name string, list []MAC) []byte {
	if len(list) == 0 {
		return dst
	}
	dst = append(appendComma(dst, start), name...)
	for i, m := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendMAC(append(dst, '"'), m), '"')
	}
	return append(dst, ']')
}

// appendComma separates a member from the one before it, if dst has grown
// since start, where the object's members began.
func appendComma(dst []byte, start int) []byte {
	if len(dst) > start {
		return append(dst, ',')
	}
	return dst
}

func (g *Geo) append(dst []byte, name string) []byte {
	if g == nil || *g == (Geo{}) {
		return dst
	}
	dst = append(dst, name...)
	start := len(dst)
	if g.Country != "" {
		dst = appendStringMember(dst, `"country":`, g.Country)
	}
	if g.City != "" {
		dst = appendStringMember(appendComma(dst, start), `"city":`, g.City)
	}
	if g.ASN != 0 {
		dst = appendUintMember(appendComma(dst, start), `"asn":`, uint64(g.ASN))
	}
	if g.ASOrg != "" {
		dst = appendStringMember(appendComma(dst, start), `"as_org":`, g.ASOrg)
	}
	if g.Site != "" {
		dst = appendStringMember(appendComma(dst, start), `"site":`, g.Site)
	}
	return append(dst, '}')
}

// Flowbits with these prefixes are labels of the flow for the reader.
const (
	trafficID    = "traffic/id/"
	trafficLabel = "traffic/label/"
)

func (m *Metadata) append(dst []byte) []byte {
	dst = append(dst, `,"metadata":{`...)
	start := len(dst)
	if len(m.Flowbits) > 0 {
		dst = append(dst, `"flowbits":`...)
		dst = appendStrings(dst, m.Flowbits)
	}
	if len(m.Flowints) > 0 {
		dst = append(appendComma(dst, start), `"flowints":{`...)
		for i := range m.Flowints {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendString(dst, m.Flowints[i].Name)
			dst = appendUintMember(dst, `:`, m.Flowints[i].Value)
		}
		dst = append(dst, '}')
	}
	dst = appendVars(dst, start, `"flowvars":[`, m.Flowvars)
	dst = appendVars(dst, start, `"pktvars":[`, m.Pktvars)
	dst = append(dst, '}')
	return m.appendTraffic(dst)
}

func appendVars(dst []byte, start int, name string, list []NamedText) []byte {
	if len(list) == 0 {
		return dst
	}
	dst = append(appendComma(dst, start), name...)
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendString(append(dst, '{'), list[i].Name)
		dst = AppendText(append(dst, ':'), list[i].Value)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

func (m *Metadata) appendTraffic(dst []byte) []byte {
	const name = `,"traffic":{`
	start := len(dst) + len(name)
	dst = append(dst, name...)
	dst = appendPrefixed(dst, start, `"id":[`, m.Flowbits, trafficID)
	dst = appendPrefixed(dst, start, `"label":[`, m.Flowbits, trafficLabel)
	if len(dst) == start {
		return dst[:start-len(name)]
	}
	return append(dst, '}')
}

// appendPrefixed writes the list of what follows prefix in those names that
// begin with it.
func appendPrefixed(dst []byte, start int, name string, list []string, prefix string) []byte {
	first := true
	for _, s := range list {
		rest, ok := strings.CutPrefix(s, prefix)
		if !ok {
			continue
		}
		if first {
			dst = append(appendComma(dst, start), name...)
			first = false
		} else {
			dst = append(dst, ',')
		}
		dst = AppendString(dst, rest)
	}
	if first {
		return dst
	}
	return append(dst, ']')
}
