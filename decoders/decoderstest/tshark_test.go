package decoderstest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"spanwatch/decoders"
)

// tsharkProtocols are the dissectors that decode what our decoders decode.
// With everything else off tshark is fast and guesses nothing.
var tsharkProtocols = strings.Fields(`frame eth ethertype vlan ieee8021ad ieee8021ah ip ipv6 tcp udp icmp icmpv6
	igmp gre erspan vxlan geneve gtp teredo mpls pwethcw pppoes ppp chdlc cfp pwmcw pwethheuristic llc sll null raw sctp
	ipv6.hopopts ipv6.routing ipv6.dstopts ipv6.fraghdr ah mipv6 hip shim6 vntag etag nsh loop`)

// tsharkRules are the differences to tshark that are on purpose.
var tsharkRules = []rule{
	{"refused", "tshark shows the headers of what we refuse as malformed, too deep or cut", 0.02,
		func(d *difference) bool { return refusedOnPurpose(d.chain) && d.weStopEarlier() }},
	{"fragment", "tshark shows the transport header of a first fragment, we decode the rebuilt datagram", 0.05,
		func(d *difference) bool {
			return d.chain.last().Refused == decoders.ReasonFragment && d.weStopEarlier()
		}},
	{"link type", "a link type that is not decoded", 0.01,
		func(d *difference) bool {
			return d.chain.packets[0].Refused == decoders.ReasonLinkType && len(d.ours) == 0
		}},
	{"quoted packet", "of the packet that an ICMP error quotes we keep addresses and ports", 0.02,
		func(d *difference) bool {
			return d.chain.any(func(p *decoders.Packet) bool {
				return p.Layers&(decoders.LayerICMPv4|decoders.LayerICMPv6) != 0
			}) && d.weStopEarlier()
		}},
	{"rare IPv6 headers", "mobility, HIP and Shim6 headers end the packet for tshark", 0.01,
		func(d *difference) bool { return d.chain.any(walksRareHeader) && d.theyStopEarlier() }},
	{"service tags", "the id of an 802.1ad tag or an ERSPAN header is another field in tshark", 0.05,
		func(d *difference) bool {
			return d.field == "vlan.id" && taggedInTwoWays(d.chain) && isSubset(d.theirs, d.ours)
		}},
	{"AH over IPv4", "as in Suricata the packet is one of protocol 51", 0.001,
		func(d *difference) bool { return d.chain.any(isAHOverIPv4) && d.weStopEarlier() }},
	{"other UDP tunnels", "VXLAN-GPE, GRE in UDP, Teredo set-up, and Teredo with an IPv6 packet that does not fill the datagram", 0.001,
		func(d *difference) bool {
			p := d.chain.last()
			ports := []uint16{4790, 4754, decoders.PortTeredo}
			return p.Layers.Has(decoders.LayerUDP) && d.weStopEarlier() &&
				(slices.Contains(ports, p.SrcPort) || slices.Contains(ports, p.DstPort))
		}},
	{"atomic fragment", "a fragment header of a datagram in one piece, or a second one, leaves no fragment", 0.01,
		func(d *difference) bool { return d.field == "ipv6.fraghdr.ident" && len(d.ours) == 0 }},
	{"malformed options", "tshark stops at an IP option of impossible length, we raise an event and go on", 0.001,
		func(d *difference) bool { return d.theyStopEarlier() && d.chain.any(badIPOptions) }},
	{"FabricPath", "tshark takes the last four bytes for a checksum, although the IP header counts them", 0.005,
		func(d *difference) bool {
			p := &d.chain.packets[0]
			return p.EthOffset >= 4 && binary.BigEndian.Uint16(p.Data[p.EthOffset-4:]) == 0x8903
		}},
	{"empty SCTP", "tshark shows no port of an SCTP packet without chunks", 0.001,
		func(d *difference) bool {
			p := d.chain.last()
			return p.Layers.Has(decoders.LayerSCTP) && p.PayloadLen == 0 && d.theyStopEarlier()
		}},
}

