package flow

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"spanwatch/decoders"
)

// The vectors of the specification's baseline tests (community-id-spec,
// baseline/*.json): the same flow seen from either side.
func TestCommunityIDEqualsTheSpecificationsBaseline(t *testing.T) {
	tcp := func(a, b string) *decoders.Packet { return packet(protoTCP, a, b, 0) }
	for _, c := range []struct {
		name  string
		first *decoders.Packet
		seed  uint16
		want  string
	}{
		{"tcp", tcp("128.232.110.120:34855", "66.35.250.204:80"), 0, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"tcp from the server", tcp("66.35.250.204:80", "128.232.110.120:34855"), 0, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"tcp with seed 1", tcp("128.232.110.120:34855", "66.35.250.204:80"), 1, "1:3V71V58M3Ksw/yuFALMcW0LAHvc="},
		{"udp", udp("192.168.1.52:54585", "8.8.8.8:53", 0), 0, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
		{"sctp", packet(protoSCTP, "192.168.170.8:7", "192.168.170.56:80", 0), 0, "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ="},
		{"icmp echo", icmp(8, 0, "192.168.0.89", "192.168.0.1", 0), 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
		{"icmp echo reply", icmp(0, 0, "192.168.0.1", "192.168.0.89", 0), 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
		{"icmpv6 neighbor solicitation", icmp(135, 0, "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 0), 0, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
		{"icmpv6 packet too big has one way", icmp(3, 0, "3ffe:507:0:1:260:97ff:fe07:69ea", "3ffe:507:0:1:200:86ff:fe05:80da", 0), 0, "1:NdobDX8PQNJbAyfkWxhtL2Pqp5w="},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, _ := newWatched(t, nil).Update(c.first)
			if got := string(AppendCommunityID(nil, f, c.seed)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// Ids that Suricata wrote beside its records of the conformance cases.
func TestCommunityIDEqualsSuricata(t *testing.T) {
	root := os.Getenv("SPANWATCH_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	files, _ := filepath.Glob(filepath.Join(root, "conformance", "dev", "*", "expected.json"))
	if len(files) == 0 {
		t.Skip("no conformance cases: set SPANWATCH_SHARED to the folder that has them")
	}
	protos := map[string]uint8{"TCP": protoTCP, "UDP": protoUDP, "SCTP": protoSCTP}
	compared := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			Events map[string][]struct {
				ID      string `json:"community_id"`
				Proto   string `json:"proto"`
				Src     string `json:"src_ip"`
				Dst     string `json:"dest_ip"`
				SrcPort uint16 `json:"src_port"`
				DstPort uint16 `json:"dest_port"`
			} `json:"app_events"`
		}
		if err := json.Unmarshal(b, &c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, events := range c.Events {
			for _, e := range events {
				if e.ID == "" || protos[e.Proto] == 0 {
					continue
				}
				p := packet(protos[e.Proto], join(e.Src, e.SrcPort), join(e.Dst, e.DstPort), 0)
				f, _ := newSmall(t).Update(p)
				if got := string(AppendCommunityID(nil, f, 0)); got != e.ID {
					t.Errorf("%s: %+v: got %s", file, e, got)
				}
				compared++
			}
		}
	}
	if compared == 0 {
		t.Error("no community ids in the cases")
	}
	t.Logf("%d ids", compared)
}
