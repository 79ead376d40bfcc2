package signatures

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// FlowState is what detection remembers of one flow. It is embedded in the
// flow record, holds no pointers, and its zero value is a fresh flow. Memory
// behind the handles belongs to the Inspector that filled it:
// Inspector.EndFlow gives it back.
type FlowState struct {
	bits  uint32 // handle into the Inspector's flowbit sets; 0 is none
	flags uint32
}

// Input is one packet with everything that conditions may ask about it.
// All pointers are borrowed for one Inspect call.
type Input struct {
	Packet      *decoders.Packet
	Flow        *FlowState // nil when the packet belongs to no flow
	Dir         decoders.Direction
	Established bool // as the keyword flow:established defines it
	FlowStart   int64
	FlowPackets [2]uint64 // by decoders.Direction, this packet included
	FlowBytes   [2]uint64
	App         app.Proto
	Txs         []app.Tx // transactions that this packet advanced
}

// Match is one signature that matched and survived thresholds.
type Match struct {
	Sig   *Signature
	Tx    app.Tx // nil for a match without a transaction
	TxID  uint64 // valid iff Tx is not nil
	Alert bool   // false for noalert rules, whose side effects were done
}
