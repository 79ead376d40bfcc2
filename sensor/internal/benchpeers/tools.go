package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// tool is a program that makes flow records.
type tool struct {
	name    string
	program string
	debian  string // package with it; empty for ours
	suite   string // when not the installed release
	detects bool   // takes Suricata's rules
	threads bool   // worth to tell its worker thread from its other threads
	asks    []string
	// command returns what to run: it reads capture and writes into dir.
	command func(capture, rules, dir string) ([]string, error)
	// flows counts the flow records that a run left in dir, or says it printed.
	flows func(dir string) (int, error)
}

// sinkPort is where softflowd exports to. Nobody needs to listen, but somebody
// does (measure), so that it is not told so by ICMP.
const sinkPort = "39995"

// allTools in the order of the table. The commands were tried with Debian 12:
// Suricata 7.0.10 (backports), softflowd 1.1.0, nfdump 1.7.1, tshark 4.0.17.
func allTools() []tool {
	return []tool{
		{
			name: "spanwatch", program: "bin/spanwatch", detects: true, asks: []string{"version"},
			command: func(capture, rules, dir string) ([]string, error) {
				argv := []string{"bin/spanwatch", "replay", capture, "-o", dir, "--quiet", "--workers", "1", "--set", "events.types=flow"}
				if rules != "" {
					argv = append(argv[:len(argv)-1], "events.types=flow,alert", "-r", rules)
				}
				return argv, nil
			},
			flows: eveFlows,
		},
		{
			name: "suricata", program: "suricata", debian: "suricata", suite: "bookworm-backports", detects: true, threads: true, asks: []string{"-V"},
			command: suricataCommand,
			flows:   eveFlows,
		},
		{
			name: "softflowd", program: "softflowd", debian: "softflowd", asks: []string{"-h"},
			command: func(capture, _, _ string) ([]string, error) {
				// -d: stay in the foreground; -m: as many flows as there are.
				return []string{"softflowd", "-d", "-r", capture, "-v", "9", "-m", "4000000", "-n", "127.0.0.1:" + sinkPort}, nil
			},
			flows: func(dir string) (int, error) { return printedSum(dir, `Flows exported: (\d+)`) },
		},
		{
			name: "nfpcapd", program: "nfpcapd", debian: "nfdump", asks: []string{"-V"},
			command: func(capture, _, dir string) ([]string, error) {
				return []string{"nfpcapd", "-r", capture, "-w", dir}, nil
			},
			// It counts directions (two of its flows make one of the others'),
			// and prints a sum for every file that it fills.
			flows: func(dir string) (int, error) {
				n, err := printedSum(dir, `Ident: .* Flows: (\d+),`)
				return (n + 1) / 2, err
			},
		},
		{
			name: "tshark", program: "tshark", debian: "tshark", asks: []string{"--version"},
			command: func(capture, _, _ string) ([]string, error) {
				// -n: no name look-ups; -q: no line per packet.
				return []string{"tshark", "-n", "-q", "-r", capture, "-z", "conv,tcp", "-z", "conv,udp"}, nil
			},
			flows: func(dir string) (int, error) {
				return countLines(filepath.Join(dir, printed), []byte("<->"))
			},
		},
	}
}

// suricataCommand runs Suricata as its package configures it, but for what it
// writes. One thread for all (single), checksums not verified (none), since
// captures of sending hosts have wrong ones.
func suricataCommand(capture, rules, dir string) ([]string, error) {
	types := "[flow]"
	if rules == "" {
		rules = filepath.Join(dir, "none.rules")
		if err := os.WriteFile(rules, nil, 0o644); err != nil {
			return nil, err
		}
	} else {
		types = "[flow, alert]"
	}
	config := filepath.Join(dir, "suricata.yaml")
	text := fmt.Sprintf(`%%YAML 1.1
---
include: /etc/suricata/suricata.yaml
outputs:
  - eve-log: {enabled: yes, filetype: regular, filename: eve.json, types: %s}
stats: {enabled: no}
`, types)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return nil, err
	}
	return []string{"suricata", "-c", config, "-r", capture, "-S", rules, "-l", dir, "-k", "none", "--runmode=single"}, nil
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

// eveFlows counts flow events in dir/eve.json.
func eveFlows(dir string) (int, error) {
	return countLines(filepath.Join(dir, "eve.json"), []byte(`"event_type":"flow"`))
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

// countLines counts the lines of a file that contain what.
func countLines(path string, what []byte) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	n := 0
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if bytes.Contains(lines.Bytes(), what) {
			n++
		}
	}
	return n, lines.Err()
}
