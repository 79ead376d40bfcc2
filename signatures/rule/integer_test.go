package rule

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestIntegerExpressions(t *testing.T) {
	tests := []struct {
		name, value string
		bits        int
		want        Int
	}{
		{"a number", "5", 8, Int{IntEqual, 5, 0}},
		{"an equal sign", "= 5", 8, Int{IntEqual, 5, 0}},
		{"hex digits in both cases", "0xfF", 8, Int{IntEqual, 255, 0}},
		{"not, short", "!5", 8, Int{IntNotEqual, 5, 0}},
		{"not, long", "!= 5", 8, Int{IntNotEqual, 5, 0}},
		{"less", "<5", 8, Int{IntLess, 5, 0}},
		{"less or equal", "<=5", 8, Int{IntLessEqual, 5, 0}},
		{"more", "> 5", 8, Int{IntMore, 5, 0}},
		{"more or equal", ">=5", 8, Int{IntMoreEqual, 5, 0}},
		{"a range", "5-9", 8, Int{IntInside, 5, 9}},
		{"a range of the older form", "5<>9", 8, Int{IntInside, 5, 9}},
		{"a range with spaces", " 5 - 9 ", 8, Int{IntInside, 5, 9}},
		{"outside a range", "!5-9", 8, Int{IntOutside, 5, 9}},
		{"a mask", "&0xc0=0x80", 8, Int{IntMask, 0xc0, 0x80}},
		{"a mask that must differ", "& 0xc0 != 0", 8, Int{IntMaskNot, 0xc0, 0}},
		{"kilobytes", "2kb", 16, Int{IntEqual, 2048, 0}},
		{"kibibytes are the same", "2KiB", 16, Int{IntEqual, 2048, 0}},
		{"megabytes", ">1mb", 32, Int{IntMore, 1 << 20, 0}},
		{"gigabytes", "<3Gib", 32, Int{IntLess, 3 << 30, 0}},
		{"a range of sizes", "1kb-1mb", 32, Int{IntInside, 1 << 10, 1 << 20}},
		{"the greatest of 64 bits", "18446744073709551615", 64, Int{IntEqual, math.MaxUint64, 0}},
		{"leading zeros", "0005", 8, Int{IntEqual, 5, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseInt(tt.value, tt.bits)
			if err != nil || got != tt.want {
				t.Errorf("%q: got %+v, %v, want %+v", tt.value, got, err, tt.want)
			}
		})
	}
}

func TestBadIntegersPointAtTheFault(t *testing.T) {
	tests := []struct {
		name, value string
		bits        int
		code        string
		at          int
	}{
		{"nothing", "", 8, CodeInteger, 0},
		{"a word", "abc", 8, CodeInteger, 0},
		{"text behind the number", "5x", 8, CodeInteger, 1},
		{"a negative number", "-5", 8, CodeInteger, 0},
		{"an operator alone", ">", 8, CodeInteger, 1},
		{"two operators", "<>5", 8, CodeInteger, 1},
		{"half a range", "5-", 8, CodeInteger, 2},
		{"hex without digits", "0x", 8, CodeInteger, 1},
		{"too large for 8 bits", "256", 8, CodeIntegerRange, 0},
		{"too large for 16 bits", "=65536", 16, CodeIntegerRange, 1},
		{"too large for 64 bits", "18446744073709551616", 64, CodeIntegerRange, 0},
		{"far too large for 64 bits", "0x1ffffffffffffffffffff", 64, CodeIntegerRange, 0},
		{"a size too large", "64kb", 16, CodeIntegerRange, 0},
		{"a size too large for 64 bits", "18446744073709551615gb", 64, CodeIntegerRange, 0},
		{"a size in hex", "0x1kb", 32, CodeInteger, 3},
		{"less than nothing", "<0", 8, CodeNeverMatches, 0},
		{"more than the greatest", ">255", 8, CodeNeverMatches, 0},
		{"at least nothing", ">=0", 8, CodeAlwaysMatches, 0},
		{"at most the greatest", "<=65535", 16, CodeAlwaysMatches, 0},
		{"a range from high to low", "9-5", 8, CodeNeverMatches, 0},
		{"a range of one value", "5-5", 8, CodeNeverMatches, 0},
		{"a range with nothing between", "5-6", 8, CodeNeverMatches, 0},
		{"a mask without a value", "&5", 8, CodeInteger, 2},
		{"a mask that clears the value", "&0xf0=1", 8, CodeNeverMatches, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseInt(tt.value, tt.bits)
			v, ok := err.(*ValueError)
			if !ok || got != (Int{}) {
				t.Fatalf("%q: got %+v, error %v", tt.value, got, err)
			}
			if v.Code != tt.code || v.At != tt.at {
				t.Errorf("%q: %s at %d (%v), want %s at %d", tt.value, v.Code, v.At, v, tt.code, tt.at)
			}
		})
	}
}

