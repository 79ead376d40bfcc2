package signatures

import (
	"fmt"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	dt "spanwatch/decoders/decoderstest"
	"spanwatch/signatures/keyword"
)

// talk inspects datagrams of one flow, one payload each, and returns the sids
// that alert for each.
func talk(t *testing.T, rs *Ruleset, payloads ...string) (out []string) {
	t.Helper()
	in, f := NewInspector(rs, InspectorConfig{}), &flow{}
	for _, p := range payloads {
		out = append(out, sids(in.Inspect(f.input(udp(t, p), decoders.ToServer), nil)))
	}
	in.EndFlow(&f.state)
	return out
}

func TestNumbersOfFlows(t *testing.T) {
	rs := load(t, `
alert udp any any -> any any (flowint:n,notset; flowint:n,=,0; noalert; sid:1;)
alert udp any any -> any any (content:"up"; flowint:n,isset; flowint:n,+,1; noalert; sid:2;)
alert udp any any -> any any (content:"down"; flowint:n,isset; flowint:n,-,1; noalert; sid:3;)
alert udp any any -> any any (flowint:n,>=,2; sid:4;)
alert udp any any -> any any (flowint:n,==,4294967295; sid:5;)
alert udp any any -> any any (flowint:m,=,2; flowint:n,isset; noalert; sid:6;)
alert udp any any -> any any (flowint:n,<,m; sid:7;)
alert udp any any -> any any (flowint:other,isset; sid:8;)
alert udp any any -> any any (flowint:other,<,5; sid:9;)
alert udp any any -> any any (flowint:fresh,+,1; noalert; sid:10;)
alert udp any any -> any any (flowint:fresh,==,8; sid:11;)
alert udp any any -> any any (flowint:below,-,1; noalert; sid:12;)
alert udp any any -> any any (flowint:below,isset; sid:13;)
alert udp any any -> any any (content:"start"; flowint:n,>=,other; sid:14;)
`, Options{})
	got := talk(t, rs, "start", "up", "up", "up", "down", "down", "down", "down")
	want := []string{"7 14", "7", "4", "4", "4", "7", "7", "4 5 11"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("alerts %q, want %q", got, want)
	}
}

func TestWhatExpressionsCatchIsKept(t *testing.T) {
	rs := load(t, `
alert udp any any -> any any (pcre:"/user=(\w+) pass=(\w+)/,flow:user,pkt:pass"; sid:1;)
alert udp any any -> any any (flowvar:user,"bob"; sid:2;)
alert udp any any -> any any (pktvar:pass,"secret"; sid:3;)
alert udp any any -> any any (pcre:"/(\w+)=(\w+),/,pkt:key,pkt:value"; sid:4;)
alert udp any any -> any any (pcre:"/user=(\w+)/,flow:lost"; content:"never"; sid:5;)
alert udp any any -> any any (flowvar:lost,"b"; sid:6;)
`, Options{})
	got := talk(t, rs, "user=bob pass=secret", "next", "a=b,")
	want := []string{"1 2 3", "2", "4 2"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("alerts %q, want %q", got, want)
	}
	in, f := NewInspector(rs, InspectorConfig{}), &flow{}
	out := in.Inspect(f.input(udp(t, "user=bob pass=secret"), decoders.ToServer), nil)
	var caught []string
	for _, m := range out {
		for _, c := range m.Captured {
			caught = append(caught, fmt.Sprintf("%d %s=%s", m.Sig.Sid(), rs.Variable(c.Name), c.Value))
		}
	}
	if fmt.Sprint(caught) != "[1 user=bob 1 pass=secret]" {
		t.Errorf("caught %v", caught)
	}
	out = in.Inspect(f.input(udp(t, "a=b,"), decoders.ToServer), out[:0])
	if len(out) == 0 || len(out[0].Captured) != 1 || string(out[0].Captured[0].Key) != "a" || string(out[0].Captured[0].Value) != "b" {
		t.Errorf("caught %+v", out)
	}
}

// hosts applies Thresholds to the matches of one packet between two hosts.
func hosts(t *testing.T, in *Inspector, th *Thresholds, src, dst, payload string, second int64) string {
	t.Helper()
	p := packet(t, dt.IP4{Src: src, Dst: dst}, dt.UDP{Src: 1, Dst: 2}, dt.Bytes(payload))
	p.Timestamp = second * 1e9
	return sids(th.Finish(p.Timestamp, p, in.Inspect(&Input{Packet: p}, nil)))
}

