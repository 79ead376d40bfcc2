package signatures

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/signatures/keyword"
)

// FlowState is what detection remembers of one flow. It is embedded in the
// flow record, holds no pointers, and its zero value is a fresh flow. Memory
// behind it belongs to the Inspector that filled it: Inspector.EndFlow gives it
// back.
type FlowState struct {
	held  uint32 // place in the Inspector's flowMemories; 0 is none
	flags flowFlags
}

// flowFlags is what detection decided about the whole flow.
type flowFlags uint32

const (
	flowPassed      flowFlags = 1 << iota // a pass rule ended inspection
	flowAddressesTS                       // address-only rules were applied to server
	flowAddressesTC                       // … to client
	flowProtocolTS                        // rules on the detected protocol were applied to server
	flowProtocolTC                        // … to client
	flowBypassed                          // a rule with bypass matched
	flowOpaque                            // payload is not inspected any more
	flowDropped                           // a drop or reject about the flow ended inspection
)

// Passed reports whether a pass rule ended inspection of the flow.
func (f *FlowState) Passed() bool { return f.flags&flowPassed != 0 }

// Dropped reports whether a match asked to drop or reject the flow. A sensor in
// the path would let no further packet of it through, so that as in Suricata none
// is inspected, and nothing of its end.
func (f *FlowState) Dropped() bool { return f.flags&flowDropped != 0 }

// Bypassed reports whether a rule with bypass matched: no further packet of the
// flow is inspected, only what its end brings up, and who feeds the sensor need
// not deliver it.
func (f *FlowState) Bypassed() bool { return f.flags&flowBypassed != 0 }

// IgnorePayload ends the inspection of the flow's payload with the packet that
// was inspected last: what follows is encrypted. Headers, transactions and
// chunks of the stream are inspected as before.
func (f *FlowState) IgnorePayload() { f.flags |= flowOpaque }

// Input is one packet with everything that conditions may ask about it.
// All pointers are borrowed for one Inspect call.
type Input struct {
	Packet      *decoders.Packet
	Flow        *FlowState // nil when the packet belongs to no flow
	Dir         decoders.Direction
	Established bool // as the keyword flow:established defines it
	Closing     bool // a FIN was seen of the TCP session, not yet its end
	FlowStart   int64
	FlowPackets [2]uint64 // by decoders.Direction, this packet included
	FlowBytes   [2]uint64
	App         app.Proto
	// AppSides is what the protocol of each direction looked like; both unknown
	// stands for App on both.
	AppSides [2]app.Proto
	// Txs are the transactions that advanced in Dir since the packet before
	// in Dir, oldest first.
	Txs []app.Tx

	// Frames of the flow; nil when none are marked.
	Frames *app.FrameLog

	// Stream is what became due of the stream of Dir, in order.
	Stream []StreamChunk
	// InStream: reassembly took the packet's payload, so that rules on the
	// stream will see it, or have, in a chunk; they look at the payload of
	// other packets of TCP as if it were a chunk.
	InStream bool
	// Appended: reassembly put the whole payload behind everything that it had of
	// the stream of Dir, at Offset.
	Appended bool
	Offset   uint64
	// Pseudo marks a packet that was not on the wire, made for the end of a
	// flow: it has addresses and ports and no payload. Rules on packets are
	// not asked.
	Pseudo bool
	// Unfinished: of a Pseudo packet, that the session was open or that not all of
	// it had been looked at. Rules on every packet of an application protocol see
	// such an end.
	Unfinished   bool
	StreamSize   [2]uint32 // bytes sent by sequence number, by direction of sending: next sequence number - initial one
	StreamEvents decoders.StreamEventSet
	AppEvents    keyword.AppEventSet // what protocol detection found odd with this packet
}

// StreamChunk is a run of in-order bytes of one direction of a TCP stream that
// is to be inspected. A pattern that runs from one chunk into the next is not
// found, as in Suricata; the one who cuts decides.
type StreamChunk struct {
	Data []byte // borrowed for one Inspect call
	Dir  decoders.Direction
	// Offset of Data[0] in the stream. Positions in rules count from the start
	// of the chunk all the same.
	Offset uint64
	End    bool // nothing follows in this direction
}

// Match is one signature that matched. When Pending is set its rule has a
// threshold across flows, and Thresholds has the last word; otherwise it
// survived all thresholds.
type Match struct {
	Sig     *Signature
	Tx      app.Tx      // nil for a match without a transaction
	TxID    uint64      // valid iff Tx is not nil
	Alert   bool        // false for noalert rules, whose side effects were done
	Pending bool        // Thresholds decides whether there is an alert
	Action  Action      // the rule's; a rate_filter changes it in Thresholds.Finish
	File    int         // 1 more than the place of the file, of those of the transaction in the direction, that a rule on files is about; 0 for others
	Frame   *FrameMatch // of a rule on frames; borrowed as Captured is
	Stream  bool        // bytes of a stream chunk matched, not those of the packet
	// Captured is what expressions and datasets of the rule caught, for the
	// event. Borrowed until the Inspector's next call. Inspector.Variable has the
	// names.
	Captured []keyword.Captured
}