// opcodes is an enumeration as keywords have them.
var opcodes = IntSyntax{
	Bits:  8,
	Names: []string{"text", "ping", "fin", "comp"},
	Lookup: func(name string) (uint64, bool) {
		v, ok := map[string]uint64{"text": 1, "ping": 9, "fin": 0x80, "comp": 0x40}[name]
		return v, ok
	},
}

func TestEnumerations(t *testing.T) {
	for value, want := range map[string]Int{
		"text": {IntEqual, 1, 0}, " ping ": {IntEqual, 9, 0}, "!ping": {IntNotEqual, 9, 0}, "!= ping": {IntNotEqual, 9, 0},
		"9": {IntEqual, 9, 0}, ">3": {IntMore, 3, 0},
	} {
		if got, err := opcodes.Parse(value); err != nil || got != want {
			t.Errorf("%q: got %+v, %v", value, got, err)
		}
	}
	_, err := opcodes.Parse("!pnig")
	if v, ok := err.(*ValueError); !ok || v.Code != CodeUnknownName || v.At != 1 || v.Hint != "did you mean ping?" {
		t.Errorf("error %+v", err)
	}
}

func TestFlags(t *testing.T) {
	for value, want := range map[string]Int{
		"fin": {IntMask, 0x80, 0x80}, "fin,!comp": {IntMask, 0xc0, 0x80}, "! comp": {IntMask, 0x40, 0},
		"&0xc0=0x80": {IntMask, 0xc0, 0x80}, "5": {IntEqual, 5, 0},
	} {
		if got, err := opcodes.ParseFlags(value); err != nil || got != want {
			t.Errorf("%q: got %+v, %v", value, got, err)
		}
	}
	for value, code := range map[string]string{"fin,fim": CodeUnknownName, "fin,!fin": CodeInteger, "!": CodeInteger, "": CodeInteger, "fin,": CodeUnknownName} {
		_, err := opcodes.ParseFlags(value)
		if v, ok := err.(*ValueError); !ok || v.Code != code {
			t.Errorf("%q: error %v, want %s", value, err, code)
		}
	}
}

func TestInclusiveRanges(t *testing.T) {
	inclusive := IntSyntax{Bits: 8, Inclusive: true}
	for value, want := range map[string]Int{"5-9": {IntInside, 4, 10}, "!5-6": {IntOutside, 4, 7}} {
		if got, err := inclusive.Parse(value); err != nil || got != want {
			t.Errorf("%q: got %+v, %v", value, got, err)
		}
	}
	for _, value := range []string{"0-5", "5-255", "5-5"} {
		if got, err := inclusive.Parse(value); err == nil {
			t.Errorf("%q: got %+v", value, got)
		}
	}
}

// W is white space as the grammar has it, N a number.
var modelForm = regexp.MustCompile(strings.NewReplacer("W", `[ \t-\r]*`, "N", `(0[xX][0-9a-fA-F]+|[0-9]+)`).Replace(
	`^W(&|>=|<=|!=|>|<|=|!)?WNW(?:(-|<>|=|!W=)WN)?W$`))

