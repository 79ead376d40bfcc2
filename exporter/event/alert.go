package event

import (
	"encoding/base64"
	"strconv"
)

// Target says which side of the packet a rule declares to be the victim.
type Target uint8

// TargetNone leaves alert.source and alert.target out.
const (
	TargetNone Target = iota
	TargetSrc         // the packet's source is the target
	TargetDst
)

// Alert is a signature that matched and survived thresholds.
type Alert struct {
	Envelope

	// GID and SID are part of event_id; in the text they stand in Rule.
	GID, SID uint32
	// Rule is what AppendRule made of the signature when it was loaded: the
	// members of the alert object that do not depend on the packet.
	Rule    []byte
	Blocked bool // action "blocked", else "allowed"
	Target  Target
	XFF     string // client address from X-Forwarded-For
	Context []byte // members of alert.context, JSON without the outer braces

	Flow *AlertFlow

	// TSProgress and TCProgress name how far the sides of the alert's transaction
	// have come; "" is left out.
	TSProgress, TCProgress string

	// App is the record of the alert's transaction as members of the root
	// object, for example from Encoder.AppendDNSMember; JSON without a leading
	// comma.
	App []byte

	Frame *Frame // that the rule matched; nil for rules on something else

	// Evidence; which of it is written is a matter of Options.
	Stream     bool   // Payload comes from the reassembled stream
	Payload    []byte // nil when the alert has none
	Packet     []byte // the whole frame with its link header
	LinkType   uint16 // of Packet, LINKTYPE_ number of the capture
	HasVerdict bool
	Verdict    string // alert, pass, drop
	Reject     []string
}

// AlertFlow is the flow as counted when the alert was raised, always from
// client to server.
type AlertFlow struct {
	Counts
	Start            int64 // nanoseconds since the Unix epoch
	IPVersion        uint8
	Src, Dst         Addr // client and server
	SrcPort, DstPort uint16
	Ports            bool
	CaptureLoss      uint64 // as in Flow
	TSGap, TCGap     bool   // as in TCP, so far
}

// Rule is the part of a signature that every alert repeats.
type Rule struct {
	GID, SID, Rev uint32
	Message       string
	Category      string
	Severity      uint32 // 1 is the worst
	Metadata      []RuleMetadata
	References    []string
	Text          string // the rule as written; "" leaves it out
}

// RuleMetadata is one metadata key with its values, in order of appearance.
type RuleMetadata struct {
	Key    string
	Values []string
}

// AppendRule renders the members of the alert object that depend on the
// signature alone. It is called once per signature, when rules are loaded.
func AppendRule(dst []byte, r *Rule) []byte {
	dst = append(dst, `"gid":`...)
	dst = strconv.AppendUint(dst, uint64(r.GID), 10)
	dst = appendUintMember(dst, `,"signature_id":`, uint64(r.SID))
	dst = appendUintMember(dst, `,"rev":`, uint64(r.Rev))
	dst = appendStringMember(dst, `,"signature":`, r.Message)
	dst = appendStringMember(dst, `,"category":`, r.Category)
	dst = appendUintMember(dst, `,"severity":`, uint64(r.Severity))
	if len(r.Metadata) > 0 {
		dst = append(dst, `,"metadata":{`...)
		for i := range r.Metadata {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendString(dst, r.Metadata[i].Key)
			dst = append(dst, ':')
			dst = appendStrings(dst, r.Metadata[i].Values)
		}
		dst = append(dst, '}')
	}
	if len(r.References) > 0 {
		dst = append(dst, `,"references":`...)
		dst = appendStrings(dst, r.References)
	}
	return appendOptionalString(dst, `,"rule":`, r.Text)
}

// AppendAlert appends the event without its closing brace; see Finish.
func (e *Encoder) AppendAlert(dst []byte, a *Alert) []byte {
	dst = e.appendEnvelope(dst, &a.Envelope, TypeAlert)
	dst = append(dst, `,"alert":{"action":"`...)
	if a.Blocked {
		dst = append(dst, `blocked"`...)
	} else {
		dst = append(dst, `allowed"`...)
	}
	if len(a.Rule) > 0 {
		dst = append(dst, ',')
		dst = append(dst, a.Rule...)
	}
	if a.Target != TargetNone && a.IPVersion != 0 {
		dst = appendTarget(dst, a)
	}
	dst = appendOptionalString(dst, `,"xff":`, a.XFF)
	if len(a.Context) > 0 {
		dst = append(dst, `,"context":{`...)
		dst = append(dst, a.Context...)
		dst = append(dst, '}')
	}
	dst = append(dst, '}')
	dst = appendOptionalString(dst, `,"ts_progress":`, a.TSProgress)
	dst = appendOptionalString(dst, `,"tc_progress":`, a.TCProgress)
	if len(a.App) > 0 {
		dst = append(dst, ',')
		dst = append(dst, a.App...)
	}
	if a.Flow != nil {
		dst = e.appendAlertFlow(dst, a.Flow)
	}
	if a.HasVerdict {
		dst = appendStringMember(dst, `,"verdict":{"action":`, a.Verdict)
		if len(a.Reject) > 0 {
			dst = append(dst, `,"reject":`...)
			dst = appendStrings(dst, a.Reject)
		}
		dst = append(dst, '}')
	}
	if a.Frame != nil {
		dst = e.appendFrame(dst, a.Frame)
	}
	return e.appendEvidence(dst, a)
}

