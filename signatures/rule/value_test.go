package rule

import (
	"errors"
	"testing"
)

func TestContentReads(t *testing.T) {
	tests := []struct {
		name, value, want string
		negated           bool
	}{
		{"plain text", `"abc"`, "abc", false},
		{"a negated text", `!"abc"`, "abc", true},
		{"white space behind the negation", `! "abc"`, "abc", true},
		{"hex bytes", `"|41 42|"`, "AB", false},
		{"hex bytes in both cases without spaces", `"|4a4B|"`, "JK", false},
		{"hex bytes with commas and tabs", "\"|41,42\t43|\"", "ABC", false},
		{"the digits of a byte apart", `"|4 1|"`, "A", false},
		{"text and hex in turns", `"a|62|c|64 65|f"`, "abcdef", false},
		{"an empty pair of pipes", `"a||b"`, "ab", false},
		{"every escape", `"\"\\\;\:"`, `"\;:`, false},
		{"a colon without escape", `"a:b"`, "a:b", false},
		{"all kinds of bytes", "\"\xe9\xff\x01\"", "\xe9\xff\x01", false},
		{"a NUL byte in hex", `"|00|"`, "\x00", false},
		{"blanks at both ends", `" a "`, " a ", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, negated, err := Content(tt.value)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want || negated != tt.negated {
				t.Errorf("%s: got %q, %v", tt.value, got, negated)
			}
		})
	}
}

func TestBadContentPointsAtTheFault(t *testing.T) {
	tests := []struct {
		name, value, code string
		at                int
	}{
		{"no quotes", `abc`, CodeUnquoted, 0},
		{"no quotes behind a negation", `! abc`, CodeUnquoted, 2},
		{"one quote", `"`, CodeUnquoted, 0},
		{"nothing", ``, CodeUnquoted, 0},
		{"empty", `""`, CodeEmptyContent, 1},
		{"empty pipes", `"||"`, CodeEmptyContent, 1},
		{"an odd number of digits", `"a|41 4|"`, CodeHex, 6},
		{"an odd number of digits in the first of two blocks", `"|4|1|1|"`, CodeHex, 2},
		{"a letter that is no digit", `"|4g|"`, CodeHex, 3},
		{"a pipe that is never closed", `"a|41"`, CodePipe, 2},
		{"a backslash before a letter", `"a\n"`, CodeEscape, 2},
		{"a backslash before a pipe", `"a\|b"`, CodeEscape, 2},
		{"a backslash at the end", `!"a\"`, CodeEscape, 3},
		{"a quote inside", `"a"b"`, CodeEscape, 2},
		{"a backslash among hex digits", `"|41 \; 42|"`, CodeHex, 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := Content(tt.value)
			var v *ValueError
			if !errors.As(err, &v) || got != nil {
				t.Fatalf("%s: got %q, error %v", tt.value, got, err)
			}
			if v.Code != tt.code || v.At != tt.at {
				t.Errorf("%s: %s at %d (%v), want %s at %d", tt.value, v.Code, v.At, v, tt.code, tt.at)
			}
		})
	}
}

func TestTextReads(t *testing.T) {
	for value, want := range map[string]string{
		`"a b"`: "a b", `"a\;b\"c\\d\:e"`: `a;b"c\d:e`, `"\x"`: "x", "\"caf\xe9\"": "caf\xe9", `"a\"`: `a\`,
	} {
		if got, err := Text(value); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", value, got, err, want)
		}
	}
	for value, code := range map[string]string{`a`: CodeUnquoted, `!"a"`: CodeNegated, `""`: CodeEmptyContent} {
		_, err := Text(value)
		if v, ok := err.(*ValueError); !ok || v.Code != code {
			t.Errorf("%s: error %v, want %s", value, err, code)
		}
	}
}

func TestQuotedKeepsEscapes(t *testing.T) {
	inner, at, negated, err := Quoted(`! "/a\"b/i"`)
	if inner != `/a\"b/i` || at != 3 || !negated || err != nil {
		t.Errorf("got %q at %d, %v, %v", inner, at, negated, err)
	}
}

func TestMaybeQuotedTakesBoth(t *testing.T) {
	for value, want := range map[string]string{`"/a/i"`: "/a/i", `! "/a/"`: "/a/", `/a/i`: "/a/i", `! /a/`: "/a/"} {
		inner, at, negated, err := MaybeQuoted(value)
		if err != nil || inner != want || value[at:at+len(inner)] != inner || negated != (value[0] == '!') {
			t.Errorf("%s: got %q at %d, %v, %v", value, inner, at, negated, err)
		}
	}
	for _, value := range []string{`"/a/`, `/a/"`, `"`, ``, `!`} {
		if inner, _, _, err := MaybeQuoted(value); err == nil {
			t.Errorf("%s: got %q", value, inner)
		}
	}
}

func TestDiagnoseNamesTheOption(t *testing.T) {
	r := mustParse(t, `alert tcp any any -> any any (content:"|4|"; nocase; sid:9;)`)
	_, _, err := Content(r.Options[0].Value)
	if d := r.Diagnose(&r.Options[0], err); d.Error() != `:1:41: content: odd number of hex digits: a byte is two digits` || d.Sid != 9 || d.Code != CodeHex {
		t.Errorf("got %v, sid %d, code %s", d, d.Sid, d.Code)
	}
	if d := r.Diagnose(&r.Options[1], errors.New("not here")); d.Error() != `:1:46: nocase: not here` || d.Code != CodeOption {
		t.Errorf("got %v, code %s", d, d.Code)
	}
	_, _, err = Content(r.Options[1].Value)
	if d := r.Diagnose(&r.Options[1], err); d.Error() != `:1:46: nocase: value is missing: a text in double quotes expected` {
		t.Errorf("got %v", d)
	}
	made := Rule{Options: []Option{{Name: "x", HasValue: true, ValuePos: Position{Line: 2, Col: 5}}}}
	if p := made.At(&made.Options[0], 3); p.Line != 2 || p.Col != 8 {
		t.Errorf("position in a rule made by hand: %+v", p)
	}
}
