package main

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"spanwatch/sensor/internal/netnstest"
)

// kafkaAccounts are the numbers of the summary's line about Kafka.
type kafkaAccounts struct {
	made, recovered, delivered, spooled, dropped int
	reasons                                      map[string]int
}

var kafkaLine = regexp.MustCompile(`([\d,]+) events(?: \+ ([\d,]+) of earlier runs)? = ([\d,]+) delivered to kafka(?: \([\d,]+ by the spool\) \+ ([\d,]+) in the spool)? \+ ([\d,]+) dropped(?: \[(.*?)\])?`)

// accountsOf reads them from what the sensor said at its end.
func accountsOf(t *testing.T, said string) kafkaAccounts {
	t.Helper()
	m := kafkaLine.FindStringSubmatch(said)
	if m == nil {
		t.Fatalf("no accounts of Kafka in\n%s", said)
	}
	n := func(s string) int {
		v, _ := strconv.Atoi(strings.ReplaceAll(s, ",", "")) // empty is 0
		return v
	}
	a := kafkaAccounts{n(m[1]), n(m[2]), n(m[3]), n(m[4]), n(m[5]), map[string]int{}}
	for _, part := range strings.Split(m[6], ", ") {
		if count, why, ok := strings.Cut(part, " "); ok {
			a.reasons[why] = n(count)
		}
	}
	return a
}

// TestALiveSensorWithoutBrokerCountsOrKeepsItsEvents captures more events than
// the queue in memory holds, and lets nothing answer at the broker's address.
func TestALiveSensorWithoutBrokerCountsOrKeepsItsEvents(t *testing.T) {
	spool := t.TempDir()
	run := func(t *testing.T, flows int, settings ...string) kafkaAccounts {
		ns := netnstest.Enter(t)
		ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
		args := []string{"-i", "rx", "--kafka", "127.0.0.1:1", "--set", "flow.udp.new=1s", "--set", "events.types=flow,stats",
			"--set", "output.kafka.queue-size=1mb", "--set", "output.kafka.delivery-timeout=500ms", "--set", "output.kafka.spool-after=100ms"}
		for _, s := range settings {
			args = append(args, "--set", s)
		}
		r := startLive(t, ns, args...)
		if flows > 0 {
			s := netnstest.OpenSender(t, "tx")
			s.Send(t, netnstest.UDPFlows(flows, 100, false))
			time.Sleep(1500 * time.Millisecond)
			s.Send(t, netnstest.UDPFlows(1, 100, false)) // moves packet time on: the flows end
			time.Sleep(500 * time.Millisecond)
			r.stop(t)
		} else {
			time.Sleep(300 * time.Millisecond)
			if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			if err := r.cmd.Wait(); err != nil {
				t.Fatalf("%v\n%s", err, r.output())
			}
		}
		a := accountsOf(t, r.output())
		if a.made+a.recovered != a.delivered+a.spooled+a.dropped {
			t.Errorf("the accounts do not balance: %+v", a)
		}
		sum := 0
		for _, n := range a.reasons {
			sum += n
		}
		if sum != a.dropped {
			t.Errorf("%d dropped, the reasons add up to %d: %+v", a.dropped, sum, a)
		}
		return a
	}
	const flows = 4000
	t.Run("without a spool", func(t *testing.T) {
		// A queue that fills (queue_full) or waits out its time (unreachable): which
		// of the two takes an event depends on how fast the flows end.
		a := run(t, flows)
		if a.made < flows || a.dropped != a.made || a.reasons["queue_full"]+a.reasons["unreachable"] != a.dropped || a.reasons["unreachable"] == 0 {
			t.Errorf("got %+v, want all dropped, by a full queue or as unreachable", a)
		}
	})
	var kept int
	t.Run("with a spool", func(t *testing.T) {
		a := run(t, flows, "output.spool.dir="+spool, "output.kafka.queue-size=64mb")
		if kept = a.spooled; a.made < flows || a.spooled != a.made {
			t.Errorf("got %+v, want all in the spool", a)
		}
	})
	t.Run("and the next run has them", func(t *testing.T) {
		if a := run(t, 0, "output.spool.dir="+spool); a.recovered != kept || a.spooled != kept+a.made || kept == 0 {
			t.Errorf("got %+v, want the %d of the run before", a, kept)
		}
	})
}
