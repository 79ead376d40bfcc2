package rule

import (
	"slices"
	"testing"
)

func TestSplitArgs(t *testing.T) {
	tests := []struct {
		name, value string
		want        []Arg
	}{
		{"one argument", "a", []Arg{{"a", 0}}},
		{"none is one empty argument", "", []Arg{{"", 0}}},
		{"white space is cut off", " a , b ", []Arg{{"a", 1}, {"b", 5}}},
		{"empty arguments are kept", "a,,", []Arg{{"a", 0}, {"", 2}, {"", 3}}},
		{"quotes protect the separator", `"a,b",c`, []Arg{{`"a,b"`, 0}, {"c", 6}}},
		{"a backslash protects it", `a\,b,c`, []Arg{{`a\,b`, 0}, {"c", 5}}},
		{"an escaped quote is no quote", `"a\",b",c`, []Arg{{`"a\",b"`, 0}, {"c", 8}}},
		{"a quote that is never closed takes the rest", `a,"b,c`, []Arg{{"a", 0}, {`"b,c`, 2}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := SplitArgs(tt.value, ','); !slices.Equal(got, tt.want) {
				t.Errorf("%q: got %v, want %v", tt.value, got, tt.want)
			}
		})
	}
}

func TestSplitWords(t *testing.T) {
	got := SplitWords(` a  "b c"d\ e` + "\t" + `f\`)
	want := []Arg{{"a", 1}, {`"b c"d\ e`, 4}, {`f\`, 14}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := SplitWords("  "); got != nil {
		t.Errorf("of white space: %v", got)
	}
}

func TestMetadata(t *testing.T) {
	got, err := Metadata(`former_category MALWARE, tag  a b c,key,created_at 2020_01_01`)
	want := []KeyValue{{"former_category", "MALWARE", 0}, {"tag", "a b c", 25}, {"key", "", 36}, {"created_at", "2020_01_01", 40}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	for _, bad := range []string{"", "a b,", ",", "a b, ,c d"} {
		_, err := Metadata(bad)
		if v, ok := err.(*ValueError); !ok || v.Code != CodeMetadata || v.At < 0 || v.At > len(bad) {
			t.Errorf("%q: error %v", bad, err)
		}
	}
}

func TestReference(t *testing.T) {
	for value, want := range map[string][2]string{
		`url,example.com/a,b?c=d`:  {"url", "example.com/a,b?c=d"},
		` cve , 2020-1 `:           {"cve", "2020-1"},
		`url,example.com/\;a\:b\\`: {"url", `example.com/;a:b\`},
	} {
		system, id, err := Reference(value)
		if err != nil || system != want[0] || id != want[1] {
			t.Errorf("%q: got %q, %q, %v", value, system, id, err)
		}
	}
	for _, bad := range []string{"", "url", "url,", ",x", "url, "} {
		_, _, err := Reference(bad)
		if v, ok := err.(*ValueError); !ok || v.Code != CodeReference || v.At < 0 || v.At > len(bad) {
			t.Errorf("%q: error %v", bad, err)
		}
	}
}
