//go:build linux && (amd64 || arm64)

package bpf

import (
	"errors"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"spanwatch/decoders/decoderstest"
)

// mostVerified is how many instructions the verifier may look at in one program,
// without tunnels and with them: a start of the sensor waits for that, a microsecond
// and more each, and there are four programs an interface. They take 8,000 to 26,000,
// with tunnels up to 101,000; the kernel refuses a million.
var mostVerified = map[int]int{0: 50_000, maxTunnelDepth: 150_000}

var processed = regexp.MustCompile(`processed (\d+) insns`)

// TestProgramsAreVerifiedSoon counts the instructions that the verifier looks at. A
// loop with parsing in it, instead of calls of functions, is seen here.
func TestProgramsAreVerifiedSoon(t *testing.T) {
	if os.Geteuid() != 0 && !decoderstest.Required("bpf") {
		t.Skip("needs root to load programs into the kernel")
	}
	programs := []string{accountProgSwXdp, accountProgSwXdpFeed, accountProgSwFeed}
	if haveTCX() == nil {
		programs = append(programs, accountProgSwTcIn, accountProgSwTcOut)
	}
	for _, store := range []Store{StoreArray, StoreLRU} {
		for _, tunnels := range []int{0, maxTunnelDepth} {
			for _, window := range []time.Duration{0, time.Millisecond} {
				for _, name := range programs {
					cfg := DefaultConfig("none")
					cfg.Store, cfg.FlowsPerCPU, cfg.TunnelDepth, cfg.DuplicateWindow, cfg.Redirect = store, minFlowsPerCPU, tunnels, window, true
					n := verified(t, &cfg, name)
					t.Logf("%s, store %d, tunnels %d, duplicates %v: %d instructions", name, store, tunnels, window, n)
					if n > mostVerified[tunnels] {
						t.Errorf("%s, store %d, tunnels %d, duplicates %v: the verifier looks at %d instructions, more than %d",
							name, store, tunnels, window, n, mostVerified[tunnels])
					}
				}
			}
		}
	}
}

// verified loads a program and returns how many instructions were looked at.
func verified(t *testing.T, cfg *Config, name string) int {
	t.Helper()
	spec, err := cfg.spec(1, linkEthernet, []string{name})
	if err != nil {
		t.Fatal(err)
	}
	collection, err := ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{Programs: ebpf.ProgramOptions{LogLevel: ebpf.LogLevelStats}})
	if err != nil {
		if v := (*ebpf.VerifierError)(nil); errors.As(err, &v) {
			t.Fatalf("%s: %+v", name, v)
		}
		t.Fatal(err)
	}
	defer collection.Close()
	log := collection.Programs[name].VerifierLog
	m := processed.FindStringSubmatch(log)
	if m == nil {
		t.Fatalf("%s: no number of instructions in %q", name, log)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}
