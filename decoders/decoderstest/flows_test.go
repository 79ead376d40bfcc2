package decoderstest

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"spanwatch/decoders"
)

// A suricataFlow is what Suricata logged of one flow.
type suricataFlow struct {
	Proto           string
	SrcIP           netip.Addr `json:"src_ip"`
	DestIP          netip.Addr `json:"dest_ip"`
	SrcPort         uint16     `json:"src_port"`
	DestPort        uint16     `json:"dest_port"`
	VLAN            []uint16
	PacketsToServer uint64 `json:"pkts_toserver"`
	PacketsToClient uint64 `json:"pkts_toclient"`
	BytesToServer   uint64 `json:"bytes_toserver"`
	BytesToClient   uint64 `json:"bytes_toclient"`
}

// A flowSum is what all flows of a key carried.
type flowSum struct{ packets, bytes uint64 }

// suricataProtocols are those that Suricata keeps flows of.
var suricataProtocols = map[string]uint8{
	"TCP": decoders.ProtoTCP, "UDP": decoders.ProtoUDP, "SCTP": decoders.ProtoSCTP, "ESP": decoders.ProtoESP,
	"ICMP": decoders.ProtoICMP, "IPv6-ICMP": decoders.ProtoICMPv6,
}

// comparableKey strips a key of what Suricata's flow records do not tell.
func comparableKey(k decoders.FlowKey) decoders.FlowKey {
	k.Depth, k.Tunnel, k.TunnelID = 0, 0, 0
	if k.Proto == decoders.ProtoICMP || k.Proto == decoders.ProtoICMPv6 {
		k.PortA, k.PortB = 0, 0
	}
	return k
}

func (f *suricataFlow) key() decoders.FlowKey {
	p := decoders.Packet{Proto: suricataProtocols[f.Proto], SrcPort: f.SrcPort, DstPort: f.DestPort}
	p.Src, p.IPVersion = decoders.AddrFrom(f.SrcIP)
	p.Dst, _ = decoders.AddrFrom(f.DestIP)
	copy(p.VLANs[:], f.VLAN)
	var k decoders.FlowKey
	p.FlowKey(&k)
	return comparableKey(k)
}

// TestFlowsAreThoseOfSuricata adds up packets and bytes by FlowKey over the
// conformance cases without fragments and compares them with Suricata's flows:
// the same packets are refused, tunnels unwrapped, bytes counted.
func TestFlowsAreThoseOfSuricata(t *testing.T) {
	cases, err := filepath.Glob(filepath.Join(Shared(t), "conformance", "dev", "*", "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, path := range cases {
		name := filepath.Base(filepath.Dir(path))
		captures, err := filepath.Glob(filepath.Join(filepath.Dir(path), "input.pcap*"))
		if err != nil || len(captures) != 1 {
			t.Fatalf("%s: captures %v, %v", name, captures, err)
		}
		frames, _ := ReadFile(captures[0], 0) // some are cut; Suricata read as far
		got, fragments := sumFlows(t, frames)
		if fragments {
			continue
		}
		want := loadFlows(t, path)
		for k, w := range want {
			if got[k] != w {
				t.Errorf("%s: flow %v: %+v, want %+v", name, k, got[k], w)
			}
		}
		for k, g := range got {
			if _, ok := want[k]; !ok {
				t.Errorf("%s: flow %v: %+v, want none", name, k, g)
			}
		}
		compared += len(want)
	}
	if compared == 0 {
		t.Error("no flow compared")
	}
	t.Logf("%d flows in %d cases", compared, len(cases))
}

func loadFlows(t *testing.T, path string) map[decoders.FlowKey]flowSum {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var expected struct{ Flows []suricataFlow }
	if err := json.Unmarshal(data, &expected); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	out := map[decoders.FlowKey]flowSum{}
	for i := range expected.Flows {
		f := &expected.Flows[i]
		sum := out[f.key()]
		sum.packets += f.PacketsToServer + f.PacketsToClient
		sum.bytes += f.BytesToServer + f.BytesToClient
		out[f.key()] = sum
	}
	return out
}

// sumFlows adds up what a capture holds. An ICMPv4 error counts to the flow
// that it quotes, when there is one.
func sumFlows(t *testing.T, frames []decoders.Frame) (sums map[decoders.FlowKey]flowSum, fragments bool) {
	t.Helper()
	d, err := decoders.NewDecoder(decoders.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	kept := map[uint8]bool{}
	for _, proto := range suricataProtocols {
		kept[proto] = true
	}
	sums = map[decoders.FlowKey]flowSum{}
	for i := range frames {
		Chain(d, &frames[i], func(p *decoders.Packet) {
			if p.Refused == decoders.ReasonFragment {
				fragments = true
			}
			if p.Refused != decoders.ReasonNone || !kept[p.Proto] {
				return
			}
			var k decoders.FlowKey
			p.FlowKey(&k)
			if p.IPVersion == 4 {
				if _, quotes := p.EmbeddedFlowKey(&k); quotes {
					if _, known := sums[comparableKey(k)]; !known {
						return
					}
				}
			}
			k = comparableKey(k)
			sum := sums[k]
			sum.packets++
			sum.bytes += uint64(p.WireLen)
			sums[k] = sum
		})
	}
	return sums, fragments
}
