package keyword

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/signatures/rule"
)

// planIn compiles options in an environment with files.
func planIn(t testing.TB, env *Environment, options string) (*Plan, *rule.Diagnostic) {
	t.Helper()
	r, err := rule.ParseOne(`alert ip any any -> any any (msg:"x"; `+options+` sid:1;)`, nil)
	if err != nil {
		t.Fatalf("%s: %v", options, err)
	}
	b := NewBuilder(NewSet(), NewNames(), env, r)
	for i := range r.Options {
		if d := b.Add(&r.Options[i]); d != nil {
			return nil, d
		}
	}
	p, _, d := b.Finish()
	return p, d
}

// withFiles is an environment in which rules may read files.
func withFiles(files map[string]string) *Environment {
	return &Environment{Datasets: NewDatasets(nil), ReadFile: func(_, name string) ([]byte, error) {
		text, ok := files[name]
		if !ok {
			return nil, errors.New("no such file")
		}
		return []byte(text), nil
	}}
}

func TestDatasetsLookWholeBuffersUp(t *testing.T) {
	files := map[string]string{
		"names":  "aGVsbG8=\n# comment\n\nd29ybGQ=\n",
		"md5":    "5d41402abc4b2a76b9719d911017c592,7\n",
		"scores": "aGVsbG8=,100\n",
		"hosts":  "10.0.0.1\n2001:db8::1\n",
		"json":   `[{"name":"hello","x":1},{"other":2}]`,
		"deep":   `{"a":{"b":[{"n":{"v":"hello"}}]}}`,
		"lines":  `{"name":"hello"}` + "\n" + `{"name":"world"}` + "\n",
	}
	tests := []struct {
		options, data string
		want          bool
	}{
		{`dataset:isset,a,type string,load names;`, "hello", true},
		{`dataset:isset,a,type string,load names;`, "hell", false},
		{`dataset:isnotset,a,type string,load names;`, "hell", true},
		{`dataset:isnotset,a,type string,load names;`, "hello", false},
		{`dataset:isset,a,type string,load names,memcap 10mb,hashsize 100;`, "world", true},
		{`to_md5; dataset:isset,a,type md5,load md5;`, "hello", true},
		{`to_md5; dataset:isset,a,type md5,load md5;`, "world", false},
		{`datarep:a,>,50,load scores,type string;`, "hello", true},
		{`datarep:a,<,50,load scores,type string;`, "hello", false},
		{`datarep:a,>,50,load scores,type string;`, "world", false},
		{`dataset:isset,a,type ip,load hosts;`, "\x0a\x00\x00\x01", true},
		{`dataset:isset,a,type ip,load hosts;`, "\x0a\x00\x00\x02", false},
		{`dataset:isset,a,type string,load json,format json,value_key name,context_key c;`, "hello", true},
		{`dataset:isset,a,type string,load deep,format json,array_key a.b,value_key n.v,remove_key;`, "hello", true},
		{`dataset:isset,a,type string,load lines,format ndjson,value_key name;`, "world", true},
		{`content:"h"; dataset:isset,a,type string,load names;`, "hello", true},
	}
	for _, tt := range tests {
		p, d := planIn(t, withFiles(files), "ipv4.hdr; "+tt.options)
		if d != nil {
			t.Errorf("%s: %v", tt.options, d)
			continue
		}
		var m Machine
		data, _ := m.Transformed(p.Lists[0], []byte(tt.data))
		if got := m.Match(&p.Lists[0].Chain, data); got != tt.want {
			t.Errorf("%s on %q: %v, want %v", tt.options, tt.data, got, tt.want)
		}
	}
}

func TestSetMatchesWhatIsNew(t *testing.T) {
	env := withFiles(nil)
	set, d := planIn(t, env, `ipv4.hdr; dataset:set,seen,type string,save out;`)
	if d != nil {
		t.Fatal(d)
	}
	unset, d := planIn(t, env, `ipv4.hdr; dataset:unset,seen;`)
	if d != nil {
		t.Fatal(d)
	}
	var m Machine
	match := func(p *Plan, s string) bool { return m.Match(&p.Lists[0].Chain, []byte(s)) }
	if !match(set, "b") || !match(set, "a") || match(set, "a") {
		t.Error("set matches other than new values")
	}
	seen, ok := env.Datasets.Lookup("seen")
	if !ok || seen.Len() != 2 || !env.Datasets.Mutable() || seen.SaveTo != "out" {
		t.Fatalf("dataset %+v", seen)
	}
	if got := string(seen.AppendFile(nil)); got != "YQ==\nYg==\n" {
		t.Errorf("file %q", got)
	}
	if !match(unset, "a") || match(unset, "a") || seen.Len() != 1 || !match(set, "a") {
		t.Error("unset does not take values out once")
	}
}

func TestDatasetsThatCannotBeUsedAreRefused(t *testing.T) {
	files := map[string]string{"bad": "!!!\n", "md5": "abcd\n", "json": `{"a":1}`}
	for _, options := range []string{
		`dataset:isset,a,type string,load bad;`, `dataset:isset,a,type md5,load md5;`, `dataset:isset,a,type string,load missing;`,
		`dataset:isset,a;`, `dataset:isset,a,type colour;`, `dataset:check,a,type string;`, `dataset:isset,a,type string,what 1;`,
		`dataset:isset,a,type string,load json,format json;`, `dataset:isset,a,type string,load json,format json,value_key x;`,
		`datarep:a,>,99999,type string;`,
	} {
		if _, d := planIn(t, withFiles(files), "ipv4.hdr; "+options); d == nil {
			t.Errorf("%s loads", options)
		}
	}
	if _, d := planIn(t, withFiles(nil), `dataset:set,a,type string;`); d == nil {
		t.Error("dataset loads outside of a sticky buffer")
	}
	if _, d := planIn(t, &Environment{}, `ipv4.hdr; dataset:set,a,type string;`); d == nil {
		t.Error("dataset loads without datasets")
	}
}

