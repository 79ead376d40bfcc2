package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"spanwatch/decoders"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/capture/capturetest"
)

// What becomes of a difference when its flow is replayed alone, with the one
// rule and those that set its flowbits.
const (
	aloneSame    = "agrees alone: other flows matter (thresholds across flows, limits, timing of threads)"
	aloneDiffers = "differs alone"
	aloneNot     = "not tried alone"
)

// isolate replays the flows of at most limit differences alone and notes what
// becomes of them.
func (c *comparison) isolate(ctx context.Context, r *result, limit int) error {
	for i := range r.diffs {
		r.diffs[i].Alone = aloneNot
	}
	tried := r.diffs[:min(limit, len(r.diffs))]
	if len(tried) == 0 {
		return nil
	}
	dir, err := os.MkdirTemp("", "diffsuricata")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	lines, err := ruleLines(c.rules)
	if err != nil {
		return err
	}
	wanted := map[int]map[tuple]string{} // by capture: flow to file
	var captures []string
	index := map[string]int{}
	for i := range tried {
		d := &tried[i]
		files := wanted[d.Capture]
		if files == nil {
			files = map[tuple]string{}
			wanted[d.Capture] = files
		}
		if files[d.Flow] == "" {
			files[d.Flow] = filepath.Join(dir, fmt.Sprintf("%d.pcap", len(captures)))
			index[files[d.Flow]] = len(captures)
			captures = append(captures, files[d.Flow])
		}
	}
	for i, files := range wanted {
		if err := extract(r.captures[i], files); err != nil {
			return err
		}
	}
	var sids []int
	for i := range tried {
		sids = append(sids, tried[i].Sid)
	}
	alone := *c
	alone.rules, alone.captures, alone.keep, alone.reuse, alone.fresh = filepath.Join(dir, "alone.rules"), captures, "", false, true
	if err := os.WriteFile(alone.rules, []byte(strings.Join(closure(lines, sids), "\n")+"\n"), 0o644); err != nil {
		return err
	}
	suricata, ours, err := alone.run(ctx)
	if err != nil {
		return err
	}
	for i := range tried {
		d := &tried[i]
		p := pair{index[wanted[d.Capture][d.Flow]], d.Sid, d.Flow}
		d.Alone = aloneSame
		if suricata.pairs[p].count() != ours.pairs[p].count() {
			d.Alone = aloneDiffers
		}
	}
	return nil
}

// extract copies the frames of flows, as they are, to the files named; flows
// may share one. A fragment goes where its addresses go.
func extract(path string, files map[tuple]string) error {
	source, err := capture.OpenFiles(capture.Options{Paths: []string{path}})
	if err != nil {
		return err
	}
	defer source.Close()
	decoder, err := decoders.NewDecoder(decoders.DefaultConfig())
	if err != nil {
		return err
	}
	frames := map[string][]decoders.Frame{}
	var batch capture.Batch
	for err == nil {
		err = source.Next(&batch)
		for i := range batch.Frames {
			f := &batch.Frames[i]
			for file := range filesOf(decoder, f, files) {
				kept := *f
				kept.Data = append([]byte(nil), f.Data...)
				frames[file] = append(frames[file], kept)
			}
		}
	}
	// A fault of the file is no error: what lies before it is there.
	for _, file := range files {
		list := frames[file]
		if len(list) == 0 {
			return fmt.Errorf("%s: the frames of %s are not found", path, file)
		}
		if err := capturetest.WritePcap(file, list[0].Link, list); err != nil {
			return err
		}
	}
	return nil
}

// filesOf are the files that a frame goes to.
func filesOf(decoder *decoders.Decoder, f *decoders.Frame, files map[tuple]string) map[string]bool {
	set := map[string]bool{}
	for t := range tuplesOf(decoder, f) {
		if file := files[t]; file != "" {
			set[file] = true
		}
		if t.A.Port != 0 || t.B.Port != 0 {
			continue
		}
		for flow, file := range files {
			if flow.A.IP == t.A.IP && flow.B.IP == t.B.IP {
				set[file] = true
			}
		}
	}
	return set
}

// tuplesOf are the five-tuples of a frame: of the packet and of those inside.
func tuplesOf(decoder *decoders.Decoder, f *decoders.Frame) map[tuple]bool {
	set := map[tuple]bool{}
	var packets [4]decoders.Packet
	decoder.Decode(f, &packets[0])
	for i := range packets {
		p := &packets[i]
		if p.IPVersion == 0 {
			break
		}
		t := tuple{protocolName(p.Proto), end{p.Src.Netip(p.IPVersion), p.SrcPort}, end{p.Dst.Netip(p.IPVersion), p.DstPort}}
		if c := t.B.IP.Compare(t.A.IP); c < 0 || c == 0 && t.B.Port < t.A.Port {
			t.A, t.B = t.B, t.A
		}
		set[t] = true
		if p.Inner == decoders.TunnelNone || i+1 == len(packets) {
			break
		}
		decoder.DecodeInner(p, &packets[i+1])
	}
	return set
}

func protocolName(proto uint8) string {
	switch proto {
	case decoders.ProtoTCP:
		return "TCP"
	case decoders.ProtoUDP:
		return "UDP"
	case decoders.ProtoICMP:
		return "ICMP"
	case decoders.ProtoICMPv6:
		return "IPV6-ICMP"
	case decoders.ProtoSCTP:
		return "SCTP"
	}
	return fmt.Sprint(proto)
}

var (
	sidOption = regexp.MustCompile(`[;(]\s*sid\s*:\s*(\d+)\s*;`)
	bitOption = regexp.MustCompile(`[;(]\s*(?:flowbits|xbits|hostbits|flowint)\s*:\s*(\w+|[^,;]+)\s*,\s*([^,;]+)`)
)

// ruleLines are the rules of a file, one a line, by sid.
func ruleLines(path string) (map[int]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	lines := map[int]string{}
	for _, line := range strings.Split(strings.ReplaceAll(string(data), "\\\n", " "), "\n") {
		line = strings.TrimSpace(line)
		if m := sidOption.FindStringSubmatch(line); m != nil && !strings.HasPrefix(line, "#") {
			var sid int
			fmt.Sscan(m[1], &sid)
			lines[sid] = line
		}
	}
	return lines, nil
}

// closure returns the rules of sids and those that share a state of flows or
// hosts with them, in the order of the sids.
func closure(lines map[int]string, sids []int) []string {
	sharing := map[string][]int{}
	for sid, line := range lines {
		for _, name := range stateNames(line) {
			sharing[name] = append(sharing[name], sid)
		}
	}
	taken := map[int]bool{}
	var rules []string
	for len(sids) > 0 {
		sid := sids[0]
		sids = sids[1:]
		if taken[sid] || lines[sid] == "" {
			continue
		}
		taken[sid] = true
		rules = append(rules, lines[sid])
		for _, name := range stateNames(lines[sid]) {
			sids = append(sids, sharing[name]...)
		}
	}
	return rules
}

func stateNames(line string) (names []string) {
	for _, m := range bitOption.FindAllStringSubmatch(line, -1) {
		for _, part := range m[1:] {
			for _, name := range strings.Split(part, "|") {
				switch name = strings.TrimSpace(name); name {
				case "set", "isset", "isnotset", "unset", "toggle", "noalert", "+", "-", "=":
				default:
					names = append(names, name)
				}
			}
		}
	}
	return names
}
