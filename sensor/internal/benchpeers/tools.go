package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
)

// job is what a tool is to do.
type job struct {
	capture    string
	rules      string // empty: none
	everything bool   // every event type, else flow records (and alerts)
	workers    int
	dir        string // for what it writes
}

// counts are what a tool made.
type counts struct {
	flows, alerts, events int
	scanned               int // bytes given to pattern matchers, if it tells
}

// tool is a program that makes flow records.
type tool struct {
	name    string
	program string
	debian  string // package with it; empty for ours
	suite   string // when not the installed release
	detects bool   // takes Suricata's rules
	threads bool   // its packet threads are measured, see the package comment
	extra   bool   // measured only where it is there, or by name
	only    string // capture that it is measured on, empty for all
	asks    []string
	command func(j job) ([]string, error)
	// count counts what a run left in dir, or says it printed.
	count func(dir string) (counts, error)
}

// sinkPort is where softflowd exports to. Nobody needs to listen, but somebody
// does (measure), so that it is not told so by ICMP.
const sinkPort = "39995"

// suricata8Env names a program of Suricata 8, which Debian 12 does not have.
const suricata8Env = "SPANWATCH_SURICATA"

// allTools in the order of the table. The commands were tried with Debian 12:
// Suricata 7.0.10 (backports), softflowd 1.1.0, nfdump 1.7.1, tshark 4.0.17; and
// with Suricata 8.0.7.
func allTools() []tool {
	suricata := tool{
		name: "suricata", program: "suricata", debian: "suricata", suite: "bookworm-backports",
		detects: true, threads: true, asks: []string{"-V"}, count: eveCounts,
	}
	suricata.command = func(j job) ([]string, error) { return suricataCommand("suricata", j, "") }
	// With its own bounds it forgets a quarter of the flows of this capture;
	// to hold them all it needs these.
	roomy := suricata
	roomy.name, roomy.only = "suricata-1gb", "flows"
	roomy.command = func(j job) ([]string, error) {
		return suricataCommand("suricata", j, "flow: {memcap: 1gb, hash-size: 1048576, prealloc: 10000}\n")
	}
	eight := suricata
	eight.name, eight.program, eight.debian, eight.extra = "suricata8", os.Getenv(suricata8Env), "", true
	eight.command = func(j job) ([]string, error) { return suricataCommand(eight.program, j, "") }
	return []tool{
		{
			name: "spanwatch", program: "bin/spanwatch", detects: true, asks: []string{"version"},
			command: func(j job) ([]string, error) {
				// Checksums are not verified, as with Suricata's -k none below.
				argv := []string{"bin/spanwatch", "replay", j.capture, "-o", j.dir, "--quiet", "--workers", strconv.Itoa(j.workers), "--set", "decode.checksums=off"}
				if !j.everything {
					argv = append(argv, "--set", "events.types=flow")
				}
				if j.rules != "" {
					argv = append(argv, "-r", j.rules)
				}
				return argv, nil
			},
			count: eveCounts,
		},
		suricata, roomy, eight,
		{
			name: "softflowd", program: "softflowd", debian: "softflowd", asks: []string{"-h"},
			command: func(j job) ([]string, error) {
				// -d: stay in the foreground; -m: as many flows as there are.
				return []string{"softflowd", "-d", "-r", j.capture, "-v", "9", "-m", "4000000", "-n", "127.0.0.1:" + sinkPort}, nil
			},
			count: func(dir string) (c counts, err error) {
				c.flows, err = printedSum(dir, `Flows exported: (\d+)`)
				return c, err
			},
		},
		{
			name: "nfpcapd", program: "nfpcapd", debian: "nfdump", asks: []string{"-V"},
			command: func(j job) ([]string, error) {
				return []string{"nfpcapd", "-r", j.capture, "-w", j.dir}, nil
			},
			// It counts directions (two of its flows make one of the others'),
			// and prints a sum for every file that it fills.
			count: func(dir string) (c counts, err error) {
				n, err := printedSum(dir, `Ident: .* Flows: (\d+),`)
				c.flows = (n + 1) / 2
				return c, err
			},
		},
		{
			name: "tshark", program: "tshark", debian: "tshark", asks: []string{"--version"},
			command: func(j job) ([]string, error) {
				// -n: no name look-ups; -q: no line per packet.
				return []string{"tshark", "-n", "-q", "-r", j.capture, "-z", "conv,tcp", "-z", "conv,udp"}, nil
			},
			count: func(dir string) (c counts, err error) {
				err = eachLine(filepath.Join(dir, printed), func(line []byte) {
					if bytes.Contains(line, []byte("<->")) {
						c.flows++
					}
				})
				return c, err
			},
		},
	}
}

// present says whether a tool can be run.
func present(t tool) bool {
	if t.program == "" {
		return false
	}
	_, err := exec.LookPath(t.program)
	return err == nil
}