func TestStateOfAFirstRunIsEmpty(t *testing.T) {
	if _, d := planIn(t, withFiles(nil), `ipv4.hdr; dataset:set,a,type string,state not-there-yet;`); d != nil {
		t.Error(d)
	}
}

func TestByteSetGrowsAndForgets(t *testing.T) {
	s := newByteSet()
	for i := range 1000 {
		if !s.add(fmt.Append(nil, i), uint16(i)) || s.add(fmt.Append(nil, i), uint16(i)) {
			t.Fatalf("%d is not new once", i)
		}
	}
	for i := range 1000 {
		if score, ok := s.has(fmt.Append(nil, i)); !ok || score != uint16(i) {
			t.Fatalf("%d: %d %v", i, score, ok)
		}
		if i%2 == 0 && (!s.remove(fmt.Append(nil, i)) || s.remove(fmt.Append(nil, i))) {
			t.Fatalf("%d is not removed once", i)
		}
	}
	if _, ok := s.has([]byte("1000")); ok || s.live != 500 {
		t.Errorf("%d values are left", s.live)
	}
}

func TestListsOfDigests(t *testing.T) {
	env := withFiles(map[string]string{"list": "5d41402abc4b2a76b9719d911017c592  file\n"})
	for options, want := range map[string]bool{`filemd5:list;`: true, `filemd5:!list;`: false} {
		p, d := planIn(t, env, options)
		if d != nil {
			t.Fatal(d)
		}
		var m Machine
		if got := m.Match(&p.Lists[0].Chain, []byte("5d41402abc4b2a76b9719d911017c592")); got != want {
			t.Errorf("%s: %v, want %v", options, got, want)
		}
	}
	if _, d := planIn(t, env, `filesha256:list;`); d == nil {
		t.Error("a list of MD5 digests is taken for SHA-256")
	}
}

func TestReputation(t *testing.T) {
	r, err := ParseReputation([]byte("1,Bad,bad hosts\n2,Good,good hosts\n"), []byte("# hosts\n10.0.0.1,1,100\n10.0.0.2,1,7\n10.0.0.2,1,9\n10.0.0.0/8,2,20\n10.0.0.0/8,2,30\n10.9.0.0/16,1,3\n2001:db8::/32,1,50\n"))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		addr           string
		category, want uint8
		known          bool
	}{
		{"10.0.0.1", 1, 100, true}, {"10.0.0.1", 2, 0, true}, {"10.0.0.2", 1, 9, true},
		{"10.9.9.9", 2, 20, true}, {"10.9.9.9", 1, 3, true}, {"10.8.9.9", 1, 0, false}, {"2001:db8::7", 1, 50, true}, {"192.0.2.1", 1, 0, false},
	}
	for _, tt := range tests {
		a, v := address(t, tt.addr)
		if got, known := r.score(a, v, tt.category); got != tt.want || known != tt.known {
			t.Errorf("%s in category %d: %d (%v), want %d", tt.addr, tt.category, got, known, tt.want)
		}
	}
	for _, bad := range []string{"10.0.0.1,1", "x,1,1", "10.0.0.1,99,1", "10.0.0.1,1,200"} {
		if _, err := ParseReputation([]byte("1,Bad,x\n"), []byte(bad)); !errors.Is(err, ErrReputation) || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := ParseReputation([]byte("x,Bad,x\n")); !errors.Is(err, ErrReputation) {
		t.Errorf("bad category: %v", err)
	}
}

func address(t *testing.T, text string) (decoders.Addr, uint8) {
	t.Helper()
	a, err := netip.ParseAddr(text)
	if err != nil {
		t.Fatal(err)
	}
	return decoders.AddrFrom(a)
}

func TestDatasetsThatRulesChangeSurviveTheirRuleset(t *testing.T) {
	env := withFiles(map[string]string{"seed": "Zm9v\n"})
	first := env.Datasets
	if _, d := planIn(t, env, `http.host; dataset:set,seen,type string,load seed;`); d != nil {
		t.Fatal(d)
	}
	if _, d := planIn(t, env, `http.host; dataset:isset,fixed,type string,load seed;`); d != nil {
		t.Fatal(d)
	}
	old, _ := first.Lookup("seen")
	old.change("set", []byte("bar"))
	env.Datasets = NewDatasets(first)
	if _, d := planIn(t, env, `http.host; dataset:isset,seen,type string; dataset:isset,fixed,type string;`); d != nil {
		t.Fatal(d)
	}
	env.Datasets.Loaded()
	now, _ := env.Datasets.Lookup("seen")
	for _, value := range []string{"foo", "bar"} {
		if _, ok := now.has([]byte(value)); !ok {
			t.Errorf("%s is lost", value)
		}
	}
	old.change("unset", []byte("bar")) // by a worker that has not changed over yet
	if _, ok := now.has([]byte("bar")); ok {
		t.Error("the two rulesets do not share the values")
	}
	if fixed, _ := env.Datasets.Lookup("fixed"); fixed.Len() != 0 {
		t.Error("a set that nothing changes is taken over: its file may have changed")
	}
}

func TestReputationOfZeroIsKnown(t *testing.T) {
	r, err := ParseReputation([]byte("1,Bad,bad hosts\n"), []byte("10.0.0.1,1,0\n"))
	if err != nil {
		t.Fatal(err)
	}
	a, v := address(t, "10.0.0.1")
	if score, known := r.score(a, v, 1); score != 0 || !known {
		t.Errorf("score %d, known %v", score, known)
	}
}
