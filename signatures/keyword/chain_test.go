package keyword

import (
	"strings"
	"testing"

	"spanwatch/signatures/pcre"
)

func TestContentChains(t *testing.T) {
	tests := []struct {
		name, options, payload string
		want                   bool
	}{
		{"content occurs", `content:"bc";`, "abcd", true},
		{"content does not occur", `content:"bd";`, "abcd", false},
		{"case counts", `content:"BC";`, "abcd", false},
		{"nocase", `content:"BC"; nocase;`, "abcd", true},
		{"nocase of a pattern that starts with no letter", `content:"1bC"; nocase;`, "xx1Bc", true},
		{"depth ends at the pattern", `content:"cd"; depth:4;`, "abcd", true},
		{"depth cuts the pattern", `content:"cd"; depth:3;`, "abcd", false},
		{"depth counts from offset", `content:"cd"; offset:2; depth:2;`, "abcd", true},
		{"depth before offset means the same", `content:"cd"; depth:2; offset:2;`, "abcd", true},
		{"offset beyond the end", `content:"a"; offset:9;`, "abcd", false},
		{"startswith", `content:"ab"; startswith;`, "abcd", true},
		{"startswith elsewhere", `content:"bc"; startswith;`, "abcd", false},
		{"endswith", `content:"cd"; endswith;`, "abcd", true},
		{"endswith finds a later occurrence", `content:"ab"; endswith;`, "ab-ab", true},
		{"endswith elsewhere", `content:"bc"; endswith;`, "abcd", false},
		{"endswith with a short depth", `content:"cd"; depth:2; endswith;`, "cdcd", false},
		{"whole buffer", `content:"abcd"; startswith; endswith;`, "abcd", true},
		{"whole buffer and more", `content:"abcd"; startswith; endswith;`, "abcde", false},
		{"distance", `content:"a"; content:"c"; distance:1;`, "abc", true},
		{"distance too far", `content:"a"; content:"c"; distance:2;`, "abc", false},
		{"negative distance", `content:"abc"; content:"b"; distance:-2;`, "abc", true},
		{"negative distance stops at the start", `content:"b"; content:"a"; distance:-9;`, "ab", true},
		{"within", `content:"a"; content:"c"; within:2;`, "abc", true},
		{"within too near", `content:"a"; content:"d"; within:2;`, "abcd", false},
		{"within counts from distance", `content:"a"; content:"d"; distance:2; within:1;`, "abcd", true},
		{"a later occurrence is tried", `content:"a"; content:"b"; within:1;`, "a-ab", true},
		{"occurrences may overlap", `content:"aa"; content:"b"; within:1;`, "aaab", true},
		{"three in a row backtrack", `content:"a"; content:"b"; within:1; content:"c"; within:1;`, "ab-abc", true},
		{"independent content fails all", `content:"a"; content:"z"; content:"b"; distance:0;`, "ab", false},
		{"first content is not retried for an absolute one", `content:"a"; content:"b"; offset:3;`, "ab-b", true},
		{"relative without a content before is absolute", `content:"b"; distance:1; within:1;`, "abb", true},
		{"relative without a content before fails", `content:"b"; distance:2; within:1;`, "abc", false},

		{"negated is absent", `content:!"x";`, "abc", true},
		{"negated occurs", `content:!"b";`, "abc", false},
		{"negated beyond the end", `content:!"b"; offset:9;`, "abc", true},
		{"negated outside of its depth", `content:!"c"; depth:2;`, "abc", true},
		{"negated relative", `content:"a"; content:!"b"; within:1;`, "ac-ab", true},
		{"negated relative retries the base", `content:"a"; content:!"b"; within:1;`, "ab-ac", true},
		{"negated endswith elsewhere", `content:!"bc"; endswith;`, "abcd", true},
		{"negated endswith", `content:!"cd"; endswith;`, "abcd", false},
		{"negated does not move the cursor", `content:"a"; content:!"x"; distance:0; content:"b"; within:1;`, "ab", true},

		{"isdataat inside", `content:"a"; isdataat:2;`, "abc", true},
		{"isdataat at the length", `content:"a"; isdataat:3;`, "abc", false},
		{"isdataat negated", `content:"a"; isdataat:!3;`, "abc", true},
		{"isdataat relative to the end", `content:"b"; isdataat:1,relative;`, "abc", true},
		{"isdataat relative beyond", `content:"b"; isdataat:2,relative;`, "abc", false},
		{"end of buffer", `content:"c"; isdataat:!1,relative;`, "abc", true},
		{"end of buffer retries the base", `content:"a"; isdataat:!1,relative;`, "aba", true},

		{"bsize", `content:"a"; bsize:3;`, "abc", true},
		{"bsize fails", `content:"a"; bsize:>3;`, "abc", false},

		{"byte_test equal", `byte_test:2,=,0x0102,1;`, "\x00\x01\x02", true},
		{"byte_test little", `byte_test:2,=,0x0201,1,little;`, "\x00\x01\x02", true},
		{"byte_test greater", `byte_test:1,>,1,0;`, "\x01", false},
		{"byte_test not", `byte_test:1,!,2,0;`, "\x01", true},
		{"byte_test not greater", `byte_test:1,!>,1,0;`, "\x01", true},
		{"byte_test and", `byte_test:1,&,0x80,0;`, "\x81", true},
		{"byte_test not and", `byte_test:1,!&,0x80,0;`, "\x01", true},
		{"byte_test beyond the end", `byte_test:2,!=,9,0;`, "\x01", false},
		{"byte_test relative", `content:"a"; byte_test:1,=,2,1,relative;`, "a\x01\x02", true},
		{"byte_test relative, negative offset", `content:"bc"; byte_test:1,=,97,-3,relative;`, "abcd", true},
		{"byte_test relative retries the base", `content:"a"; byte_test:1,=,2,0,relative;`, "a\x01a\x02", true},
		{"byte_test text", `byte_test:3,=,123,0,string,dec;`, "123x", true},
		{"byte_test text stops at a letter", `byte_test:4,=,12,0,string,dec;`, "12x4", true},
		{"byte_test hex text", `byte_test:4,=,0xabcd,0,string,hex;`, "aBcD", true},
		{"byte_test without digits", `byte_test:2,=,0,0,string,dec;`, "xx", false},
		{"byte_test mask shifts", `byte_test:1,=,3,0,bitmask 0x30;`, "\x3F", true},

		{"byte_jump", `byte_jump:1,0; content:"c"; distance:0; within:1;`, "\x02abc", true},
		{"byte_jump misses", `byte_jump:1,0; content:"c"; distance:0; within:1;`, "\x01abc", false},
		{"byte_jump to the end", `byte_jump:1,0; isdataat:!1,relative;`, "\x03abc", true},
		{"byte_jump beyond the end", `byte_jump:1,0;`, "\x04abc", false},
		{"byte_jump relative", `content:"x"; byte_jump:1,0,relative; content:"c"; within:1;`, "x\x02abc", true},
		{"byte_jump from beginning", `content:"x"; byte_jump:1,0,relative,from_beginning; content:"a"; within:1;`, "ax\x00b", true},
		{"byte_jump from end", `byte_jump:0,0,from_end,post_offset -1; content:"c"; within:1;`, "abc", true},
		{"byte_jump before the start", `content:"b"; byte_jump:0,0,from_end,post_offset -9; content:"a"; within:1;`, "ab", true},
		{"byte_jump multiplier", `byte_jump:1,0,multiplier 2; content:"c"; within:1;`, "\x01abc", true},
		{"byte_jump align", `byte_jump:1,0,align; content:"e"; within:1;`, "\x01abcde", true},
		{"byte_jump text", `byte_jump:2,0,string,dec; content:"c"; within:1;`, "02abc", true},

		{"byte_extract offset", `byte_extract:1,0,n; content:"c"; offset:n;`, "\x03abc", true},
		{"byte_extract offset too far", `byte_extract:1,0,n; content:"b"; offset:n;`, "\x03abc", false},
		{"byte_extract within", `byte_extract:1,0,n; content:"a"; content:"c"; within:n;`, "\x02abc", true},
		{"byte_extract value", `byte_extract:1,0,n; byte_test:1,=,n,1;`, "\x07\x07", true},
		{"byte_extract isdataat", `byte_extract:1,0,n; content:"a"; isdataat:!n,relative;`, "\x03abc", true},
		{"byte_math", `byte_math:bytes 1, offset 0, oper +, rvalue 2, result n; content:"c"; offset:n; depth:1;`, "\x01abc", true},
		{"byte_extract moves the cursor", `content:"a"; byte_extract:1,0,n,relative; content:"b"; within:1;`, "a\x00b", true},
		{"byte_extract moves the cursor behind text", `content:"a"; byte_extract:3,0,n,relative,string,dec; content:"x"; within:1;`, "a12x", true},
		{"byte_math moves the cursor", `content:"a"; byte_math:bytes 1, offset 1, oper +, rvalue 0, result n, relative; content:"b"; within:1;`, "a\x00\x00b", true},
		{"byte_test does not move the cursor", `content:"a"; byte_test:1,=,0x62,0,relative; content:"b"; within:1;`, "ab", true},
		{"byte_math divides by zero", `byte_extract:1,0,z; byte_math:bytes 1, offset 0, oper /, rvalue z, result n;`, "\x00", false},

		{"pcre", `pcre:"/b+/";`, "abbc", true},
		{"pcre absent", `pcre:"/x/";`, "abbc", false},
		{"pcre without quotes", `pcre:/b+/;`, "abbc", true},
		{"pcre flags", `pcre:"/B.C/is";`, "b\nc", true},
		{"pcre negated", `pcre:!"/x/";`, "abc", true},
		{"pcre negated and there", `pcre:!"/b/";`, "abc", false},
		{"pcre sees the whole buffer", `content:"b"; pcre:"/a/";`, "ab", true},
		{"pcre relative", `content:"b"; pcre:"/^c/R";`, "abc", true},
		{"pcre relative, not at once", `content:"a"; pcre:"/^c/R";`, "abc", false},
		{"pcre relative does not see what is before", `content:"b"; pcre:"/(?<=b)c/R";`, "abc", false},
		{"pcre relative retries the content", `content:"a"; pcre:"/^c/R";`, "ab-ac", true},
		{"content relative to pcre", `pcre:"/a./"; content:"c"; within:1;`, "abc", true},
		{"content relative to pcre retries it", `pcre:"/a./"; content:"c"; within:1;`, "ax-abc", true},
		{"content relative to pcre retries behind its start", `pcre:"/a+/"; content:"b"; distance:0; within:1;`, "aaab", true},
		{"pcre relative to pcre", `pcre:"/a/"; pcre:"/^b/R"; pcre:"/^c/R";`, "ab-abc", true},
		{"negated pcre does not move the cursor", `content:"a"; pcre:!"/^x/R"; content:"b"; within:1;`, "ab", true},
		{"negated pcre relative retries the content", `content:"a"; pcre:!"/^b/R";`, "ab-ac", true},
		{"isdataat relative to pcre", `pcre:"/c/"; isdataat:!1,relative;`, "abc", true},
		{"pcre that gives up does not match", `pcre:!"/^(a|b|ab)*[cd]$/";`, strings.Repeat("ab", 3000), pcre.Engine != "PCRE2"},

		{"base64", `base64_decode:; base64_data; content:"hello";`, "aGVsbG8=", true},
		{"base64 without padding", `base64_decode:; base64_data; content:"hello"; endswith;`, "aGVsbG8", true},
		{"base64 relative", `content:"=="; base64_decode:relative; base64_data; content:"hello";`, "==aGVsbG8=", true},
		{"base64 at an offset, some bytes", `base64_decode:bytes 4, offset 2; base64_data; content:"hel"; bsize:3;`, "xxaGVsbG8=", true},
		{"base64 stops at other bytes", `base64_decode:; base64_data; content:"hel"; bsize:3;`, "aGVs!bG8=", true},
		{"base64 with a digit left", `base64_decode:; base64_data; content:"h";`, "aGVsb", false},
		{"base64 goes on behind padding", `base64_decode:; base64_data; content:"hellohel"; bsize:8;`, "aGVsbG8=aGVs", true},
		{"base64 with padding that closes nothing", `base64_decode:; base64_data; content:"hel";`, "aGVs=", false},
		{"base64 of nothing", `base64_decode:; base64_data; content:!"x";`, "!!", false},
		{"base64 is no match by itself", `base64_decode:;`, "aGVsbG8=", false},
		{"base64 retries what it is relative to", `content:"=="; base64_decode:relative; base64_data; content:"hello";`, "==!==aGVsbG8=", true},

		{"entropy of one byte", `entropy:value = 0;`, "aaaa", true},
		{"entropy of two", `entropy:value >= 1;`, "abab", true},
		{"entropy of more than there is", `entropy:bytes 5, value > 0;`, "abcc", false},
		{"what is before an expression means nothing", `pcre:"!/abc/";`, "abc", true},
		{"entropy of a part", `entropy:bytes 2, offset 2, value < 0.5;`, "abcc", true},

		{"asn1 oversize", `asn1:oversize_length 100;`, "\x04\x82\x01\x00", true},
		{"asn1 not oversize", `asn1:oversize_length 1000;`, "\x04\x82\x01\x00", false},
		{"asn1 inside of a sequence", `asn1:bitstring_overflow;`, "\x30\x06\x02\x01\x05\x03\x01\x09", true},
		{"asn1 bit string in order", `asn1:bitstring_overflow;`, "\x03\x01\x07", false},
		{"asn1 relative", `content:"x"; asn1:bitstring_overflow, relative_offset 0;`, "x\x03\x01\x08", true},
		{"asn1 cut", `asn1:oversize_length 1;`, "\x04\x85\x01", false},

		{"byte_test with as many digits as there are", `byte_test:0,>,1000,0,string,dec;`, "12345 ", true},
		{"variable of another buffer", `byte_extract:1,0,n; pkt_data; content:"c"; offset:n;`, "\x03abc", true},

		{"empty payload and negated", `content:!"a";`, "", true},
		{"empty payload", `content:"a";`, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if pcre.Engine != "PCRE2" && strings.Contains(tt.options, "(?<=") {
				t.Skip("needs PCRE2")
			}
			if got := payloadMatches(plan(t, tt.options), tt.payload); got != tt.want {
				t.Errorf("%s on %q: %v, want %v", tt.options, tt.payload, got, tt.want)
			}
		})
	}
}

func TestHostileBytesRunIntoTheStepLimit(t *testing.T) {
	p := plan(t, `content:"a"; content:"a"; distance:0; content:"a"; distance:0; content:"a"; distance:0; content:"b"; distance:0;`)
	payload := make([]byte, 2000)
	for i := range payload {
		payload[i] = 'a'
	}
	var m Machine
	if m.Match(&p.Lists[0].Chain, payload) {
		t.Error("matches")
	}
	if m.Exhausted != 1 {
		t.Errorf("counted %d times, want 1", m.Exhausted)
	}
}

func TestMatchAllocatesNothing(t *testing.T) {
	p := plan(t, `content:"a"; byte_extract:1,0,n,relative; content:"B"; nocase; distance:0; within:n; byte_jump:1,0,relative; isdataat:1,relative;`)
	var m Machine
	payload := []byte("xxxxa\x05xxb\x01xxxxxxx")
	if !m.Match(&p.Lists[0].Chain, payload) {
		t.Fatal("does not match")
	}
	if n := testing.AllocsPerRun(100, func() { m.Match(&p.Lists[0].Chain, payload) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