func runTshark(t *testing.T, path string) map[int]Facts {
	t.Helper()
	args := []string{"-n", "-r", path}
	for _, o := range []string{"ip.defragment:FALSE", "ipv6.defragment:FALSE", "tcp.desegment_tcp_streams:FALSE",
		"tcp.relative_sequence_numbers:FALSE", "tcp.analyze_sequence_numbers:FALSE", "ip.tso_support:FALSE"} {
		args = append(args, "-o", o)
	}
	args = append(args, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=,", "-e", "frame.number")
	for _, f := range Fields {
		args = append(args, "-e", f)
	}
	cmd := exec.Command("tshark", args...)
	cmd.Env = append(os.Environ(), "WIRESHARK_CONFIG_DIR="+tsharkProfile(t))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v: %s", err, stderr.String())
	}
	facts := map[int]Facts{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		columns := strings.Split(lines.Text(), "\t")
		number, err := strconv.Atoi(columns[0])
		if err != nil {
			t.Fatal(err)
		}
		f := Facts{}
		for i, column := range columns[1:] {
			if column == "" {
				continue
			}
			f[Fields[i]] = strings.Split(column, ",")
			for k, v := range f[Fields[i]] {
				if n, err := strconv.ParseUint(v, 0, 64); err == nil {
					if Fields[i] == "tcp.flags" {
						n &= 0xff // the rest are reserved bits
					}
					f[Fields[i]][k] = strconv.FormatUint(n, 10)
				}
			}
		}
		facts[number] = f
	}
	return facts
}

// tsharkProfile makes a configuration folder in which every protocol but
// tsharkProtocols is switched off.
func tsharkProfile(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("tshark", "-G", "protocols").Output()
	if err != nil {
		t.Fatal(err)
	}
	var off strings.Builder
	for line := range strings.Lines(string(out)) {
		columns := strings.Split(strings.TrimSpace(line), "\t")
		if len(columns) >= 3 && !slices.Contains(tsharkProtocols, columns[2]) {
			fmt.Fprintln(&off, columns[2])
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "disabled_protos"), []byte(off.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// maxLinkType is the last of the link types that pcapgo can name in pcapng.
const maxLinkType = 300

// writeNG writes all frames into one pcapng file with an interface per link
// type, so that one run of tshark is enough.
func writeNG(t *testing.T, path string, frames []*decoders.Frame) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w, err := pcapgo.NewNgWriter(file, layers.LinkTypeEthernet)
	if err != nil {
		t.Fatal(err)
	}
	ifaces := map[decoders.LinkType]int{decoders.LinkEthernet: 0}
	for i, f := range frames {
		id, ok := ifaces[f.Link]
		if !ok {
			id, err = w.AddInterface(pcapgo.NgInterface{Name: fmt.Sprint(f.Link), LinkType: layers.LinkType(f.Link)})
			if err != nil {
				t.Fatal(err)
			}
			ifaces[f.Link] = id
		}
		info := gopacket.CaptureInfo{
			Timestamp: time.Unix(int64(i), 0), CaptureLength: len(f.Data), Length: int(f.WireLen), InterfaceIndex: id,
		}
		if err := w.WritePacket(info, f.Data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
}

func TestTsharkSaysTheSame(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		if Required("tshark") {
			t.Fatal(err)
		}
		t.Skip("tshark is not installed")
	}
	for _, set := range []struct {
		name     string
		captures func(testing.TB, int) []Capture
		limit    int // frames of each capture
	}{
		{"testdata", Testdata, 2000},
		{"permissive", Permissive, 0},
		{"corpus", corpus, 60},
	} {
		t.Run(set.name, func(t *testing.T) {
			captures := set.captures(t, set.limit)
			if len(captures) == 0 {
				t.Skip("no captures")
			}
			compareTshark(t, captures)
		})
	}
}

func compareTshark(t *testing.T, captures []Capture) {
	t.Helper()
	var frames []*decoders.Frame
	var names []string
	for i := range captures {
		for k := range captures[i].Frames {
			f := &captures[i].Frames[k]
			if f.Link > maxLinkType {
				continue
			}
			frames = append(frames, f)
			names = append(names, captures[i].Name)
		}
	}
	path := filepath.Join(t.TempDir(), "all.pcapng")
	writeNG(t, path, frames)
	theirs := runTshark(t, path)
	if len(theirs) != len(frames) {
		t.Fatalf("tshark read %d frames, want %d", len(theirs), len(frames))
	}
	d, err := decoders.NewDecoder(decoders.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	c := newComparison(t, tsharkRules)
	for i, f := range frames {
		c.frame(decodeChain(d, names[i], f, Facts.Add), theirs[i+1], Fields, false)
	}
	c.finish()
}
