package rule

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
)

// testVars are the variables of this package's expression tests.
func testVars() *Vars {
	return &Vars{
		Addresses: map[string]string{
			"HOME":   "[192.168.0.0/16,10.0.0.0/8,2001:db8::/32]",
			"HOME4":  "[192.168.0.0/16, 10.0.0.0/8]",
			"EXT":    "!$HOME",
			"EXT4":   "!$HOME4",
			"BOTH":   "[$HOME,$EXT]",
			"SERVER": "10.0.0.5",
			"DMZ":    "[10.9.0.0/16,!10.9.9.0/24]",
			"SELF":   "$SELF",
			"PING":   "[10.0.0.1,$PONG]",
			"PONG":   "!$PING",
			"EMPTY":  "",
			"BROKEN": "[10.0.0.0/8,10.0.0.300]",
		},
		Ports: map[string]string{
			"WEB": "[80,443,8000:8999]", "NOTWEB": "!$WEB", "HIGH": "1024:", "LOOP": "[1,$LOOP]",
		},
	}
}

func canonicalText(set AddressSet) string {
	var parts []string
	for _, r := range set.Canonical() {
		s := r.From.String()
		if r.To != r.From {
			s += "-" + r.To.String()
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func TestAddressExpressions(t *testing.T) {
	const all = "0.0.0.0-255.255.255.255 ::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
	const notTen = "0.0.0.0-9.255.255.255 11.0.0.0-255.255.255.255"
	tests := []struct{ name, text, want string }{
		{"any is both families", "any", all},
		{"any in any case", "ANY", all},
		{"one address", "10.0.0.1", "10.0.0.1"},
		{"one IPv6 address", "2001:DB8::1", "2001:db8::1"},
		{"a prefix", "10.0.0.0/8", "10.0.0.0-10.255.255.255"},
		{"a prefix of the whole space", "0.0.0.0/0", "0.0.0.0-255.255.255.255"},
		{"a prefix of one address", "10.0.0.1/32", "10.0.0.1"},
		{"an IPv6 prefix", "2001:db8::/33", "2001:db8::-2001:db8:7fff:ffff:ffff:ffff:ffff:ffff"},
		{"a netmask", "10.16.0.0/255.240.0.0", "10.16.0.0-10.31.255.255"},
		{"a prefix with host bits is its network", "10.1.2.3/8", "10.0.0.0-10.255.255.255"},
		{"a range", "10.0.0.250-10.0.1.3", "10.0.0.250-10.0.1.3"},
		{"a range of one", "10.0.0.1-10.0.0.1", "10.0.0.1"},
		{"an IPv6 range", "::1-::ff", "::1-::ff"},
		{"a list in any order is sorted", "[10.0.0.9,10.0.0.1]", "10.0.0.1 10.0.0.9"},
		{"overlapping and adjacent ranges become one", "[10.0.0.0/25,10.0.0.128/25,10.0.0.7]", "10.0.0.0-10.0.0.255"},
		{"the families stay apart", "[255.255.255.255,::]", "255.255.255.255 ::"},
		{"a negated address leaves the rest of its family", "!10.0.0.0/8", notTen},
		{"a negation next to any", "[any,!10.0.0.0/8]", notTen + " ::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		{"a negation at the start of the space", "!0.0.0.0", "0.0.0.1-255.255.255.255"},
		{"a negation at the end of the space", "!255.255.255.255", "0.0.0.0-255.255.255.254"},
		{"a negation inside a list counts for the whole list", "[!10.1.2.0/24,10.1.0.0/16]", "10.1.0.0-10.1.1.255 10.1.3.0-10.1.255.255"},
		{"a negation in an inner list counts for the outer one, too", "[10.1.0.0/16,[10.0.0.0/15,!10.1.2.0/24]]", "10.0.0.0-10.1.1.255 10.1.3.0-10.1.255.255"},
		{"a negated list is resolved before it is taken away", "[10.0.0.0/8,![10.1.0.0/16,!10.1.2.0/24]]", "10.0.0.0-10.0.255.255 10.1.2.0-10.1.2.255 10.2.0.0-10.255.255.255"},
		{"two negations cancel", "![!10.0.0.0/8]", "10.0.0.0-10.255.255.255"},
		{"three negations are one", "![![!10.0.0.0/8]]", notTen},
		{"a negation outside the list changes nothing", "[10.0.0.0/8,!11.0.0.0/8]", "10.0.0.0-10.255.255.255"},
		{"a negation of one family leaves the other alone", "[10.0.0.1,!2001:db8::/32]", "10.0.0.1 ::-2001:db7:ffff:ffff:ffff:ffff:ffff:ffff 2001:db9::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		{"a variable", "$SERVER", "10.0.0.5"},
		{"a negated variable", "!$HOME4", "0.0.0.0-9.255.255.255 11.0.0.0-192.167.255.255 192.169.0.0-255.255.255.255"},
		{"a variable that is a negation", "$EXT4", "0.0.0.0-9.255.255.255 11.0.0.0-192.167.255.255 192.169.0.0-255.255.255.255"},
		{"a negated variable that is a negation", "!$EXT4", "10.0.0.0-10.255.255.255 192.168.0.0-192.168.255.255"},
		{"a list of variables", "[$HOME4,$SERVER]", "10.0.0.0-10.255.255.255 192.168.0.0-192.168.255.255"},
		{"a list with a negated variable", "[$HOME4,!$SERVER]", "10.0.0.0-10.0.0.4 10.0.0.6-10.255.255.255 192.168.0.0-192.168.255.255"},
		{"a negated variable with an exception", "[10.9.0.0/16,!$DMZ]", "10.9.9.0-10.9.9.255"},
		{"white space in lists", "[ 10.0.0.1 ,\t! $SERVER, 10.0.0.5 ]", "10.0.0.1"},
		{"white space in ranges", "[10.0.0.1 - 10.0.0.3]", "10.0.0.1-10.0.0.3"},
		{"a comma at the end", "[10.0.0.1,]", "10.0.0.1"},
		{"an IPv4-mapped address is an IPv6 address", "::ffff:10.0.0.1", "::ffff:10.0.0.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, err := ParseAddresses(tt.text, testVars())
			if err != nil {
				t.Fatal(err)
			}
			if got := canonicalText(set); got != tt.want {
				t.Errorf("%s\ngot  %s\nwant %s", tt.text, got, tt.want)
			}
		})
	}
}

func TestDefaultVariablesPartTheIPv4World(t *testing.T) {
	home, err := ParseAddresses("$HOME_NET", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"$EXTERNAL_NET", "!$HOME_NET", "[$EXTERNAL_NET,!$SMTP_SERVERS]", "$AIM_SERVERS"} {
		external, err := ParseAddresses(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range []string{"10.0.0.1", "192.168.255.255", "172.31.0.9", "172.32.0.0", "8.8.8.8", "255.255.255.255", "0.0.0.0"} {
			addr := netip.MustParseAddr(a)
			if home.Contains(addr) == external.Contains(addr) {
				t.Errorf("%s: %s is in both or in none of $HOME_NET and its opposite", text, a)
			}
		}
		if external.Contains(netip.MustParseAddr("2001:db8::1")) {
			t.Errorf("%s: a negation of IPv4 networks covers IPv6", text)
		}
	}
	back, err := ParseAddresses("!$EXTERNAL_NET", nil)
	if err != nil {
		t.Fatal(err)
	}
	if canonicalText(back) != canonicalText(home) {
		t.Errorf("!$EXTERNAL_NET is %s, want %s", canonicalText(back), canonicalText(home))
	}
}

func TestAnySetTellsAnyFromRanges(t *testing.T) {
	for text, want := range map[string]bool{
		"any": true, "[any,!10.0.0.1]": true, "[0.0.0.0/0,::/0]": true, "0.0.0.0/0": false, "!10.0.0.1": false,
	} {
		set, err := ParseAddresses(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		if set.Any != want {
			t.Errorf("%s: Any is %v", text, set.Any)
		}
	}
	if (AddressSet{Any: true}).Contains(netip.Addr{}) {
		t.Error("any contains the invalid address")
	}
}

func TestBadAddressExpressionsPointAtTheFault(t *testing.T) {
	tests := []struct {
		name, text, code string
		at               int
	}{
		{"inside a list", "[10.0.0.1, 10.0.0.300]", CodeAddress, 11},
		{"inside a list in a list", "[10.0.0.1,[any,$NONE]]", CodeVariable, 15},
		{"at the end of a range", "[10.0.0.1-x]", CodeAddress, 10},
		{"at the prefix length", "!10.0.0.0/99", CodeAddress, 10},
		{"at a variable whose value is broken", "[any,$BROKEN]", CodeAddress, 5},
		{"a variable defined by itself", "$SELF", CodeVariableCycle, 0},
		{"variables defined by each other", "[any,!$PING]", CodeVariableCycle, 6},
		{"a variable without a value", "$EMPTY", CodeEmptyItem, 0},
		{"a list of everything and its opposite", "$BOTH", CodeNothingLeft, 0},
		{"not any", "[10.0.0.1,!any]", CodeNothingLeft, 11},
		{"nothing left inside a negated list", "[any,![10.0.0.1,!10.0.0.0/8]]", CodeNothingLeft, 7},
		{"text behind a list", "[10.0.0.1]x", CodeBracket, 9},
		{"brackets that do not match", "[[10.0.0.1]", CodeBracket, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseAddresses(tt.text, testVars())
			v, ok := err.(*ValueError)
			if !ok {
				t.Fatalf("%s: error %v", tt.text, err)
			}
			if v.Code != tt.code || v.At != tt.at {
				t.Errorf("%s: %s at %d (%v), want %s at %d", tt.text, v.Code, v.At, v, tt.code, tt.at)
			}
		})
	}
}

func TestVariablesCannotMultiplyWithoutEnd(t *testing.T) {
	vars := &Vars{Addresses: map[string]string{"A": "10.0.0.1"}}
	for c := 'B'; c <= 'Z'; c++ {
		below := "$" + string(c-1)
		vars.Addresses[string(c)] = "[" + below + "," + below + "," + below + "]"
	}
	for _, text := range []string{"$Z", "!$Z"} {
		_, err := ParseAddresses(text, vars)
		if v, ok := err.(*ValueError); !ok || v.Code != CodeTooManyRanges {
			t.Errorf("%s: error %v", text, err)
		}
	}
}

func TestCheckReportsEveryBadVariableOnce(t *testing.T) {
	found := make(map[string][]string)
	for _, d := range testVars().Check() {
		found[d.Pos.File] = append(found[d.Pos.File], d.Code)
	}
	want := map[string]string{
		"variable $SELF": CodeVariableCycle, "variable $PING": CodeVariableCycle, "variable $PONG": CodeVariableCycle,
		"variable $EMPTY": CodeEmptyItem, "variable $BROKEN": CodeAddress, "variable $BOTH": CodeNothingLeft,
		"variable $EXT4": CodeOneFamily, "variable $LOOP": CodeVariableCycle,
	}
	for name, code := range want {
		if len(found[name]) != 1 || found[name][0] != code {
			t.Errorf("%s: %v, want %s", name, found[name], code)
		}
	}
	if len(found) != len(want) {
		t.Errorf("found %v", found)
	}
	for _, d := range DefaultVars().Check() {
		if !d.Warning || d.Code != CodeOneFamily {
			t.Errorf("default variables: %v", d)
		}
	}
}

func TestWarningsAboutAVariableAreNotRepeatedByRules(t *testing.T) {
	vars := &Vars{Addresses: map[string]string{"SLOPPY": "[10.0.0.1/8,]"}}
	text := []byte("alert tcp $SLOPPY any -> ![$SLOPPY] any (sid:1;)\nalert tcp 10.0.0.1/8 any -> any any (sid:2;)")
	rules, diags := Parse("x", text, vars)
	if len(rules) != 2 || len(diags) != 1 || diags[0].Pos.Line != 2 {
		t.Errorf("%d rules, diagnostics %v", len(rules), diags)
	}
	if diags := vars.Check(); len(diags) != 2 || diags[0].Code != CodeHostBits || diags[1].Code != CodeEmptyItem {
		t.Errorf("check: %v", diags)
	}
}

// TestAddressesAgreeWithTheModel compares random expressions with
// addressModel.
func TestAddressesAgreeWithTheModel(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	good := 0
	for range 3000 {
		if checkAddresses(t, randomAddresses(random, 3)) {
			good++
		}
	}
	if good < 500 {
		t.Errorf("only %d expressions were valid", good)
	}
}

func randomAddresses(random *rand.Rand, depth int) string {
	leaves := []string{
		"any", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3", "10.1.2.4", "0.0.0.0/1", "128.0.0.0/1", "0.0.0.0", "255.255.255.255",
		"10.1.2.200-10.1.3.20", "::/1", "8000::/1", "2001:db8::/32", "2001:db8::1", "::1-::9", "$HOME", "$HOME4", "$EXT", "$EXT4", "$DMZ", "$SERVER",
	}
	text := leaves[random.IntN(len(leaves))]
	if depth > 0 && random.IntN(3) > 0 {
		items := make([]string, 1+random.IntN(4))
		for i := range items {
			items[i] = randomAddresses(random, depth-1)
		}
		text = "[" + strings.Join(items, ",") + "]"
	}
	if random.IntN(3) == 0 {
		text = "!" + text
	}
	return text
}
