package pipeline

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	dt "spanwatch/decoders/decoderstest"
	"spanwatch/sensor/capture/capturetest"
	"spanwatch/signatures/ruleconf"
)

// said is what one side of a session sends, acknowledged by the other at once.
type said struct {
	dir  decoders.Direction
	data string
}

// session writes a capture of one whole TCP session to a server's port.
func session(t *testing.T, port uint16, turns []said) string { return exchange(t, port, turns, true) }

// exchange is session for one that is closed or goes on.
func exchange(t *testing.T, port uint16, turns []said, closed bool) string {
	t.Helper()
	var frames []decoders.Frame
	next := [2]uint32{100, 500}
	send := func(dir decoders.Direction, flags uint8, data string) {
		ip, tcp := dt.IP4{Src: "10.0.0.1", Dst: "10.0.0.2"}, dt.TCP{Src: 40000, Dst: port}
		if dir == decoders.ToClient {
			ip.Src, ip.Dst, tcp.Src, tcp.Dst = ip.Dst, ip.Src, tcp.Dst, tcp.Src
		}
		tcp.Seq, tcp.Flags = next[dir], flags
		if flags&decoders.TCPAck != 0 {
			tcp.Ack = next[dir.Opposite()]
		}
		b := dt.Build(dt.Ether{}, ip, tcp, dt.Bytes(data))
		frames = append(frames, decoders.Frame{Data: b, Timestamp: int64(len(frames)+1) * 1e6, WireLen: uint32(len(b))})
		next[dir] += uint32(len(data))
		if flags&(decoders.TCPSyn|decoders.TCPFin) != 0 {
			next[dir]++
		}
	}
	send(decoders.ToServer, decoders.TCPSyn, "")
	send(decoders.ToClient, decoders.TCPSyn|decoders.TCPAck, "")
	send(decoders.ToServer, decoders.TCPAck, "")
	for _, s := range turns {
		for rest := s.data; len(rest) > 0; {
			n := min(len(rest), 1400)
			send(s.dir, decoders.TCPAck|decoders.TCPPsh, rest[:n])
			send(s.dir.Opposite(), decoders.TCPAck, "")
			rest = rest[n:]
		}
	}
	if closed {
		send(decoders.ToServer, decoders.TCPAck|decoders.TCPFin, "")
		send(decoders.ToClient, decoders.TCPAck|decoders.TCPFin, "")
		send(decoders.ToServer, decoders.TCPAck, "")
	}
	path := filepath.Join(t.TempDir(), "session.pcap")
	if err := capturetest.WritePcap(path, decoders.LinkEthernet, frames); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestWhatDetectionFindsOdd: the events are those of Suricata 8 on the same
// sessions.
func TestWhatDetectionFindsOdd(t *testing.T) {
	const ts, tc = decoders.ToServer, decoders.ToClient
	const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	rubbish := strings.Repeat("\x00\x80rubbish", 13000)
	names := []string{
		"applayer_mismatch_protocol_both_directions", "applayer_wrong_direction_first_data",
		"applayer_detect_protocol_only_one_direction", "applayer_proto_detection_skipped",
	}
	var rules strings.Builder
	for _, name := range names {
		rules.WriteString(`alert ip any any -> any any (msg:"` + name + `"; app-layer-event:` + name + `; sid:` + string('1'+rune(slices.Index(names, name))) + ";)\n")
	}
	alert := regexp.MustCompile(`"signature_id":(\d)`)
	for _, tt := range []struct {
		name  string
		turns []said
		want  string // sid; empty for none
	}{
		{"both sides are known", []said{{ts, get}, {tc, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}}, ""},
		{"two protocols", []said{{ts, get}, {tc, "SSH-2.0-OpenSSH_8.0\r\n"}}, "1"},
		{"the server of TLS speaks first", []said{{tc, "\x16\x03\x03\x00\x05\x02\x00\x00\x01\x00" + strings.Repeat("a", 21)}}, "2"},
		{"the answer is unknown", []said{{ts, get}, {tc, "ICY 200 OK and more than enough of it, whoever you may be\r\n"}}, "3"},
		{"the greeting is unknown", []said{{tc, "hello first and more than enough of it, whoever you may be\r\n"}, {ts, get}}, "3"},
		{"much of the server, nothing of the client", []said{{tc, rubbish}}, "4"},
		{"much of the server, hardly anything of the client", []said{{ts, "\x00\x80"}, {tc, rubbish}}, "4"},
		{"much of the client", []said{{ts, rubbish}}, "4"},
		{"not that much", []said{{ts, rubbish[:90000]}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := replay(t, rules.String(), nil, session(t, 9999, tt.turns))
			var got []string
			for _, m := range alert.FindAllStringSubmatch(string(r.text), -1) {
				got = append(got, m[1])
			}
			if strings.Join(got, ",") != tt.want {
				t.Errorf("alerts %q, want %q", got, tt.want)
			}
		})
	}
}

// TestASessionOfPOP3IsNotFTP: clients of both begin with the same commands, and
// what the server has said before decides.
func TestASessionOfPOP3IsNotFTP(t *testing.T) {
	r := replay(t, `alert ip any any -> any any (app-layer-event:applayer_mismatch_protocol_both_directions; sid:1;)`, nil,
		session(t, 110, []said{{decoders.ToClient, "+OK ready\r\n"}, {decoders.ToServer, "USER me\r\n"}, {decoders.ToClient, "+OK\r\n"}}))
	text := string(r.text)
	if strings.Contains(text, `"event_type":"alert"`) || strings.Count(text, `"event_type":"pop3"`) != 2 || !strings.Contains(text, `"app_proto":"pop3"`) {
		t.Errorf("events\n%s", text)
	}
}

// TestARateFilterEndsItsFlow: beyond the count, alerts of a rule about the flow
// are blocked or left out, and nothing of the flow alerts any more.
func TestARateFilterEndsItsFlow(t *testing.T) {
	turns := []said{{decoders.ToServer, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"}, {decoders.ToClient, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"}}
	action := regexp.MustCompile(`"action":"(\w+)","gid":1,"signature_id":(\d)`)
	for _, tt := range []struct {
		action string
		want   string
	}{
		{"drop", "1allowed 1blocked"}, {"reject", "1allowed 1blocked"}, {"pass", "1allowed"},
	} {
		conf, diags := ruleconf.ParseThresholds("threshold.config",
			[]byte("rate_filter gen_id 1, sig_id 1, track by_rule, count 1, seconds 60, new_action "+tt.action+", timeout 60"), nil)
		if len(diags) > 0 {
			t.Fatal(diags)
		}
		rules := "alert http any any -> any any (sid:1;)\nalert http any any -> any any (http.stat_code; content:\"200\"; sid:2;)\n"
		r := replayThresholds(t, rules, conf, session(t, 80, turns))
		var got []string
		for _, m := range action.FindAllStringSubmatch(string(r.text), -1) {
			got = append(got, m[2]+m[1])
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: alerts %q, want %q", tt.action, got, tt.want)
		}
	}
}

func TestASetOfFlowsIsBounded(t *testing.T) {
	var s flowSet
	for id := range uint64(3 * maxFlowSet) {
		s.add(id + 1)
	}
	if n := len(s.young) + len(s.old); n > 2*maxFlowSet || !s.has(3*maxFlowSet) || !s.has(2*maxFlowSet+1) || s.has(1) {
		t.Errorf("%d flows are kept", n)
	}
}
