package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"spanwatch/sensor/internal/kafkatest"
)

// Environment: what must not be skipped, and whether faults that take long are
// tried too.
const (
	requireEnv = "SPANWATCH_TEST_REQUIRE"
	allEnv     = "SPANWATCH_KAFKA_ALL"
)

// The program and the brokers are those of all tests.
var common struct {
	once  sync.Once
	dir   string
	bench *bench
	err   error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if common.bench != nil {
		if err := errors.Join(common.bench.close(), os.RemoveAll(common.dir)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// shared returns the program and a broker.
func shared(t *testing.T) *bench {
	t.Helper()
	if testing.Short() {
		t.Skip("real brokers take seconds to start; not with -short")
	}
	common.once.Do(func() {
		ctx := context.Background()
		if common.dir, common.err = os.MkdirTemp("", "spanwatch-faults-"); common.err != nil {
			return
		}
		if common.bench, common.err = newBench(ctx, common.dir); common.err == nil {
			_, common.err = common.bench.cluster(ctx, 1)
		}
	})
	if errors.Is(common.err, kafkatest.ErrUnavailable) && !strings.Contains(os.Getenv(requireEnv), "kafka") {
		t.Skip(common.err)
	}
	if common.err != nil {
		t.Fatal(common.err)
	}
	return common.bench
}

// TestFaultsOfTheWholeSensor tries the faults against real brokers.
func TestFaultsOfTheWholeSensor(t *testing.T) {
	b := shared(t)
	t.Log(strings.ReplaceAll(heading, "\t", " | "))
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			if !f.short && os.Getenv(allEnv) == "" {
				t.Skipf("set %s to try this fault too; make test-kafka does", allEnv)
			}
			if f.lossy && os.Geteuid() != 0 && !strings.Contains(os.Getenv(requireEnv), "kafka") {
				t.Skip("a small disk needs root")
			}
			o := b.try(t.Context(), &f)
			t.Log(strings.ReplaceAll(o.row(&f), "\t", " | "))
			for _, what := range o.wrong {
				t.Error(what)
			}
		})
	}
}

func TestScrapesAreReadAndAddedUp(t *testing.T) {
	s := parseScrape(strings.NewReader(`# HELP spanwatch_x y
spanwatch_export_made_events_total{sink="kafka",type="alert"} 3
spanwatch_export_made_events_total{sink="kafka",type="flow"} 4
spanwatch_export_made_events_total{sink="file",type="flow"} 5
spanwatch_accounting_balance{equation="spool"} -2
process_resident_memory_bytes 1e+06
`))
	if got := s.sum("export_made_events_total", "sink", "kafka"); got != 7 {
		t.Errorf("kafka: got %v, want 7", got)
	}
	if got := s.sum("export_made_events_total", "sink", "file", "type", "flow"); got != 5 {
		t.Errorf("file: got %v, want 5", got)
	}
	if got := s.sum("accounting_balance"); got != -2 || len(s) != 5 {
		t.Errorf("got %v in %d series", got, len(s))
	}
}
