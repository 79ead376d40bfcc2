package rule

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// TestFilesMayComeInPieces reads a file whole and byte by byte: lines, joined
// lines and positions must be the same.
func TestFilesMayComeInPieces(t *testing.T) {
	const rules = "\xef\xbb\xbf# comment\n\nalert tcp any any -> any any (msg:\"a\"; \\\r\n  content:\"x\"; \\\n sid:1;)\r\n" +
		"alert tcp any any -> any any (bad\n#alert ip any any -> any any (sid:3;)\nalert udp any any -> any any (sid:2;)"
	for _, text := range []string{rules, rules + "\n", rules + "\\", "", "\n", strings.Repeat(rules+"\n", 2000)} {
		want := Read("f", []byte(text), nil, Options{})
		for name, source := range map[string]io.Reader{
			"bytes": iotest.OneByteReader(strings.NewReader(text)), "halves": iotest.HalfReader(strings.NewReader(text)),
			"data and end": iotest.DataErrReader(strings.NewReader(text)),
		} {
			if len(text) > 10_000 && name == "bytes" {
				continue
			}
			var got []*Rule
			f, err := Each("f", source, nil, Options{}, func(r *Rule) { got = append(got, r) })
			if err != nil {
				t.Fatal(err)
			}
			f.Rules = got
			if !reflect.DeepEqual(f, want) {
				t.Fatalf("%s of %d bytes: another result than from memory", name, len(text))
			}
		}
	}
}

func TestAFileThatBreaksOffIsAnError(t *testing.T) {
	broken := errors.New("broken")
	source := io.MultiReader(strings.NewReader("alert udp any any -> any any (sid:2;)\n"), iotest.ErrReader(broken))
	rules := 0
	f, err := Each("f", source, nil, Options{}, func(*Rule) { rules++ })
	if !errors.Is(err, broken) || rules != 1 || f.Written != 1 {
		t.Errorf("%v, %d rules, %d written", err, rules, f.Written)
	}
}
