package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// This file compares the counters of the stats event:
//
//	captures ─┬─► Suricata ──► its last stats event ─┐
//	          └─► spanwatch ─► ours ─────────────────┴─► counters that differ, and where

// comparedCounters are those that count the same thing in both. One that ends
// with a dot stands for all below it. What is missing is 0.
var comparedCounters = []string{
	"decoder.pkts", "decoder.bytes", "decoder.ethernet", "decoder.sll", "decoder.null", "decoder.vlan", "decoder.mpls", "decoder.pppoe",
	"decoder.arp", "decoder.ipv4", "decoder.ipv6", "decoder.tcp", "decoder.udp", "decoder.icmpv4", "decoder.icmpv6", "decoder.sctp",
	"decoder.gre", "decoder.esp", "decoder.vxlan", "decoder.geneve", "decoder.teredo", "decoder.erspan", "decoder.max_pkt_size", "decoder.event.",
	"defrag.ipv4.fragments", "defrag.ipv4.reassembled", "defrag.ipv6.fragments", "defrag.ipv6.reassembled", "defrag.max_trackers_reached", "defrag.max_frags_reached",
	"tcp.syn", "tcp.synack", "tcp.rst", "tcp.urg", "tcp.sessions", "tcp.active_sessions", "tcp.midstream_pickups", "tcp.ssn_memcap_drop",
	"tcp.invalid_checksum", "tcp.ack_unseen_data", "tcp.segment_memcap_drop", "tcp.stream_depth_reached", "tcp.reassembly_gap",
	"tcp.overlap", "tcp.overlap_diff_data", "tcp.urgent_oob_data",
	"stream.",
	"flow.total", "flow.active", "flow.tcp", "flow.udp", "flow.icmpv4", "flow.icmpv6", "flow.tcp_reuse", "flow.end.state.", "flow.end.tcp_state.",
	"detect.alert", "detect.alert_queue_overflow", "detect.alerts_suppressed",
	"app_layer.flow.", "app_layer.tx.", "app_layer.error.", "app_layer.expectations",
}

// overlapRule makes Suricata compare overlapping segments: it does so only if a
// rule asks.
const overlapRule = `alert tcp any any -> any any (stream-event:reassembly_overlap_different_data; noalert; sid:4294967295;)`

// counters are the leaves of a stats object, by path.
type counters map[string]int64