// modelInt evaluates an expression without suffixes for each of the 256
// values of 8 bits; nil when it is malformed or true of none or all of them.
func modelInt(text string) []bool {
	m := modelForm.FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	a, err1 := parseModelNumber(m[2])
	b, err2 := parseModelNumber(m[4])
	op := m[1] + "·" + strings.Join(strings.Fields(m[3]), "")
	if err1 != nil || m[4] != "" && err2 != nil {
		return nil
	}
	tests := map[string]func(v uint64) bool{
		"·": func(v uint64) bool { return v == a }, "=·": func(v uint64) bool { return v == a },
		"!·": func(v uint64) bool { return v != a }, "!=·": func(v uint64) bool { return v != a },
		"<·": func(v uint64) bool { return v < a }, "<=·": func(v uint64) bool { return v <= a },
		">·": func(v uint64) bool { return v > a }, ">=·": func(v uint64) bool { return v >= a },
		"·-": func(v uint64) bool { return v > a && v < b }, "·<>": func(v uint64) bool { return v > a && v < b },
		"!·-": func(v uint64) bool { return v <= a || v >= b }, "!·<>": func(v uint64) bool { return v <= a || v >= b },
		"&·=": func(v uint64) bool { return v&a == b }, "&·!=": func(v uint64) bool { return v&a != b },
	}
	test := tests[op]
	if test == nil {
		return nil
	}
	result, hits := make([]bool, 256), 0
	for v := range result {
		result[v] = test(uint64(v))
		if result[v] {
			hits++
		}
	}
	// &0=0 is the one expression that is always true and allowed; its
	// opposite is always false.
	if mask := m[1] == "&"; (hits == 0 || hits == 256) && (!mask || b&^a != 0) {
		return nil
	}
	return result
}

func parseModelNumber(text string) (uint64, error) {
	base := 10
	if len(text) > 1 && text[1]|0x20 == 'x' {
		text, base = text[2:], 16
	}
	return strconv.ParseUint(text, base, 8)
}

func FuzzInt(f *testing.F) {
	for _, seed := range []string{"5", "=0x1F", "!=3", "<=254", ">0", "1-3", "!4<>200", "&0xf0=0x10", "& 3 != 1", "1kb", "  7 ", ">=0", "&0=0", "9-8", "<>1", "0x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseInt(text, 8)
		want := modelInt(text)
		if hasUnit := regexp.MustCompile(`(?i)[kmg]i?b`).MatchString(text); !hasUnit && (err == nil) != (want != nil) {
			t.Fatalf("%q: got %+v, %v; the model: %v", text, got, err, want != nil)
		}
		if err != nil {
			if v := err.(*ValueError); v.At < 0 || v.At > len(text) {
				t.Fatalf("%q: fault at %d", text, v.At)
			}
			return
		}
		least, greatest := got.Bounds()
		for v := range want {
			match := got.Match(uint64(v))
			if match != want[v] {
				t.Fatalf("%q: Match(%d) = %v, the model says %v", text, v, match, want[v])
			}
			if match && (uint64(v) < least || uint64(v) > greatest) {
				t.Fatalf("%q: %d matches outside the bounds %d to %d", text, v, least, greatest)
			}
		}
		if again, err := ParseInt(got.String(), 8); err != nil || again != got {
			t.Fatalf("%q: printed as %q, read as %+v, %v", text, got.String(), again, err)
		}
	})
}

func TestMatchDoesNotAllocate(t *testing.T) {
	n, err := ParseInt("!5-9", 32)
	if err != nil {
		t.Fatal(err)
	}
	l, err := IntSyntax{Bits: 16}.ParseList(">3,nb>1,0:-1")
	if err != nil {
		t.Fatal(err)
	}
	values := []uint64{1, 4, 5, 6}
	hits := 0
	if a := testing.AllocsPerRun(100, func() {
		if n.Match(7) || l.Match(values) {
			hits++
		}
	}); a != 0 || hits == 0 {
		t.Errorf("%v allocations, %d matches", a, hits)
	}
	if (Int{}).Match(0) || (IntList{}).Match(nil) {
		t.Error("a zero expression matches")
	}
}