func TestBitsOfHosts(t *testing.T) {
	const a, b, c = "10.0.0.1", "10.0.0.2", "10.0.0.3"
	tests := []struct {
		name, set, ask string
		src, dst       string // of the packet that asks, behind one from a to b
		after          int64  // seconds
		want           bool
	}{
		{"source", "xbits:set,x,track ip_src", "xbits:isset,x,track ip_src", a, c, 1, true},
		{"another source", "xbits:set,x,track ip_src", "xbits:isset,x,track ip_src", b, a, 1, false},
		{"source that is now destination", "xbits:set,x,track ip_src", "xbits:isset,x,track ip_dst", b, a, 1, true},
		{"destination", "xbits:set,x,track ip_dst", "xbits:isset,x,track ip_src", b, c, 1, true},
		{"pair", "xbits:set,x,track ip_pair", "xbits:isset,x,track ip_pair", b, a, 1, true},
		{"another pair", "xbits:set,x,track ip_pair", "xbits:isset,x,track ip_pair", a, c, 1, false},
		{"a pair is no host", "xbits:set,x,track ip_pair", "xbits:isset,x,track ip_src", a, b, 1, false},
		{"another name", "xbits:set,x,track ip_src", "xbits:isset,y,track ip_src", a, b, 1, false},
		{"until it expires", "xbits:set,x,track ip_src,expire 10", "xbits:isset,x,track ip_src", a, b, 10, true},
		{"expired", "xbits:set,x,track ip_src,expire 10", "xbits:isset,x,track ip_src", a, b, 11, false},
		{"default of 30 seconds", "xbits:set,x,track ip_src", "xbits:isset,x,track ip_src", a, b, 31, false},
		{"not set", "xbits:set,x,track ip_src", "xbits:isnotset,x,track ip_src", b, a, 1, true},
		{"toggled", "xbits:toggle,x,track ip_src", "xbits:isset,x,track ip_src", a, b, 1, true},
		{"hostbits", "hostbits:set,x", "hostbits:isset,x,dst", c, a, 299, true},
		{"hostbits of both", "hostbits:set,x,both", "hostbits:isset,x", b, c, 1, true},
	}
	for _, tt := range tests {
		rs := load(t, fmt.Sprintf("alert udp any any -> any any (content:\"set\"; %s; noalert; sid:1;)\nalert udp any any -> any any (content:\"ask\"; %s; sid:2;)", tt.set, tt.ask), Options{})
		in, th := NewInspector(rs, InspectorConfig{}), NewThresholds(ThresholdConfig{})
		if got := hosts(t, in, th, a, b, "set", 100); got != "" {
			t.Errorf("%s: setting alerts %q", tt.name, got)
		}
		if got := hosts(t, in, th, tt.src, tt.dst, "ask", 100+tt.after); (got == "2") != tt.want {
			t.Errorf("%s: %q, want %v", tt.name, got, tt.want)
		}
		th.Forget()
		if got := hosts(t, in, th, a, b, "ask", 101); (got == "2") != (tt.name == "not set") {
			t.Errorf("%s: after Forget %q", tt.name, got)
		}
	}
}

func TestBitsOfHostsBesideOtherThings(t *testing.T) {
	rs := load(t, `
alert udp any any -> any any (content:"set"; xbits:set,x,track ip_src; threshold:type limit,track by_src,count 1,seconds 9; sid:1;)
alert udp any any -> any any (content:"ask"; xbits:isset,x,track ip_src; threshold:type limit,track by_src,count 1,seconds 9; sid:2;)
alert udp any any -> any any (content:"set"; xbits:isset,x,track ip_src; sid:3;)
`, Options{})
	in, th := NewInspector(rs, InspectorConfig{}), NewThresholds(ThresholdConfig{})
	for i, turn := range []struct{ payload, want string }{
		{"ask", ""}, // does not use up the threshold
		{"set", "1 3"}, {"ask", "2"}, {"ask", ""}, {"set", "3"},
	} {
		if got := hosts(t, in, th, "10.0.0.1", "10.0.0.2", turn.payload, int64(i)); got != turn.want {
			t.Errorf("turn %d: %q, want %q", i, got, turn.want)
		}
	}
	for _, rule := range []string{
		`pass udp any any -> any any (xbits:isset,x,track ip_src; sid:1;)`,
		`alert udp any any -> any any (xbits:isset,x,track ip_src; flowbits:set,y; sid:1;)`,
		`alert udp any any -> any any (xbits:isset,x,track tx; sid:1;)`,
	} {
		if _, err := Compile(rule); err == nil {
			t.Errorf("%s loads", rule)
		}
	}
}

func TestBypassEndsInspectionOfThePackets(t *testing.T) {
	rs := load(t, "alert udp any any -> any any (content:\"stop\"; bypass; sid:1;)\nalert ip any any -> any any (flow:to_server; sid:2;)", Options{})
	if got := fmt.Sprint(talk(t, rs, "a", "stop", "a")); got != "[2 1 2 ]" {
		t.Errorf("alerts %s", got)
	}
}

