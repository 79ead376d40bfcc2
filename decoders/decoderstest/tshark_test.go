package decoderstest

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
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
	igmp gre erspan vxlan geneve gtp teredo mpls pwethcw pppoes ppp chdlc cfp pwmcw llc sll null raw sctp
	ipv6.hopopts ipv6.routing ipv6.dstopts ipv6.fraghdr ah mipv6 hip shim6 vntag etag nsh loop`)

// tsharkTable lists the differences to tshark that are on purpose.
var tsharkTable []any

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
	caps := append(Testdata(t, 0), Permissive(t, 0)...)
	if os.Getenv("BIG") != "" {
		caps = Corpus(t, 100)
	}
	var frames []*decoders.Frame
	var names []string
	for i := range caps {
		for k := range caps[i].Frames {
			f := &caps[i].Frames[k]
			if f.Link > 300 {
				continue
			}
			frames = append(frames, f)
			names = append(names, caps[i].Name)
		}
	}
	path := filepath.Join(t.TempDir(), "all.pcapng")
	writeNG(t, path, frames)
	start := time.Now()
	theirs := runTshark(t, path)
	t.Log(len(frames), "frames, tshark", time.Since(start))
	d, err := decoders.NewDecoder(decoders.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	classes := map[string]int{}
	example := map[string]string{}
	for i, f := range frames {
		ours := Facts{}
		reason := ""
		Chain(d, f, func(p *decoders.Packet) { ours.Add(p); reason += " " + p.Refused.String() })
		for _, field := range Fields {
			a, b := ours[field], theirs[i+1][field]
			if slices.Equal(a, b) {
				continue
			}
			class := field + reason
			if len(a) < len(b) {
				class += " less"
			}
			if len(a) > len(b) {
				class += " more"
			}
			classes[class]++
			if classes[class] == 1 || classes[class] == 5 {
				example[class] += fmt.Sprintf("   %s #%d (%d) %v want %v\n", names[i], f.Number, i+1, a, b)
			}
		}
	}
	var keys []string
	for k := range classes {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		fmt.Printf("%d\t%s\n%s", classes[k], k, example[k])
	}
}
