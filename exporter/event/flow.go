package event

import "strconv"

// Counts are packets and bytes per direction. Bytes are those of the frames
// with their link header, as Suricata counts them.
type Counts struct {
	PktsToServer, PktsToClient   uint64
	BytesToServer, BytesToClient uint64
}

// FlowState is flow.state.
type FlowState string

// Flow states.
const (
	FlowNew         FlowState = "new"
	FlowEstablished FlowState = "established"
	FlowClosed      FlowState = "closed"
	FlowBypassed    FlowState = "bypassed"
)

// FlowReason is flow.reason: why the record was made.
type FlowReason string

// Reasons of flow records. FlowInterval is ours: the flow goes on.
const (
	FlowTimeout  FlowReason = "timeout"
	FlowShutdown FlowReason = "shutdown"
	FlowForced   FlowReason = "forced" // evicted to make room
	FlowReuse    FlowReason = "tcp_reuse"
	FlowUnknown  FlowReason = "unknown"
	FlowInterval FlowReason = "interval"
)

// FlowBypass is flow.bypass.
type FlowBypass string

// Who counts a bypassed flow.
const (
	BypassLocal   FlowBypass = "local"   // the sensor
	BypassCapture FlowBypass = "capture" // the kernel, which does not hand its frames up
)

// Flow is a flow record: one at the flow's end and, when intervals are on, one
// per interval before.
type Flow struct {
	Envelope
	Counts
	Start, End int64 // first and last packet, nanoseconds since the Unix epoch
	State      FlowState
	Reason     FlowReason
	Alerted    bool
	Action     string // of the rule that ended inspection: pass or drop; "" is none
	Midstream  bool   // TCP that was under way when it was first seen
	AppError   bool   // the parser of its protocol gave up on something
	TxCount    uint64
	Emergency  bool // made while the flow table was short of room

	// Bypass says who counts a bypassed flow instead of inspecting it; Bypassed is
	// the part of Counts that nobody inspected, valid iff Bypass is set, and Shed,
	// an addition to EVE, is the reason.
	Bypass   FlowBypass
	Bypassed Counts
	Shed     string
	// CaptureLoss is how many frames the capture has lost while the flow lived, of
	// whatever flow they were; an addition to EVE.
	CaptureLoss uint64

	TCP        *TCP
	Accounting *Accounting // an addition to EVE
	Bandwidth  *Bandwidth  // an addition to EVE
	Interval   *Interval   // an addition to EVE
}

// TCP tells of a flow's connection.
type TCP struct {
	Flags, FlagsTS, FlagsTC uint8 // all header flags seen: in all, to the server, to the client
	State                   string
	TSGap, TCGap            bool // bytes were missing in that direction
	TSMaxRegions            uint32
	TCMaxRegions            uint32
}

// Bandwidth is the flow as the wire carried it. Unlike flow.bytes_*, which
// counts a rebuilt datagram once, it counts every frame, fragments included.
type Bandwidth struct {
	WirePktsToServer, WirePktsToClient   uint64
	WireBytesToServer, WireBytesToClient uint64
	AvgBpsToServer, AvgBpsToClient       uint64 // bits per second over the flow's life, at least one second
	PeakBpsToServer, PeakBpsToClient     uint64 // bits in the best interval of one second
	PeakPpsToServer, PeakPpsToClient     uint64 // packets in the best interval of one second
}

// Accounting says that the kernel counted the flow's packets, so that the counts
// of the record are exact whatever capture lost or held back. Unseen is that part
// of them which was not inspected.
type Accounting struct {
	KernelOnly bool // no packet of the flow was inspected
	Unseen     Counts
}

// Interval makes a flow record one of a row: what was counted since the record
// before.
type Interval struct {
	Seq        uint64 // from 0
	Counts            // of this interval
	Start, End int64  // nanoseconds since the Unix epoch
	Final      bool   // the flow ended; no further record follows
}

// AppendFlow appends the event without its closing brace; see Finish.
func (e *Encoder) AppendFlow(dst []byte, f *Flow) []byte {
	dst = e.appendEnvelope(dst, &f.Envelope, TypeFlow)
	dst = append(dst, `,"flow":{`...)
	dst = f.Counts.append(dst)
	dst = e.appendSpan(dst, f.Start, f.End)
	dst = appendOptionalString(dst, `,"state":`, string(f.State))
	dst = appendOptionalString(dst, `,"reason":`, string(f.Reason))
	dst = appendBoolMember(dst, `,"alerted":`, f.Alerted)
	dst = appendOptionalString(dst, `,"action":`, f.Action)
	dst = f.appendExceptions(dst)
	dst = appendOptionalUint(dst, `,"tx_cnt":`, f.TxCount)
	dst = appendTrue(dst, `,"emergency":true`, f.Emergency)
	if f.Bypass != "" {
		dst = appendStringMember(dst, `,"bypass":`, string(f.Bypass))
		dst = append(dst, `,"bypassed":{`...)
		dst = append(f.Bypassed.append(dst), '}')
	}
	if !e.opt.Strict {
		dst = appendOptionalString(dst, `,"shed":`, f.Shed)
		dst = appendOptionalUint(dst, `,"capture_loss":`, f.CaptureLoss)
	}
	if f.Interval != nil && !e.opt.Strict {
		dst = e.appendInterval(dst, f.Interval)
	}
	dst = append(dst, '}')
	if f.TCP != nil {
		dst = f.TCP.append(dst)
	}
	if f.Accounting != nil && !e.opt.Strict {
		dst = f.Accounting.append(dst)
	}
	if f.Bandwidth != nil && !e.opt.Strict {
		dst = f.Bandwidth.append(dst)
	}
	return dst
}

