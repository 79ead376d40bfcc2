package apptest

import (
	"fmt"
	"math"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// CheckDefinition fails the test when a definition contradicts itself: a field
// without a name or a number outside the protocol's blocks, or two that share
// one.
func CheckDefinition(t *testing.T, p app.Described) {
	t.Helper()
	d := p.Definition()
	if d.Transports&^(decoders.LayerTCP|decoders.LayerUDP) != 0 || d.Transports == 0 {
		t.Errorf("transports %b", d.Transports)
	}
	names, buffers := map[string]bool{}, map[app.Buffer]string{}
	single := app.FirstField + app.Buffer(p.Proto())*app.FieldsPerProtocol
	pair := app.FirstPair + app.Buffer(p.Proto())*2*app.FieldsPerProtocol
	for _, f := range d.Fields {
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			if name == "" || names[name] {
				t.Errorf("the name %q is empty or given twice", name)
			}
			names[name] = true
		}
		if f.Dirs == 0 {
			t.Errorf("%s exists in no direction", f.Name)
		}
		if f.Condition != nil {
			if f.Syntax == "" {
				t.Errorf("%s does not show its syntax", f.Name)
			}
			continue
		}
		switch b := f.Buffer; {
		case b < app.FirstField: // one that protocols share, such as the name of a file
		case b >= single && b < single+app.FieldsPerProtocol:
		case b >= pair && b < pair+2*app.FieldsPerProtocol && b&1 == 0:
		default:
			t.Errorf("the buffer of %s is outside the protocol's blocks", f.Name)
		}
		if other, ok := buffers[f.Buffer]; ok && f.Bits == 0 {
			t.Errorf("%s and %s share a buffer", f.Name, other)
		}
		if f.Bits == 0 {
			buffers[f.Buffer] = f.Name
		}
	}
}

// Value returns instance i of a field by its name in rules, a number in
// decimal.
func Value(t testing.TB, p app.Described, tx app.Tx, dir decoders.Direction, name string, i int) (string, bool) {
	t.Helper()
	for _, f := range p.Definition().Fields {
		if f.Name != name {
			continue
		}
		if f.Bits > 0 {
			n, ok := tx.Integer(f.Buffer.In(dir), i)
			return strconv.FormatUint(n, 10), ok
		}
		data, ok := tx.Buffer(f.Buffer.In(dir), i)
		return string(data), ok
	}
	t.Fatalf("no field %s", name)
	return "", false
}

// RecordText renders a record on one line: {method: "INVITE", list: [1, 2]}.
// It is "" when there is nothing to tell.
func RecordText(tx app.Recorder) string {
	var r app.Record
	if !tx.AppendRecord(&r) {
		return ""
	}
	var b strings.Builder
	var ends []byte
	b.WriteByte('{')
	first := true
	for _, item := range r.Items() {
		if item.Kind == app.ItemEnd {
			b.WriteByte(ends[len(ends)-1])
			ends, first = ends[:len(ends)-1], false
			continue
		}
		if !first {
			b.WriteString(", ")
		}
		first = false
		if item.Name != "" {
			b.WriteString(item.Name + ": ")
		}
		switch item.Kind {
		case app.ItemObject:
			b.WriteByte('{')
			ends, first = append(ends, '}'), true
		case app.ItemList:
			b.WriteByte('[')
			ends, first = append(ends, ']'), true
		case app.ItemText:
			fmt.Fprintf(&b, "%q", item.Text)
			if item.Number > 0 {
				fmt.Fprintf(&b, "+%d", item.Number)
			}
		case app.ItemWord:
			fmt.Fprintf(&b, "%q", item.Word)
		case app.ItemUint:
			fmt.Fprint(&b, item.Number)
		case app.ItemInt:
			fmt.Fprint(&b, int64(item.Number))
		case app.ItemAddress:
			addr, _ := netip.AddrFromSlice(item.Text)
			fmt.Fprint(&b, addr)
		case app.ItemBase64:
			fmt.Fprintf(&b, "base64 %x", item.Text)
		case app.ItemFloat:
			fmt.Fprint(&b, math.Float64frombits(item.Number))
		case app.ItemMAC:
			fmt.Fprint(&b, net.HardwareAddr(item.Text))
		case app.ItemBool:
			fmt.Fprint(&b, item.Number != 0)
		}
	}
	if len(ends) > 0 {
		return "open: " + b.String()
	}
	return b.String() + "}"
}
