package keyword

import "testing"

func TestOptionsOfDefinedProtocols(t *testing.T) {
	const accepted = ""
	for _, c := range []struct{ options, code string }{
		{"rfb.sectype:2;", accepted},
		{"rfb.sectype:>3;", accepted},
		{"rfb.sectype:1-16;", accepted},
		{"rfb.sectype:!1;", accepted},
		{"rfb.sectype:vnc;", "bad-integer"},
		{"rfb.secresult:ok;", accepted},
		{"rfb.secresult:FAIL;", accepted},
		{"rfb.secresult:toomany;", accepted},
		{"rfb.secresult:!unknown;", accepted},
		{"rfb.secresult:!0;", accepted},
		{"rfb.secresult:denied;", "unknown-name"},
		{`rfb.name; content:"desk";`, accepted},
		{`flow:to_server; rfb.name; content:"desk";`, "wrong-direction"},
		{"flow:to_client; rfb.sectype:2;", "wrong-direction"},
		{"flow:to_server; rfb.secresult:ok;", "wrong-direction"},
		{`rfb.name; content:"desk"; dns.opcode:0;`, "wrong-protocol"},
		{"app-layer-event:rfb.malformed_message;", accepted},
		{"app-layer-event:rfb.unimplemented_security_type;", accepted},
		{"app-layer-event:rfb.unknown_security_result;", accepted},
		{"app-layer-event:rfb.confused_state;", accepted},
		{"app-layer-event:rfb.too_long_string;", accepted},
		{"app-layer-event:rfb.malformed_data;", "unknown-event"},
		{`mdns.queries.rrname; content:"_http";`, accepted},
		{`flow:to_client; mdns.answers.rrname; content:"_http";`, accepted},
		{`mdns.response.rrname; content:"_http"; dns.query; content:"a";`, "wrong-protocol"},
		{"app-layer-event:mdns.malformed_data;", accepted},
		{"app-layer-event:mdns.not_request;", accepted},
		{"app-layer-event:mdns.invalid_additionals;", accepted},
		{"app-layer-event:mdns.confused_state;", "unknown-event"},
	} {
		code := accepted
		if _, d := tryPlan(t, c.options); d != nil {
			code = d.Code
		}
		if code != c.code {
			t.Errorf("%s: got %q, want %q", c.options, code, c.code)
		}
	}
}