func TestCountriesAndReputation(t *testing.T) {
	reputation, err := keyword.ParseReputation([]byte("1,Bad,x\n2,Good,y\n"), []byte("10.0.0.1,1,90\n"))
	if err != nil {
		t.Fatal(err)
	}
	opts := Options{Reputation: reputation, Country: func(a decoders.Addr, _ uint8) ([2]byte, bool) {
		if a[0] == 10 {
			return [2]byte{'D', 'E'}, true
		}
		return [2]byte{}, false
	}}
	tests := []struct {
		options string
		want    bool
	}{
		{"geoip:src,DE;", true}, {"geoip:src,FR,DE;", true}, {"geoip:src,!DE;", false}, {"geoip:src,!FR;", true},
		{"geoip:dst,DE;", false}, {"geoip:dst,!DE;", false}, {"geoip:any,DE;", true}, {"geoip:DE;", true}, {"geoip:both,DE;", false},
		{"iprep:src,Bad,>,50;", true}, {"iprep:src,Bad,<,50;", false}, {"iprep:dst,Bad,>,50;", false}, {"iprep:any,Bad,>=,90;", true},
		{"iprep:both,Bad,>,50;", false}, {"iprep:src,Bad,isset;", true}, {"iprep:dst,Bad,isnotset;", true},
		{"iprep:src,Bad,>=,0;", true}, {"iprep:dst,Bad,>=,0;", false}, {"iprep:src,Good,>=,0;", true}, {"iprep:src,Bad,<,0;", false},
		{"iprep:src,Good,isset;", true}, {"iprep:src,Good,isnotset;", true}, {"iprep:src,Good,=,0;", true}, // it has a score in another category
		{"iprep:any,Good,isnotset;", true}, {"iprep:both,Good,isnotset;", false}, {"iprep:both,Bad,isnotset;", false},
	}
	for _, tt := range tests {
		rs := load(t, "alert ip any any -> any any ("+tt.options+" sid:1;)", opts)
		if got := NewInspector(rs, InspectorConfig{}).Inspect(&Input{Packet: udp(t, "x")}, nil); (len(got) == 1) != tt.want {
			t.Errorf("%s: %d matches, want %v", tt.options, len(got), tt.want)
		}
	}
	for _, options := range []string{"geoip:src,DE;", "iprep:src,Bad,>,50;"} {
		if _, err := Compile("alert ip any any -> any any (" + options + " sid:1;)"); err == nil {
			t.Errorf("%s loads without a database", options)
		}
	}
}

func TestWhatARuleAsksOfThePipeline(t *testing.T) {
	s := load(t, `alert http any any -> any any (http.uri; content:"x"; tag:host,5,seconds,dst; filestore:response,tx; sid:1;)`, Options{}).Signatures()[0]
	if g := s.Tag(); g == nil || !g.Host || !g.Dst || g.Count != 5 || g.Packets || g.Bytes {
		t.Errorf("tag %+v", g)
	}
	if g := s.FileStore(); g == nil || g.Dirs != keyword.DirToClient || !g.Tx {
		t.Errorf("filestore %+v", g)
	}
	s = load(t, `alert udp any any -> any any (tag:session; sid:1;)`, Options{}).Signatures()[0]
	if g := s.Tag(); g == nil || g.Host || !g.Packets || g.Count == 0 || s.FileStore() != nil {
		t.Errorf("tag %+v", g)
	}
}

func TestProtocolsOfTheTwoSides(t *testing.T) {
	tests := []struct {
		options string
		want    bool
	}{
		{"app-layer-protocol:http,to_server;", true}, {"app-layer-protocol:ssh,to_client;", true}, {"app-layer-protocol:ssh,to_server;", false},
		{"app-layer-protocol:http;", true}, {"app-layer-protocol:ssh;", false}, {"app-layer-protocol:ssh,either;", true},
		{"app-layer-protocol:http,final;", true}, {"app-layer-protocol:!ssh,to_server;", true}, {"app-layer-protocol:http1|tls;", true},
	}
	for _, tt := range tests {
		in := (&flow{app: app.ProtoHTTP}).input(tcp(t, decoders.TCPAck, ""), decoders.ToServer)
		in.AppSides = [2]app.Proto{app.ProtoHTTP, app.ProtoSSH}
		rs := load(t, "alert tcp any any -> any any (flow:to_server; "+tt.options+" sid:1;)", Options{})
		if got := NewInspector(rs, InspectorConfig{}).Inspect(in, nil); (len(got) == 1) != tt.want {
			t.Errorf("%s: %d matches, want %v", tt.options, len(got), tt.want)
		}
	}
}
