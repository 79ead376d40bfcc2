package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// suricataEnv names another Suricata than the one in .cache: a program, or the
// root of a Debian system with one.
const suricataEnv = "SPANWATCH_SURICATA"

// oracle is an installed Suricata.
type oracle struct {
	command []string // program and its first arguments
	root    string   // of the system that it belongs to: "" or "/" is this one
	version string

	parallel int // processes at once; 0 is one
}

var errNoSuricata = errors.New("no Suricata 8")

// findSuricata returns the Suricata at place: a program, or the root of a
// system. The programs of another Debian system run on this one's files when
// its own loader and libraries are used, so that no chroot is needed.
func findSuricata(place string) (*oracle, error) {
	o := &oracle{}
	info, err := os.Stat(place)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errNoSuricata, err)
	case !info.IsDir():
		o.command = []string{place}
		if root := filepath.Dir(place); exists(filepath.Join(root, "usr/bin/suricata")) {
			o.root = root
		}
	default:
		o.root = place
		loaders, _ := filepath.Glob(filepath.Join(place, "lib*/ld-linux-*.so.*"))
		libraries, _ := filepath.Glob(filepath.Join(place, "usr/lib/*-linux-gnu"))
		program := filepath.Join(place, "usr/bin/suricata")
		if len(loaders) == 0 || len(libraries) == 0 || !exists(program) {
			return nil, fmt.Errorf("%w in %s", errNoSuricata, place)
		}
		o.command = []string{loaders[0], "--library-path", libraries[0], program}
	}
	said, err := exec.Command(o.command[0], append(o.command[1:], "-V")...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w\n%s", errNoSuricata, place, err, said)
	}
	m := regexp.MustCompile(`version (\S+)`).FindSubmatch(said)
	if m == nil {
		return nil, fmt.Errorf("%w: %s says %q", errNoSuricata, place, said)
	}
	o.version = string(m[1])
	return o, nil
}

// installSuricata makes a Debian system with Suricata in dir: sid has 8.
func installSuricata(ctx context.Context, dir string) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("debootstrap needs root; as root it installs Suricata into %s, or let %s name one", dir, suricataEnv)
	}
	dir, err := filepath.Abs(dir) // debootstrap changes its directory
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, argv := range [][]string{
		{".ci/deps", "oracle"},
		{"debootstrap", "--variant=minbase", "--include=suricata", "sid", dir, "http://deb.debian.org/debian"},
	} {
		fmt.Fprintln(os.Stderr, "diffsuricata:", argv)
		if said, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", argv[0], err, tail(said))
		}
	}
	return nil
}

// tail is the end of what a program said.
func tail(said []byte) []byte { return said[max(0, len(said)-2000):] }

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// refusal is a rule that Suricata does not load: by the line of the file.
var refusal = regexp.MustCompile(`error parsing signature .* from file .* at line (\d+)`)

// run replays captures with one set of rules and leaves eve.json in the folder
// that goes with each. refused are the lines of the rule file that do not load.
//
// With fresh each capture has a process of its own; otherwise one process takes
// them all, which is far cheaper with many rules, but remembers thresholds and
// bits of hosts from one capture to the next.
func (o *oracle) run(ctx context.Context, config []byte, checksums, rules string, captures, out []string, fresh bool) (refused map[int]bool, err error) {
	shards := min(max(1, o.parallel), len(captures))
	type answer struct {
		refused map[int]bool
		err     error
	}
	answers := make([]answer, shards)
	var wait sync.WaitGroup
	for k := range shards {
		from, to := k*len(captures)/shards, (k+1)*len(captures)/shards
		wait.Go(func() {
			a := &answers[k]
			a.refused, a.err = o.replay(ctx, config, checksums, rules, captures[from:to], out[from:to], fresh)
		})
	}
	wait.Wait()
	for i := range answers {
		if answers[i].err != nil {
			return nil, answers[i].err
		}
	}
	return answers[0].refused, nil
}

