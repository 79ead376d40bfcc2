package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"spanwatch/exporter/kafka"
	"spanwatch/sensor/internal/kafkatest"
)

// fault is one thing that goes wrong. The zero value of a member means the
// usual: one broker, reached directly, topics that exist, nothing lost.
type fault struct {
	name  string
	short bool // CI tries it
	nodes int
	addr  func(b *kafkatest.Broker) string
	args  func(sc *scene) []string // of the first run
	again func(sc *scene) []string // of the second run, in place of args

	noTopics bool // the fault makes them itself
	blind    bool // nothing is delivered before the fault
	strike   func(ctx context.Context, sc *scene) error
	late     bool                                       // heal comes after the first run
	heal     func(ctx context.Context, sc *scene) error // also called when strike fails
	kills    bool                                       // strike ends the sensor by SIGKILL

	says    string // what people are told
	unused  bool   // the spool need not have been used
	lossy   bool   // records other than alerts may be dropped, counted
	deleted string // event type whose topic loses what it had
}

// scene is a fault in the course of being tried.
type scene struct {
	b       *bench
	cluster *kafkatest.Cluster
	dir     string
	prefix  string
	sensor  *sensor
	last    scrape // of a sensor that was killed
}

func (sc *scene) broker() *kafkatest.Broker { return sc.cluster.Brokers[0] }

func (sc *scene) spool() string { return filepath.Join(sc.dir, "spool") }

func (sc *scene) config() kafka.Config {
	return kafka.Config{Brokers: sc.cluster.Addrs(), Prefix: sc.prefix, RequestTimeout: 20 * time.Second}
}

func (sc *scene) createTopics(ctx context.Context) error {
	const partitions = 3
	return kafka.CreateTopics(ctx, sc.config(), partitions, -1)
}

func proxied(b *kafkatest.Broker) string { return b.ProxyAddr() }

// wait lets the sensor live with the fault.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func restart(ctx context.Context, sc *scene) error {
	for _, b := range sc.cluster.Brokers {
		if b.Pid() == 0 {
			if err := b.Start(); err != nil {
				return err
			}
		}
	}
	return sc.cluster.Ready(ctx)
}

func killAll(_ context.Context, sc *scene) (err error) {
	for _, b := range sc.cluster.Brokers {
		err = errors.Join(err, b.Kill())
	}
	return err
}

func freeze(_ context.Context, sc *scene) error { sc.broker().Proxy.Freeze(); return nil }
func thaw(_ context.Context, sc *scene) error   { sc.broker().Proxy.Thaw(); return nil }

func killSensor(_ context.Context, sc *scene) (err error) {
	sc.last, err = sc.sensor.kill()
	return err
}

// after waits between two steps.
func after(d time.Duration, steps ...func(context.Context, *scene) error) func(context.Context, *scene) error {
	return func(ctx context.Context, sc *scene) error {
		for i, step := range steps {
			if i > 0 {
				if err := wait(ctx, d); err != nil {
					return err
				}
			}
			if err := step(ctx, sc); err != nil {
				return err
			}
		}
		return nil
	}
}

func nothing(context.Context, *scene) error { return nil }

