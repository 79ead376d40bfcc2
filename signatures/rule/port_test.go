package rule

import (
	"fmt"
	"strings"
	"testing"
)

func portText(set PortSet) string {
	var parts []string
	for _, r := range set.Canonical() {
		parts = append(parts, fmt.Sprintf("%d:%d", r.From, r.To))
	}
	return strings.Join(parts, " ")
}

func TestPortExpressions(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"any", "any", "0:65535"},
		{"one port", "80", "80:80"},
		{"the lowest and the highest", "[0,65535]", "0:0 65535:65535"},
		{"a range", "80:90", "80:90"},
		{"a range of one", "80:80", "80:80"},
		{"a range up to the end", "1024:", "1024:65535"},
		{"a range from the start", ":1023", "0:1023"},
		{"adjacent and overlapping ports become one range", "[81,80,82:90,85:99]", "80:99"},
		{"a negated port", "!80", "0:79 81:65535"},
		{"a negated range", "!1:65535", "0:0"},
		{"a negated list", "![80,443]", "0:79 81:442 444:65535"},
		{"a list with an exception", "[1:100,!80]", "1:79 81:100"},
		{"an exception behind any", "[any,!80]", "0:79 81:65535"},
		{"a negated list with an exception", "[1:100,![50:80,!60]]", "1:49 60:60 81:100"},
		{"a variable", "$WEB", "80:80 443:443 8000:8999"},
		{"a negated variable", "!$WEB", "0:79 81:442 444:7999 9000:65535"},
		{"a negated variable that is a negation", "!$NOTWEB", "80:80 443:443 8000:8999"},
		{"variables in a list", "[$WEB,!$HIGH]", "80:80 443:443"},
		{"white space", "[ 80 , 90 : 92 ]", "80:80 90:92"},
		{"the whole space in two halves", "[:1023,1024:]", "0:65535"},
		{"leading zeros", "00080", "80:80"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, err := ParsePorts(tt.text, testVars())
			if err != nil {
				t.Fatal(err)
			}
			if got := portText(set); got != tt.want {
				t.Errorf("%s\ngot  %s\nwant %s", tt.text, got, tt.want)
			}
			canonical := PortSet{}
			canonical.Ranges = set.Canonical()
			for p := range 65536 {
				if set.Contains(uint16(p)) != canonical.Contains(uint16(p)) {
					t.Fatalf("%s: set and canonical form differ at %d", tt.text, p)
				}
			}
		})
	}
}

func TestBadPortExpressionsPointAtTheFault(t *testing.T) {
	tests := []struct {
		name, text, code string
		at               int
	}{
		{"too high in a list", "[80,65536]", CodePortRange, 4},
		{"too high at the end of a range", "80:70000", CodePortRange, 3},
		{"a variable defined by itself", "[80,!$LOOP]", CodeVariableCycle, 5},
		{"every port negated in parts", "[!:1023,!1024:]", CodeNothingLeft, 0},
		{"an address", "10.0.0.1", CodePort, 0},
		{"an undefined variable", "[80,$NONE]", CodeVariable, 4},
		{"an empty expression", "", CodeEmptyItem, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParsePorts(tt.text, testVars())
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
