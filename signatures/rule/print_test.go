package rule

import (
	"slices"
	"testing"
)

// sameRule says how two rules differ, but for their text and positions; ""
// when they do not.
func sameRule(a, b *Rule) string {
	switch {
	case a.Action != b.Action || a.Proto != b.Proto || a.Hook != b.Hook || a.Direction != b.Direction:
		return "header"
	case !sameAddresses(a.Src, b.Src) || !sameAddresses(a.Dst, b.Dst):
		return "addresses"
	case !samePorts(a.SrcPorts, b.SrcPorts) || !samePorts(a.DstPorts, b.DstPorts):
		return "ports"
	case !slices.EqualFunc(a.Options, b.Options, func(x, y Option) bool {
		return x.Name == y.Name && x.Value == y.Value && x.HasValue == y.HasValue
	}):
		return "options"
	}
	return ""
}

func sameAddresses(a, b AddressSet) bool {
	return a.Any == b.Any && a.Written == b.Written && slices.Equal(a.Ranges, b.Ranges)
}

func samePorts(a, b PortSet) bool {
	return a.Any == b.Any && a.Written == b.Written && slices.Equal(a.Ranges, b.Ranges)
}

func TestPrint(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"spacing and case become canonical", `ALERT TCP:flow_start  [10.0.0.1, 10.0.0.2] :1023  =>  any any(msg : "a b"  ;noalert;content:!"x\;y";sid:1;  )`,
			`alert tcp:flow_start [10.0.0.1, 10.0.0.2] :1023 => any any (msg:"a b"; noalert; content:!"x\;y"; sid:1;)`},
		{"no options", `alert tcp any any <> any any ( )`, `alert tcp any any <> any any ()`},
		{"an empty value", `alert tcp any any -> any any (nocase: ;)`, `alert tcp any any -> any any (nocase:;)`},
		{"a value that ends in a backslash", `alert tcp any any -> any any (x:a\ ;)`, `alert tcp any any -> any any (x:a\ ;)`},
		{"continuation lines", "alert tcp any any \\\n-> any any (sid:1;\\\n)", `alert tcp any any -> any any (sid:1;)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := mustParse(t, tt.text)
			if got := r.String(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			again := mustParse(t, r.String())
			if diff := sameRule(r, again); diff != "" {
				t.Errorf("parsed again, the rule differs in its %s", diff)
			}
		})
	}
	o := Option{Name: "msg", Value: `"x"`, HasValue: true}
	if got := o.String(); got != `msg:"x";` {
		t.Errorf("option: %s", got)
	}
}
