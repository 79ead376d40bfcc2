package keyword

import (
	"strings"

	"spanwatch/signatures/rule"
)

// Tag asks that packets that follow an alert are reported too.
type Tag struct {
	Host    bool   // of the host, not of the session
	Dst     bool   // the host is the packet's destination
	Count   uint32 // how many, in Unit
	Packets bool   // Count is of packets
	Bytes   bool   // … of bytes; neither: of seconds
}

// defaultTagPackets is how many packets follow when the rule does not say.
const defaultTagPackets = 256

// setTag is the keyword tag: `tag:session|host[,N,packets|bytes|seconds[,src|dst]]`.
func setTag(b *Builder, o *rule.Option) *rule.Diagnostic {
	t := Tag{Count: defaultTagPackets, Packets: true}
	args := splitList(o.Value)
	if len(args) == 0 {
		args = []string{"session"}
	}
	switch args[0] {
	case "session":
	case "host":
		t.Host = true
	default:
		return b.badValue(o, "tag is of session or host, not "+quoted(args[0]))
	}
	if len(args) == 2 || len(args) > 4 || len(args) == 4 && !t.Host {
		return b.badValue(o, "tag needs a number and packets, bytes or seconds")
	}
	if len(args) > 2 {
		n, ok := parse32(args[1])
		t.Packets, t.Bytes = args[2] == "packets", args[2] == "bytes"
		if !ok || !t.Packets && !t.Bytes && args[2] != "seconds" {
			return b.badValue(o, "bad amount "+quoted(strings.Join(args[1:3], " ")))
		}
		t.Count = n
	}
	if len(args) == 4 {
		t.Dst = args[3] == "dst"
		if !t.Dst && args[3] != "src" {
			return b.badValue(o, "tag follows src or dst, not "+quoted(args[3]))
		}
	}
	b.plan.Meta.Tag = &t
	return nil
}

// setBypass is the keyword bypass: after a match, the rest of the flow is not
// inspected any more.
func setBypass(b *Builder, _ *rule.Option) *rule.Diagnostic {
	b.plan.Meta.Bypass = true
	b.plan.IPOnly = false
	return nil
}