// replay is run for captures one after another.
func (o *oracle) replay(ctx context.Context, config []byte, checksums, rules string, captures, out []string, fresh bool) (refused map[int]bool, err error) {
	dir, err := os.MkdirTemp("", "diffsuricata")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "suricata.yaml")
	if err := os.WriteFile(path, config, 0o644); err != nil {
		return nil, err
	}
	// One thread and no random sizes, so that a second run says the same.
	argv := append(o.command[1:len(o.command):len(o.command)], "-c", path, "-S", rules, "-k", checksums, "--runmode=single", "--no-random")
	var said bytes.Buffer
	if fresh || len(captures) == 1 {
		for i := range captures {
			data := filepath.Join(dir, fmt.Sprint(i))
			if err := os.Mkdir(data, 0o755); err != nil {
				return nil, err
			}
			if err = o.start(ctx, append(argv[:len(argv):len(argv)], "--data-dir", data, "-r", captures[i], "-l", out[i]), &said).Run(); err != nil {
				break
			}
		}
	} else {
		err = o.serve(ctx, append(argv, "--data-dir", dir, "-l", dir, "--unix-socket="+filepath.Join(dir, "socket")), filepath.Join(dir, "socket"), &said, captures, out)
	}
	if err != nil {
		return nil, fmt.Errorf("suricata: %w\n%s", err, tail(said.Bytes()))
	}
	refused = map[int]bool{}
	for _, m := range refusal.FindAllSubmatch(said.Bytes(), -1) {
		line, _ := strconv.Atoi(string(m[1]))
		refused[line] = true
	}
	return refused, nil
}

func (o *oracle) start(ctx context.Context, argv []string, said *bytes.Buffer) *exec.Cmd {
	cmd := exec.CommandContext(ctx, o.command[0], argv...)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	cmd.Stdout, cmd.Stderr = said, said
	return cmd
}

// serve has one process replay many captures, each from a fresh state: loading
// a large rule set takes far longer than most captures.
func (o *oracle) serve(ctx context.Context, argv []string, socket string, said *bytes.Buffer, captures, out []string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := o.start(ctx, argv, said)
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	c, err := dial(ctx, socket, ended)
	if err != nil {
		return err
	}
	defer c.Close()
	for i := range captures {
		file, err := filepath.Abs(captures[i])
		if err != nil {
			return err
		}
		dir, err := filepath.Abs(out[i])
		if err != nil {
			return err
		}
		if _, err := c.command("pcap-file", map[string]any{"filename": file, "output-dir": dir}); err != nil {
			return err
		}
	}
	for {
		select {
		case err := <-ended:
			return fmt.Errorf("it ended before all captures were done: %w", err)
		case <-time.After(200 * time.Millisecond):
		}
		waiting, err := c.command("pcap-file-number", nil)
		if err != nil {
			return err
		}
		current, err := c.command("pcap-current", nil)
		if err != nil {
			return err
		}
		if string(waiting) == "0" && string(current) == `"None"` {
			break
		}
	}
	if _, err := c.command("shutdown", nil); err != nil {
		return err
	}
	return <-ended
}

// controller talks to the command socket: JSON objects, one answer for each.
type controller struct {
	net.Conn
	answers *json.Decoder
}

// dial waits for the socket, which is there when the rules have been loaded.
func dial(ctx context.Context, socket string, ended <-chan error) (*controller, error) {
	for {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			c := &controller{Conn: conn, answers: json.NewDecoder(conn)}
			return c, c.say(map[string]any{"version": "0.2"}, nil)
		}
		select {
		case err := <-ended:
			return nil, fmt.Errorf("it did not start: %w", err)
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (c *controller) command(name string, arguments map[string]any) (json.RawMessage, error) {
	request := map[string]any{"command": name}
	if arguments != nil {
		request["arguments"] = arguments
	}
	var message json.RawMessage
	return message, c.say(request, &message)
}

func (c *controller) say(request map[string]any, message *json.RawMessage) error {
	if err := json.NewEncoder(c).Encode(request); err != nil {
		return err
	}
	var answer struct {
		Return  string          `json:"return"`
		Message json.RawMessage `json:"message"`
	}
	if err := c.answers.Decode(&answer); err != nil {
		return err
	}
	if answer.Return != "OK" {
		return fmt.Errorf("%v: %s", request, answer.Message)
	}
	if message != nil {
		*message = answer.Message
	}
	return nil
}
