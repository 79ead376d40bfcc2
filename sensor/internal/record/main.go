// Command record makes the captures in testdata/pcap: it builds small networks
// out of kernel namespaces, lets real clients and servers talk in them, and
// captures what passes.
//
//	scenes ─► lab: hosts (network, mount, process namespaces) on a switch
//	               │ scripts/…: daemons, people, an intruder
//	               ▼
//	          span port ─► dumpcap, tcpdump ─► testdata/pcap/*.pcap, *.pcapng
//	                                             └─► README.md, SHA256SUMS
//
// It needs root and the Debian packages of packages.go, takes less than five
// minutes, and sends nothing out of its namespaces: the hosts have no cable to
// the machine they run on. The recorder's own death, by whatever cause, ends
// the hosts and everything in them.
//
// The frames carry random content, so two recordings differ; what they show
// does not. Two of its own subcommands run inside the hosts: wire (a cable
// with delay and loss) and tunnel (encapsulations that the kernel or Open
// vSwitch may lack).
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	// The kernel kills a host when the thread that started it ends.
	runtime.LockOSThread()
	var err error
	switch {
	case len(os.Args) > 1 && os.Args[1] == "wire":
		err = runWire(os.Args[2:])
	case len(os.Args) > 1 && os.Args[1] == "tunnel":
		err = runTunnel(os.Args[2:])
	default:
		err = runRecord(os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

// runRecord is the command without subcommand.
func runRecord(args []string) error {
	flags := flag.NewFlagSet("record", flag.ExitOnError)
	dir := flags.String("dir", "testdata", "`folder` with pcap/, README.md and SHA256SUMS")
	only := flags.String("only", "", "record only these `scenes`, separated by commas")
	index := flags.Bool("index", false, "record nothing, write README.md and SHA256SUMS for the files that are there")
	install := flags.Bool("install", false, "install missing Debian packages")
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: record [flags]\n\nRecords the captures of testdata/pcap. Scenes:")
		for _, s := range scenes {
			fmt.Fprintf(flags.Output(), "  %-16s %s\n", s.name(), s.shows)
		}
		fmt.Fprintln(flags.Output(), "\nFlags:")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *index {
		return writeIndex(*dir)
	}
	if os.Geteuid() != 0 {
		return errors.New("network namespaces need root")
	}
	if err := checkTools(*install); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(*dir, "pcap"), 0o755); err != nil {
		return err
	}
	wanted := strings.FieldsFunc(*only, func(r rune) bool { return r == ',' })
	for _, name := range wanted {
		if !slices.ContainsFunc(scenes, func(s scene) bool { return s.name() == name }) {
			return fmt.Errorf("no scene is called %q", name)
		}
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	for _, s := range scenes {
		if len(wanted) > 0 && !slices.Contains(wanted, s.name()) {
			continue
		}
		start := time.Now()
		if err := s.play(filepath.Join(*dir, "pcap", s.file), stop); err != nil {
			return fmt.Errorf("scene %s: %w", s.name(), err)
		}
		fmt.Printf("%-20s %5.1f s\n", s.file, time.Since(start).Seconds())
	}
	return writeIndex(*dir)
}
