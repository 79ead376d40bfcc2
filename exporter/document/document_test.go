package document_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"spanwatch/exporter/document"
)

const sample = `{"timestamp":"t","n":18446744073709551615,"s":"a\"b\\","o":{"x":[1,{"y":null}],"e":{}},"b":true,"f":-1.5e3}`

func TestADocumentIsWrittenAsItWasRead(t *testing.T) {
	var d document.Doc
	for range 2 { // it is used again
		if err := d.Parse([]byte(sample)); err != nil {
			t.Fatal(err)
		}
		if got := d.Append(nil, document.Root); string(got) != sample {
			t.Errorf("got  %s\nwant %s", got, sample)
		}
	}
}

func TestMembersAreRemovedAndAttached(t *testing.T) {
	var d document.Doc
	for name, c := range map[string]struct {
		remove, want string
	}{
		"the first":  {"a", `{"b":2,"c":3,"new":[7]}`},
		"the middle": {"b", `{"a":1,"c":3,"new":[7]}`},
		"the last":   {"c", `{"a":1,"b":2,"new":[7]}`},
	} {
		if err := d.Parse([]byte(`{"a":1,"b":2,"c":3}`)); err != nil {
			t.Fatal(err)
		}
		d.Remove(document.Root, d.Child(document.Root, c.remove))
		list := d.New(document.Array, nil)
		d.Attach(list, nil, d.New(document.Number, []byte("7")))
		d.Attach(document.Root, []byte("new"), list)
		if got := d.Append(nil, document.Root); string(got) != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestFindReturnsTheValueAtAPath(t *testing.T) {
	for path, want := range map[string]string{
		"n": "18446744073709551615", "s": `"a\"b\\"`, "o.e": "{}", "o.x": `[1,{"y":null}]`, "f": "-1.5e3",
		"missing": "", "o.missing": "", "n.x": "", "o.x.y": "",
	} {
		if got := document.Find([]byte(sample), strings.Split(path, ".")...); string(got) != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	text := []byte(sample)
	if n := testing.AllocsPerRun(100, func() { document.Find(text, "o", "x") }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func TestWhatIsNoObjectIsAnError(t *testing.T) {
	var d document.Doc
	for _, text := range []string{
		"", "[]", "1", `{"a":1} x`, `{"a"`, `{"a":}`, `{"a":"`, `{"a":"\"`, `{a:1}`, `{"a":[1,]}`, `{"a":tru}`,
		strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100),
	} {
		if err := d.Parse([]byte(text)); err == nil {
			t.Errorf("%.40q was taken", text)
		}
	}
}

// FuzzParse holds the parser against encoding/json: what that takes as an
// object of moderate depth comes out unchanged, and nothing makes it panic.
func FuzzParse(f *testing.F) {
	for _, s := range []string{sample, "{}", `{"a":[[[]]]}`, `{"":""}`, `{"a":"\u0041"}`, ` { "a" : 1 } `} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var d document.Doc
		err := d.Parse(text)
		document.Find(text, "a", "b")
		if !json.Valid(text) || err != nil {
			return
		}
		var want bytes.Buffer
		if err := json.Compact(&want, text); err != nil {
			t.Fatal(err)
		}
		if got := d.Append(nil, document.Root); !bytes.Equal(got, want.Bytes()) {
			t.Errorf("got %q, want %q", got, want.Bytes())
		}
	})
}
