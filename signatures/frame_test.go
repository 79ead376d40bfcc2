package signatures

import (
	"strings"
	"testing"
)

func TestFrameRulesLoadOrSayWhyNot(t *testing.T) {
	cases := []struct{ name, rule, want string }{
		{"with its protocol", `alert smtp any any -> any any (frame:smtp.data; content:"x"; sid:1;)`, ""},
		{"of the rule's protocol", `alert http1 any any -> any any (frame:response; content:"x"; sid:1;)`, ""},
		{"of a datagram's protocol", `alert dns any any -> any any (frame:dns.pdu; content:"x"; sid:1;)`, ""},
		{"unknown", `alert smtp any any -> any any (frame:smtp.nothing; content:"x"; sid:1;)`, "unknown frame"},
		{"of another protocol", `alert smtp any any -> any any (frame:dns.pdu; content:"x"; sid:1;)`, "keyword of dns"},
		{"of no protocol", `alert tcp any any -> any any (frame:pdu; content:"x"; sid:1;)`, "unknown frame"},
		{"beside a buffer", `alert http any any -> any any (http.uri; content:"x"; frame:http1.request; content:"x"; sid:1;)`, "beside conditions on a transaction"},
		{"of two kinds", `alert http any any -> any any (frame:http1.request; content:"x"; frame:http1.stream; content:"x"; sid:1;)`, "several kinds"},
		{"without a condition", `alert smtp any any -> any any (frame:smtp.data; sid:1;)`, "nothing is asked"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, report := Load([]Source{{Name: "t.rules", Text: []byte(c.rule)}}, Options{})
			var said string
			for _, d := range report.Failures {
				said += d.Error()
			}
			if c.want == "" && said != "" || !strings.Contains(said, c.want) {
				t.Errorf("said %q, want %q", said, c.want)
			}
		})
	}
}
