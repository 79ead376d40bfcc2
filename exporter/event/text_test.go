package event_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"spanwatch/exporter/event"
)

// wantText is what a reader should get for bytes from the wire, written the
// slow and plain way.
func wantText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			fmt.Fprintf(&b, `\x%02x`, s[i])
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func checkText(t *testing.T, s string) {
	t.Helper()
	for _, out := range [][]byte{event.AppendString([]byte("["), s), event.AppendText([]byte("["), []byte(s))} {
		var got []string
		if err := json.Unmarshal(append(out, ']'), &got); err != nil {
			t.Fatalf("%q is written as %s: %v", s, out, err)
		}
		if want := wantText(s); len(got) != 1 || got[0] != want {
			t.Fatalf("%q reads back as %q, want %q", s, got, want)
		}
		for _, c := range out {
			if c < ' ' {
				t.Fatalf("%q is written with a control byte: %q", s, out)
			}
		}
	}
}

func TestTextReadsBackAsItWas(t *testing.T) {
	for _, s := range []string{
		"", "plain", `quote " and \ backslash`, "\x00\x01\x1f\x7f", "\b\f\n\r\t", "Köln ✓ 🙂", "\u2028\u2029",
		"\xff", "a\xc3", "\xed\xa0\x80", "caf\xc3\xa9 and \xff", "exactly8", "seven77\"", "12345678\\", "1234567\n9",
	} {
		checkText(t, s)
	}
}

// TestEveryByteAtEveryPlace covers the word-wise search for special bytes: the
// special byte in each of the places of a word, beside every other byte.
func TestEveryByteAtEveryPlace(t *testing.T) {
	for c := range 256 {
		for place := range 17 {
			b := []byte("!~[ ]^ abcdefghijkl")
			b[place] = byte(c)
			checkText(t, string(b))
		}
	}
	for a := range 256 {
		for b := range 256 {
			checkText(t, string([]byte{byte(a), byte(b), 'c', 'd', 'e', 'f', 'g', 'h'}))
		}
	}
}

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "GET / HTTP/1.1\r\n", "\xff\xfe\"\\", "日本語\xf0\x9f", strings.Repeat("a", 100) + "\x00"} {
		f.Add(s)
	}
	f.Fuzz(checkText)
}

func TestPrintablePayloadHasDotsForTheRest(t *testing.T) {
	e := newEncoder(t, event.Options{PayloadPrintable: true, Payload: true, PayloadLimit: 300})
	all := make([]byte, 256, 400)
	for i := range all {
		all[i] = byte(i)
	}
	all = append(all, strings.Repeat("x", 144)...)
	a := event.Alert{Rule: event.AppendRule(nil, &event.Rule{}), Payload: all}
	var got struct {
		Payload   []byte `json:"payload"`
		Printable string `json:"payload_printable"`
		Length    int    `json:"payload_length"`
	}
	if err := json.Unmarshal(append(e.AppendAlert(nil, &a), '}'), &got); err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, c := range all[:300] {
		if c >= ' ' && c < 0x7f || c == '\n' || c == '\r' {
			want.WriteByte(c)
		} else {
			want.WriteByte('.')
		}
	}
	if got.Printable != want.String() {
		t.Errorf("got %q\nwant %q", got.Printable, want.String())
	}
	if string(got.Payload) != string(all[:300]) || got.Length != 400 {
		t.Errorf("payload has %d bytes, payload_length is %d; want 300 and 400", len(got.Payload), got.Length)
	}
}
