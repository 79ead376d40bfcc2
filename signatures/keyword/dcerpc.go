package keyword

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"spanwatch/decoders/app"
	"spanwatch/signatures/rule"
)

// dceProtos are the protocols that carry remote calls.
var dceProtos = Protos(app.ProtoDCERPC, app.ProtoSMB)

// dceInterface is dcerpc.iface: the interface that a call is meant for.
type dceInterface struct {
	uuid       [16]byte
	version    rule.Int
	hasVersion bool
	anyFrag    bool // also one that was asked for in a later fragment
}

func (t *dceInterface) MatchTx(f *TxFacts) bool {
	for i := 0; ; i++ {
		b, ok := f.Tx.Buffer(app.DCEInterface, i)
		if !ok {
			return false
		}
		if bytes.Equal(b[:16], t.uuid[:]) && (t.anyFrag || b[18] == 1) &&
			(!t.hasVersion || t.version.Match(uint64(binary.BigEndian.Uint16(b[16:])))) {
			return true
		}
	}
}

// setDCEInterface is the keyword dcerpc.iface: `dcerpc.iface:uuid[,version][,any_frag]`.
func setDCEInterface(b *Builder, o *rule.Option) *rule.Diagnostic {
	t := &dceInterface{}
	args := splitList(o.Value)
	if len(args) == 0 {
		return b.badValue(o, "dcerpc.iface needs a UUID")
	}
	digits := strings.ReplaceAll(strings.TrimSpace(args[0]), "-", "")
	raw, err := hex.DecodeString(digits)
	if err != nil || len(raw) != len(t.uuid) {
		return b.badValue(o, quoted(args[0])+" is no UUID")
	}
	copy(t.uuid[:], raw)
	for _, arg := range args[1:] {
		arg = strings.TrimSpace(arg)
		if arg == "any_frag" {
			t.anyFrag = true
			continue
		}
		// A lone = before the number is an old form of equality.
		v, err := rule.IntSyntax{Bits: 16}.Parse(strings.TrimSpace(strings.TrimPrefix(arg, "=")))
		if err != nil {
			return b.diagnose(o, err)
		}
		t.version, t.hasVersion = v, true
	}
	if d := b.needApps(o, dceProtos); d != nil {
		return d
	}
	b.addTxTest(t)
	return nil
}

// dceOpnum is dcerpc.opnum: one of some ranges of operations.
type dceOpnum struct{ ranges [][2]uint64 }

func (t *dceOpnum) MatchTx(f *TxFacts) bool {
	v, ok := f.Tx.Integer(app.DCEOpnum, 0)
	if !ok {
		return false
	}
	for _, r := range t.ranges {
		if v >= r[0] && v <= r[1] {
			return true
		}
	}
	return false
}

// setDCEOpnum is the keyword dcerpc.opnum: `dcerpc.opnum:N[-N][,N[-N]...]`.
func setDCEOpnum(b *Builder, o *rule.Option) *rule.Diagnostic {
	t := &dceOpnum{}
	for _, arg := range splitList(o.Value) {
		from, to, span := strings.Cut(arg, "-")
		low, ok := parseUnsigned(strings.TrimSpace(from))
		high := low
		if span && ok {
			high, ok = parseUnsigned(strings.TrimSpace(to))
		}
		if !ok || high < low || high > 0xFFFF {
			return b.badValue(o, "bad operation "+quoted(arg))
		}
		t.ranges = append(t.ranges, [2]uint64{low, high})
	}
	if len(t.ranges) == 0 {
		return b.badValue(o, "dcerpc.opnum needs a number")
	}
	if d := b.needApps(o, dceProtos); d != nil {
		return d
	}
	b.addTxTest(t)
	return nil
}