// everyEvent are the event types that Suricata's package logs by default, with
// in alerts what spanwatch has in its own by default.
const everyEvent = `
        - alert: {payload: yes, payload-printable: yes, tagged-packets: yes}
        - anomaly: {enabled: yes}
        - http: {extended: yes}
        - dns
        - tls: {extended: yes}
        - files: {force-magic: no, force-hash: [md5, sha1, sha256]}
        - smtp
        - ftp
        - rdp
        - nfs
        - smb
        - tftp
        - ike
        - dcerpc
        - krb5
        - bittorrent-dht
        - snmp
        - rfb
        - sip
        - quic
        - dhcp: {enabled: yes}
        - ssh
        - mqtt
        - http2
        - flow`

// suricataCommand runs Suricata as its package configures it, but for what it
// writes and what more says. One thread for all when there is to be one worker
// (single), else a reader and workers (autofp); checksums not verified (none),
// since captures of sending hosts have wrong ones.
func suricataCommand(program string, j job, more string) ([]string, error) {
	types := "[flow]"
	rules := j.rules
	switch {
	case j.everything:
		types = everyEvent
	case rules != "":
		types = "[flow, alert]"
	}
	if rules == "" {
		rules = filepath.Join(j.dir, "none.rules")
		if err := os.WriteFile(rules, nil, 0o644); err != nil {
			return nil, err
		}
	}
	stock := "/etc/suricata/suricata.yaml"
	if beside := filepath.Join(filepath.Dir(program), "etc/suricata/suricata.yaml"); filepath.IsAbs(program) {
		if _, err := os.Stat(beside); err == nil {
			stock = beside
		}
	}
	config := filepath.Join(j.dir, "suricata.yaml")
	text := fmt.Sprintf("%%YAML 1.1\n---\ninclude: %s\noutputs:\n  - eve-log:\n      enabled: yes\n      filetype: regular\n      filename: eve.json\n      community-id: true\n      types: %s\nstats: {enabled: no}\n%s",
		stock, types, more)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return nil, err
	}
	argv := []string{program, "-c", config, "-r", j.capture, "-S", rules, "-l", j.dir, "-k", "none"}
	if j.workers == 1 {
		return append(argv, "--runmode=single"), nil
	}
	// The number of workers is that of processors times this ratio.
	ratio := float64(j.workers) / float64(runtime.NumCPU())
	return append(argv, "--runmode=autofp", "--set", fmt.Sprintf("threading.detect-thread-ratio=%g", ratio)), nil
}

// version returns the first thing that looks like a version in what the
// program says of itself.
func (t tool) version() string {
	// Some exit with an error when they have shown their help.
	out, _ := exec.Command(t.program, t.asks...).CombinedOutput()
	if m := versionNumber.FindSubmatch(out); m != nil {
		return string(m[1])
	}
	return "?"
}

// versionNumber is a number with a dot, or git's name of a commit, behind a
// blank: "spanwatch v1.2.3 go1.26" is v1.2.3.
var versionNumber = regexp.MustCompile(`(?: |^)(v?[0-9]+\.[0-9]+(?:\.[0-9]+)?|[0-9a-f]{7,40}|\(devel\)|devel|dev)\b`)

// scannedBytes is the counter of spanwatch's stats event.
var scannedBytes = regexp.MustCompile(`"scanned_bytes":(\d+)`)

// eveCounts counts the events in dir/eve.json.
func eveCounts(dir string) (c counts, err error) {
	kind := []byte(`"event_type":"`)
	err = eachLine(filepath.Join(dir, "eve.json"), func(line []byte) {
		at := bytes.Index(line, kind)
		if at < 0 {
			return
		}
		c.events++
		switch name, _, _ := bytes.Cut(line[at+len(kind):], []byte(`"`)); string(name) {
		case "flow":
			c.flows++
		case "alert":
			c.alerts++
		case "stats":
			if m := scannedBytes.FindSubmatch(line); m != nil {
				c.scanned, _ = strconv.Atoi(string(m[1])) // digits
			}
		}
	})
	return c, err
}

// printedSum adds up the numbers that pattern finds in what the tool printed.
func printedSum(dir, pattern string) (int, error) {
	text, err := os.ReadFile(filepath.Join(dir, printed))
	if err != nil {
		return 0, err
	}
	found := regexp.MustCompile(pattern).FindAllSubmatch(text, -1)
	if found == nil {
		return 0, fmt.Errorf("the tool does not say how many flows it made: %q is not in its output", pattern)
	}
	sum := 0
	for _, m := range found {
		n, err := strconv.Atoi(string(m[1]))
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// eachLine calls f with every line of a file.
func eachLine(path string, f func(line []byte)) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		f(lines.Bytes())
	}
	return lines.Err()
}
