package keyword

import (
	"encoding/binary"

	"spanwatch/decoders"
	"spanwatch/signatures/rule"
)

// rpcCall compares the program, version and procedure of a Sun RPC call (RFC
// 5531 section 9) at the start of the packet's payload.
type rpcCall struct {
	program                  uint32
	version, procedure       uint32
	anyVersion, anyProcedure bool
}

func (t *rpcCall) Match(f *Facts) bool {
	b := f.Packet.Payload()
	if f.Packet.Layers.Has(decoders.LayerTCP) {
		const mark = 4 // length of the record
		if len(b) < mark {
			return false
		}
		b = b[mark:]
	}
	const call, header = 0, 24
	if len(b) < header || binary.BigEndian.Uint32(b[4:]) != call || binary.BigEndian.Uint32(b[12:]) != t.program {
		return false
	}
	return (t.anyVersion || binary.BigEndian.Uint32(b[16:]) == t.version) &&
		(t.anyProcedure || binary.BigEndian.Uint32(b[20:]) == t.procedure)
}

// setRPC is the keyword rpc: `rpc:program[,version|*][,procedure|*]`.
func setRPC(b *Builder, o *rule.Option) *rule.Diagnostic {
	args := splitList(o.Value)
	t := &rpcCall{anyVersion: true, anyProcedure: true}
	for i, arg := range args {
		if i > 0 && arg == "*" {
			continue
		}
		n, ok := parse32(arg)
		switch {
		case !ok || i > 2:
			return b.badValue(o, "bad number "+quoted(arg))
		case i == 0:
			t.program = n
		case i == 1:
			t.version, t.anyVersion = n, false
		default:
			t.procedure, t.anyProcedure = n, false
		}
	}
	b.plan.Tests = append(b.plan.Tests, t)
	return nil
}