func appendTarget(dst []byte, a *Alert) []byte {
	source, sourcePort, target, targetPort := a.Src, a.SrcPort, a.Dst, a.DstPort
	if a.Target == TargetSrc {
		source, sourcePort, target, targetPort = target, targetPort, source, sourcePort
	}
	ports := hasPorts(a.Proto)
	dst = append(dst, `,"source":{"ip":"`...)
	dst = appendAddr(dst, source, a.IPVersion)
	dst = append(dst, '"')
	if ports {
		dst = appendUintMember(dst, `,"port":`, uint64(sourcePort))
	}
	dst = append(dst, `},"target":{"ip":"`...)
	dst = appendAddr(dst, target, a.IPVersion)
	dst = append(dst, '"')
	if ports {
		dst = appendUintMember(dst, `,"port":`, uint64(targetPort))
	}
	return append(dst, '}')
}

func (e *Encoder) appendAlertFlow(dst []byte, f *AlertFlow) []byte {
	dst = append(dst, `,"flow":{`...)
	dst = f.Counts.append(dst)
	dst = e.appendTimeMember(dst, `,"start":"`, f.Start)
	if f.IPVersion != 0 {
		dst = append(dst, `,"src_ip":"`...)
		dst = appendAddr(dst, f.Src, f.IPVersion)
		dst = append(dst, `","dest_ip":"`...)
		dst = appendAddr(dst, f.Dst, f.IPVersion)
		dst = append(dst, '"')
		if f.Ports {
			dst = appendUintMember(dst, `,"src_port":`, uint64(f.SrcPort))
			dst = appendUintMember(dst, `,"dest_port":`, uint64(f.DstPort))
		}
	}
	if !e.opt.Strict {
		dst = appendOptionalUint(dst, `,"capture_loss":`, f.CaptureLoss)
		dst = appendTrue(dst, `,"ts_gap":true`, f.TSGap)
		dst = appendTrue(dst, `,"tc_gap":true`, f.TCGap)
	}
	return append(dst, '}')
}

// appendEvidence writes the bytes that justify the alert. payload_length is
// the length before PayloadLimit cut it.
func (e *Encoder) appendEvidence(dst []byte, a *Alert) []byte {
	if a.Payload != nil && (e.opt.Payload || e.opt.PayloadPrintable) {
		payload := a.Payload[:min(len(a.Payload), e.opt.PayloadLimit)]
		if e.opt.Payload {
			dst = append(dst, `,"payload":"`...)
			dst = base64.StdEncoding.AppendEncode(dst, payload)
			dst = append(dst, '"')
		}
		if e.opt.PayloadPrintable {
			dst = append(dst, `,"payload_printable":`...)
			dst = appendPrintable(dst, payload)
		}
		dst = appendUintMember(dst, `,"payload_length":`, uint64(len(a.Payload)))
	}
	if a.Stream {
		dst = append(dst, `,"stream":1`...)
	} else {
		dst = append(dst, `,"stream":0`...)
	}
	if e.opt.Packet && len(a.Packet) > 0 {
		dst = append(dst, `,"packet":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, a.Packet)
		dst = appendUintMember(dst, `","packet_info":{"linktype":`, uint64(a.LinkType))
		dst = appendOptionalString(dst, `,"linktype_name":`, linkTypeName(a.LinkType))
		dst = append(dst, '}')
	}
	return dst
}

// linkTypeName is libpcap's name of a link type (pcap_datalink_val_to_name),
// "" for one that the sensor does not read.
func linkTypeName(t uint16) string {
	switch t {
	case 0:
		return "NULL"
	case 1:
		return "EN10MB"
	case 12, 101:
		return "RAW"
	case 104:
		return "C_HDLC"
	case 108:
		return "LOOP"
	case 113:
		return "LINUX_SLL"
	case 228:
		return "IPv4"
	case 229:
		return "IPv6"
	case 276:
		return "LINUX_SLL2"
	}
	return ""
}
