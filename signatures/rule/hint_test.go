package rule

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	names := []string{"alert", "drop", "http.uri", "http.user_agent", "tcp", "ike", "FTP_PORTS", "HTTP_PORTS"}
	tests := []struct{ name, written, want string }{
		{"one byte missing", "alrt", "alert"},
		{"one byte too many", "dropp", "drop"},
		{"one byte wrong", "dlop", "drop"},
		{"neighbours swapped", "tpc", "tcp"},
		{"two changes", "htp.uir", "http.uri"},
		{"the other case", "HTTP.URI", "http.uri"},
		{"three changes are too many", "http.agent", ""},
		{"a short name needs more likeness", "file", ""},
		{"the first byte decides between equals", "HTP_PORTS", "HTTP_PORTS"},
		{"nothing", "", ""},
		{"too long to compare", strings.Repeat("a", 1<<16), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Nearest(tt.written, names); got != tt.want {
				t.Errorf("Nearest(%.20q) = %q, want %q", tt.written, got, tt.want)
			}
		})
	}
	if got := Nearest("x", nil); got != "" {
		t.Errorf("of no names: %q", got)
	}
}