var faults = []fault{
	{
		name: "none", short: true, strike: nothing, unused: true,
	},
	{
		name: "broker SIGKILLed and restarted", short: true, strike: after(2*time.Second, killAll, restart), heal: restart,
	},
	{
		name: "leader SIGKILLed, others take over", nodes: 3, unused: true,
		strike: func(_ context.Context, sc *scene) error { return sc.cluster.Brokers[1].Kill() }, late: true, heal: restart,
	},
	{
		name: "leader moved by a restart in order", nodes: 3, unused: true,
		strike: after(time.Second, func(_ context.Context, sc *scene) error { return sc.cluster.Brokers[2].Stop(20 * time.Second) }, nothing), heal: restart,
	},
	{
		name: "all brokers down for longer than the queue", short: true,
		args:   func(*scene) []string { return set("output.kafka.queue-size=1048576") },
		strike: killAll, late: true, heal: restart,
	},
	{
		name: "topics missing", noTopics: true, blind: true, says: "Unknown Topic",
		strike: after(3*time.Second, nothing, func(ctx context.Context, sc *scene) error { return sc.createTopics(ctx) }),
	},
	{
		name: "topic deleted and made again", deleted: "dns",
		strike: after(2*time.Second, func(ctx context.Context, sc *scene) error {
			return kafka.DeleteTopics(ctx, sc.config(), sc.prefix+".dns")
		}, func(ctx context.Context, sc *scene) error { return sc.createTopics(ctx) }),
	},
	{
		name: "authorisation refused until the next run", short: true, addr: func(b *kafkatest.Broker) string { return b.SASLAddr() },
		args:  func(sc *scene) []string { return sc.sasl(kafkatest.Nobody) },
		again: func(sc *scene) []string { return sc.sasl(kafkatest.User) },
		blind: true, strike: nothing, says: "authoriz",
	},
	{
		name: "certificate expired, then renewed", addr: func(b *kafkatest.Broker) string { return b.TLSAddr() }, blind: true, says: "certificate",
		args: func(sc *scene) []string {
			cert, key, _, err := sc.cluster.Authority.Issue(kafkatest.User, time.Now().Add(-time.Minute))
			if err != nil {
				return []string{err.Error()}
			}
			return set("output.kafka.tls.enabled=true", "output.kafka.tls.ca-file="+sc.cluster.Authority.CAFile(),
				"output.kafka.tls.cert-file="+cert, "output.kafka.tls.key-file="+key)
		},
		strike: after(3*time.Second, nothing, func(_ context.Context, sc *scene) error {
			_, _, _, err := sc.cluster.Authority.Issue(kafkatest.User, time.Now().Add(time.Hour))
			return err
		}),
	},
	{
		name: "network black hole", short: true, addr: proxied, strike: after(4*time.Second, freeze, thaw), heal: thaw,
	},
	{
		name: "slow line", addr: proxied, args: func(*scene) []string { return set("output.kafka.compression=none") },
		strike: after(4*time.Second, func(_ context.Context, sc *scene) error { sc.broker().Proxy.Slow(100_000); return nil }, nothing),
		heal:   func(_ context.Context, sc *scene) error { sc.broker().Proxy.Slow(0); return nil },
	},
	{
		name: "broker stopped (SIGSTOP)", addr: proxied,
		strike: after(4*time.Second, func(_ context.Context, sc *scene) error { return sc.broker().Pause() }, nothing),
		heal:   func(_ context.Context, sc *scene) error { return sc.broker().Resume() },
	},
	{
		name: "disk of the spool full", short: true, addr: proxied, lossy: true,
		args: func(sc *scene) []string {
			return set("output.spool.segment-size=65536", "events.types=alert,dns,flow", "output.kafka.compression=none")
		},
		strike: after(4*time.Second, freeze, thaw), heal: thaw,
	},
	{
		name: "sensor SIGKILLed in the middle", addr: proxied, kills: true,
		strike: after(1500*time.Millisecond, freeze, killSensor), heal: thaw,
	},
	{
		name: "sensor SIGKILLed at the onset of a fault", short: true, addr: proxied, kills: true, unused: true,
		strike: after(400*time.Millisecond, freeze, killSensor), heal: thaw,
	},
	{
		name: "sensor SIGKILLed while all is well", kills: true, unused: true,
		strike: after(1500*time.Millisecond, nothing, killSensor),
	},
}

// set makes --set options.
func set(settings ...string) (args []string) {
	for _, s := range settings {
		args = append(args, "--set", s)
	}
	return args
}

// sasl are the settings for a user of the SASL listener.
func (sc *scene) sasl(user string) []string {
	secret := filepath.Join(sc.dir, "password")
	if err := os.WriteFile(secret, []byte(kafkatest.Password+"\n"), 0o600); err != nil {
		return []string{err.Error()}
	}
	return set("output.kafka.tls.enabled=true", "output.kafka.tls.ca-file="+sc.cluster.Authority.CAFile(), "output.kafka.tls.server-name=localhost",
		"output.kafka.sasl.mechanism=PLAIN", "output.kafka.sasl.user="+user, "output.kafka.dial-timeout=5s", "output.kafka.sasl.password-file="+secret)
}

// smallDisk makes the spool's folder a file system of 1 MiB.
func smallDisk(dir string) (unmount func() error, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=1m"); err != nil {
		return nil, fmt.Errorf("mounting a small disk needs root: %w", err)
	}
	return func() error { return syscall.Unmount(dir, syscall.MNT_DETACH) }, nil
}
