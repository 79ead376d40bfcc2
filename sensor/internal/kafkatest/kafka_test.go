package kafkatest_test

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

// requireEnv lists what must not be skipped, for machines that are known to
// have it.
const requireEnv = "SPANWATCH_TEST_REQUIRE"

// allEnv asks for every test, also those that CI leaves out.
const allEnv = "SPANWATCH_KAFKA_ALL"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		if err := child(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if err := shared.close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// sharedBroker is the one broker that most tests use, each with topics of its
// own; starting one takes longer than most tests.
type sharedBroker struct {
	once    sync.Once
	dir     string
	cluster *kafkatest.Cluster
	err     error
}

var shared sharedBroker

func (s *sharedBroker) close() error {
	if s.cluster == nil {
		return nil
	}
	return errors.Join(s.cluster.Close(), os.RemoveAll(s.dir))
}

// single returns the shared broker.
func single(t *testing.T) *kafkatest.Cluster {
	t.Helper()
	skipUnlessWanted(t)
	shared.once.Do(func() {
		if shared.dir, shared.err = os.MkdirTemp("", "spanwatch-kafka-"); shared.err == nil {
			shared.cluster, shared.err = kafkatest.Start(context.Background(), kafkatest.Options{Dir: shared.dir})
		}
	})
	fatalOrSkip(t, shared.err)
	return shared.cluster
}

// start starts brokers for one test.
func start(t *testing.T, opt kafkatest.Options) *kafkatest.Cluster {
	t.Helper()
	skipUnlessWanted(t)
	opt.Dir = t.TempDir()
	c, err := kafkatest.Start(t.Context(), opt)
	fatalOrSkip(t, err)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// long skips tests whose faults CI tries with the whole sensor (package
// kafkafaults), or that take long.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv(allEnv) == "" {
		t.Skipf("set %s to run this too; make test-kafka does", allEnv)
	}
}

func required() bool { return strings.Contains(os.Getenv(requireEnv), "kafka") }

func skipUnlessWanted(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("real brokers take seconds to start; not with -short")
	}
}

func fatalOrSkip(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, kafkatest.ErrUnavailable) && !required() {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}