// readCounters takes the last stats event of a file.
func readCounters(path string) (counters, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var last map[string]any
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 && strings.Contains(string(line), `"event_type":"stats"`) {
			var e struct{ Stats map[string]any }
			if err := json.Unmarshal(line, &e); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			last = e.Stats
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if last == nil {
		return nil, fmt.Errorf("%s: %w", path, errNoStats)
	}
	c := counters{}
	c.flatten("", last)
	return c, nil
}

var errNoStats = errors.New("no stats event")

func (c counters) flatten(at string, o map[string]any) {
	for name, v := range o {
		switch v := v.(type) {
		case float64:
			c[at+name] = int64(v)
		case map[string]any:
			c.flatten(at+name+".", v)
		}
	}
}

// compared returns the paths of both that are to be equal.
func (c counters) compared(d counters) (paths []string) {
	for _, name := range comparedCounters {
		if !strings.HasSuffix(name, ".") {
			paths = append(paths, name)
			continue
		}
		for _, of := range []counters{c, d} {
			for path := range of {
				if strings.HasPrefix(path, name) {
					paths = append(paths, path)
				}
			}
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// rename gives Suricata's counters our names. It counts protocols that run over
// both TCP and UDP apart, as dns_tcp and dns_udp.
func (c counters) rename() {
	for _, theirs := range slices.Collect(maps.Keys(c)) {
		if !strings.HasPrefix(theirs, "app_layer.") || strings.HasPrefix(theirs, "app_layer.flow.failed_") {
			continue
		}
		ours := transports.Replace(theirs)
		if ours == theirs {
			continue
		}
		c[ours] += c[theirs]
		delete(c, theirs)
	}
}

var transports = strings.NewReplacer("_tcp", "", "_udp", "", "ftp-data", "ftp_data", "bittorrent-dht", "bittorrent_dht")

// counterDifference is one counter that differs on some captures.
type counterDifference struct {
	path         string
	theirs, ours int64 // sums over the captures on which it differs
	captures     []string
	there        [][2]int64 // theirs and ours, by captures
}

// counterTally collects what differs over many captures.
type counterTally struct {
	captures, same int // captures compared, and those without a difference
	paths          map[string]bool
	differ         map[string]*counterDifference
}

func (a *counterTally) add(capture string, theirs, ours counters) {
	a.captures++
	same := true
	for _, path := range theirs.compared(ours) {
		a.paths[path] = a.paths[path] || theirs[path] != 0 || ours[path] != 0
		if theirs[path] == ours[path] {
			continue
		}
		same = false
		d := a.differ[path]
		if d == nil {
			d = &counterDifference{path: path}
			a.differ[path] = d
		}
		d.theirs += theirs[path]
		d.ours += ours[path]
		d.captures = append(d.captures, capture)
		d.there = append(d.there, [2]int64{theirs[path], ours[path]})
	}
	if same {
		a.same++
	}
}

func (a *counterTally) print(w io.Writer, examples int) {
	met := 0 // counters that were not always 0
	for _, counted := range a.paths {
		if counted {
			met++
		}
	}
	fmt.Fprintf(w, "%d of %d captures have equal counters; of %d counters, %d of them met, %d differ somewhere\n",
		a.same, a.captures, len(a.paths), met, len(a.differ))
	for _, path := range slices.Sorted(maps.Keys(a.differ)) {
		d := a.differ[path]
		fmt.Fprintf(w, "%s: on %d captures, Suricata %d, spanwatch %d\n", path, len(d.captures), d.theirs, d.ours)
		for i := range min(examples, len(d.captures)) {
			fmt.Fprintf(w, "\t%d %d %s\n", d.there[i][0], d.there[i][1], d.captures[i])
		}
	}
}

func appendLine(path, line string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(append(text, line...), '\n'), 0o644)
}

// withStats makes a configuration of Suricata write its counters, and no events
// but alerts.
func withStats(config []byte) ([]byte, error) {
	head, text, _ := strings.Cut(string(config), "---\n")
	var c object
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return nil, err
	}
	c["stats"] = object{"enabled": "yes", "interval": 3600, "decoder-events": "yes", "stream-events": "yes"}
	c["outputs"] = []object{{"eve-log": object{"enabled": "yes", "filetype": "regular", "filename": "eve.json", "types": []object{
		{"stats": object{"totals": "yes", "threads": "no", "deltas": "no"}}, {"alert": object{"enabled": "yes"}},
	}}}}
	out, err := json.MarshalIndent(c, "", " ")
	return append([]byte(head+"---\n"), out...), err
}

// runCounters is diffsuricata counters.
func runCounters(ctx context.Context, args []string) (int, error) {
	fs := flag.NewFlagSet("diffsuricata counters", flag.ExitOnError)
	var f flags
	f.register(fs)
	examples := fs.Int("examples", 3, "name at most `N` captures of a difference")
	keep := fs.String("keep", "", "leave what both write in `DIR`")
	reuse := fs.Bool("reuse", false, "take what Suricata wrote into -keep before, with the same captures")
	if err := fs.Parse(args); err != nil {
		return exitFailed, err
	}
	if len(f.captures) == 0 {
		return exitFailed, errors.New("-captures says what to compare")
	}
	dir, err := os.MkdirTemp("", "diffsuricata")
	if err != nil {
		return exitFailed, err
	}
	defer os.RemoveAll(dir)
	if *keep == "" {
		*keep = dir
	}
	captures, err := expand(f.captures)
	if err != nil {
		return exitFailed, err
	}
	oracle, err := f.open(ctx)
	if err != nil {
		return exitFailed, err
	}
	rules, err := f.ruleFile(dir)
	if err != nil {
		return exitFailed, err
	}
	if err := appendLine(rules, overlapRule); err != nil {
		return exitFailed, err
	}
	config, checksums, err := suricataConfig(oracle, f.options, false)
	if err != nil {
		return exitFailed, err
	}
	if config, err = withStats(config); err != nil {
		return exitFailed, err
	}
	ours, err := loadOurs(append([]string{"events.types=alert,stats"}, f.sets...), f.options, rules)
	if err != nil {
		return exitFailed, err
	}
	tally := counterTally{paths: map[string]bool{}, differ: map[string]*counterDifference{}}
	for i, path := range captures {
		theirDir, ourDir := filepath.Join(*keep, fmt.Sprint(i), "suricata"), filepath.Join(*keep, fmt.Sprint(i), "spanwatch")
		for _, d := range []string{theirDir, ourDir} {
			if err := os.MkdirAll(d, 0o755); err != nil {
				return exitFailed, err
			}
		}
		if !*reuse {
			if _, err := oracle.run(ctx, config, checksums, rules, []string{path}, []string{theirDir}, true); err != nil {
				return exitFailed, err
			}
		}
		if err := ours.run(ctx, path, ourDir); err != nil {
			return exitFailed, err
		}
		their, err := readCounters(filepath.Join(theirDir, "eve.json"))
		if err != nil {
			return exitFailed, err
		}
		our, err := readCounters(filepath.Join(ourDir, "eve.json"))
		if errors.Is(err, errNoStats) {
			continue // a capture without packets has no time to tell
		}
		if err != nil {
			return exitFailed, err
		}
		their.rename()
		our.rename()
		tally.add(path, their, our)
	}
	fmt.Printf("Suricata %s and spanwatch\n", oracle.version)
	tally.print(os.Stdout, *examples)
	if len(tally.differ) > 0 {
		return exitDifferent, nil
	}
	return exitSame, nil
}