// appendExceptions says what could not be done as it should be; the flow was let go
// on all the same.
func (f *Flow) appendExceptions(dst []byte) []byte {
	if !f.Midstream && !f.AppError {
		return dst
	}
	dst = append(dst, `,"exception_policy":[`...)
	if f.Midstream {
		dst = append(dst, `{"target":"stream_midstream","policy":"ignore"},`...)
	}
	if f.AppError {
		dst = append(dst, `{"target":"app_layer_error","policy":"ignore"},`...)
	}
	dst[len(dst)-1] = ']'
	return dst
}

func (c *Counts) append(dst []byte) []byte {
	dst = append(dst, `"pkts_toserver":`...)
	dst = strconv.AppendUint(dst, c.PktsToServer, 10)
	dst = appendUintMember(dst, `,"pkts_toclient":`, c.PktsToClient)
	dst = appendUintMember(dst, `,"bytes_toserver":`, c.BytesToServer)
	return appendUintMember(dst, `,"bytes_toclient":`, c.BytesToClient)
}

// appendSpan writes start, end and age. Age is the difference of the whole
// seconds, as Suricata computes it: a flow across a second's boundary has age
// 1 however short it is.
func (e *Encoder) appendSpan(dst []byte, start, end int64) []byte {
	dst = e.appendTimeMember(dst, `,"start":"`, start)
	dst = e.appendTimeMember(dst, `,"end":"`, end)
	s, _ := split(start)
	t, _ := split(end)
	return appendUintMember(dst, `,"age":`, uint64(max(t-s, 0)))
}

func (e *Encoder) appendInterval(dst []byte, i *Interval) []byte {
	dst = appendUintMember(dst, `,"interval":{"seq":`, i.Seq)
	dst = append(dst, ',')
	dst = i.Counts.append(dst)
	dst = e.appendTimeMember(dst, `,"start":"`, i.Start)
	dst = e.appendTimeMember(dst, `,"end":"`, i.End)
	dst = appendBoolMember(dst, `,"final":`, i.Final)
	return append(dst, '}')
}

// TCP header flags, RFC 9293 section 3.1.
const (
	flagFin = 1 << iota
	flagSyn
	flagRst
	flagPsh
	flagAck
	flagUrg
	flagEcn
	flagCwr
)

func (t *TCP) append(dst []byte) []byte {
	dst = appendHexMember(dst, `,"tcp":{"tcp_flags":"`, t.Flags)
	dst = appendHexMember(dst, `,"tcp_flags_ts":"`, t.FlagsTS)
	dst = appendHexMember(dst, `,"tcp_flags_tc":"`, t.FlagsTC)
	dst = appendTCPFlags(dst, t.Flags)
	dst = appendOptionalString(dst, `,"state":`, t.State)
	dst = appendTrue(dst, `,"ts_gap":true`, t.TSGap)
	dst = appendTrue(dst, `,"tc_gap":true`, t.TCGap)
	dst = appendOptionalUint(dst, `,"ts_max_regions":`, uint64(t.TSMaxRegions))
	dst = appendOptionalUint(dst, `,"tc_max_regions":`, uint64(t.TCMaxRegions))
	return append(dst, '}')
}

func appendTCPFlags(dst []byte, flags uint8) []byte {
	dst = appendTrue(dst, `,"syn":true`, flags&flagSyn != 0)
	dst = appendTrue(dst, `,"fin":true`, flags&flagFin != 0)
	dst = appendTrue(dst, `,"rst":true`, flags&flagRst != 0)
	dst = appendTrue(dst, `,"psh":true`, flags&flagPsh != 0)
	dst = appendTrue(dst, `,"ack":true`, flags&flagAck != 0)
	dst = appendTrue(dst, `,"urg":true`, flags&flagUrg != 0)
	dst = appendTrue(dst, `,"ecn":true`, flags&flagEcn != 0)
	return appendTrue(dst, `,"cwr":true`, flags&flagCwr != 0)
}

func (a *Accounting) append(dst []byte) []byte {
	dst = append(dst, `,"accounting":{"source":"kernel"`...)
	dst = appendTrue(dst, `,"kernel_only":true`, a.KernelOnly)
	u := &a.Unseen
	dst = appendOptionalUint(dst, `,"unseen_pkts_toserver":`, u.PktsToServer)
	dst = appendOptionalUint(dst, `,"unseen_pkts_toclient":`, u.PktsToClient)
	dst = appendOptionalUint(dst, `,"unseen_bytes_toserver":`, u.BytesToServer)
	dst = appendOptionalUint(dst, `,"unseen_bytes_toclient":`, u.BytesToClient)
	return append(dst, '}')
}

func (b *Bandwidth) append(dst []byte) []byte {
	dst = appendUintMember(dst, `,"bandwidth":{"wire_pkts_toserver":`, b.WirePktsToServer)
	dst = appendUintMember(dst, `,"wire_pkts_toclient":`, b.WirePktsToClient)
	dst = appendUintMember(dst, `,"wire_bytes_toserver":`, b.WireBytesToServer)
	dst = appendUintMember(dst, `,"wire_bytes_toclient":`, b.WireBytesToClient)
	dst = appendUintMember(dst, `,"avg_bps_toserver":`, b.AvgBpsToServer)
	dst = appendUintMember(dst, `,"avg_bps_toclient":`, b.AvgBpsToClient)
	dst = appendUintMember(dst, `,"peak_bps_toserver":`, b.PeakBpsToServer)
	dst = appendUintMember(dst, `,"peak_bps_toclient":`, b.PeakBpsToClient)
	dst = appendUintMember(dst, `,"peak_pps_toserver":`, b.PeakPpsToServer)
	dst = appendUintMember(dst, `,"peak_pps_toclient":`, b.PeakPpsToClient)
	return append(dst, '}')
}
