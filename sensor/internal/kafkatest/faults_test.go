package kafkatest_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/kafka"
	"spanwatch/exporter/spool"
	"spanwatch/sensor/internal/kafkatest"
)

const rate = 3000 // events a second, about 1 MB

func TestEveryCompressionArrives(t *testing.T) {
	c := single(t)
	for _, name := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		t.Run(name, func(t *testing.T) {
			cfg := config(t, c.Addrs()...)
			cfg.SpoolAfter = 20 * time.Second
			var err error
			if cfg.Compression, err = kafka.ParseCompression(name); err != nil {
				t.Fatal(err)
			}
			createTopics(t, c, cfg)
			l := newLoad(t, cfg, openSpool(t, spool.Config{}), "r1")
			l.append(2000)
			o := l.end()
			if o.total.Delivered != 2000 {
				t.Errorf("got %+v, want 2000 delivered; %v", o.total, l.reported())
			}
			if v := o.proof(t, cfg); !v.OK() {
				t.Error("Verify is not content")
			}
		})
	}
}

func TestBrokerKilledAndRestartedUnderLoad(t *testing.T) {
	c := single(t)
	for _, spooled := range []bool{true, false} {
		t.Run(fmt.Sprintf("spool %v", spooled), func(t *testing.T) {
			if spooled {
				long(t)
			}
			cfg := config(t, c.Addrs()...)
			createTopics(t, c, cfg)
			var sp *spool.Spool
			if spooled {
				sp = openSpool(t, spool.Config{})
			}
			l := newLoad(t, cfg, sp, "r1")
			l.feed(time.Second, rate)
			if err := c.Brokers[0].Kill(); err != nil {
				t.Fatal(err)
			}
			l.feed(time.Second, rate)
			if err := c.Brokers[0].Start(); err != nil {
				t.Fatal(err)
			}
			l.feed(time.Second, rate)
			if err := c.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
			l.feed(time.Second, rate)
			l.settle(60 * time.Second)
			o := l.end()
			o.noAlertLost(t)
			if o.proof(t, cfg); spooled && o.total.Stored == 0 {
				t.Error("nothing was spooled: the fault did not happen")
			}
		})
	}
}

// TestAllBrokersDownLongerThanTheQueue makes the memory queue overflow where
// there is no spool, and shows that with one nothing is lost.
func TestAllBrokersDownLongerThanTheQueue(t *testing.T) {
	long(t)
	c := single(t)
	cfg := config(t, c.Addrs()...)
	createTopics(t, c, cfg)
	without := cfg
	without.Prefix += "-without"
	createTopics(t, c, without)
	l := newLoad(t, cfg, openSpool(t, spool.Config{}), "r1")
	bare := newLoad(t, without, nil, "r1")
	if err := c.Brokers[0].Kill(); err != nil {
		t.Fatal(err)
	}
	for range 40 { // 40000 events of some 300 bytes: more than the queue of 8 MiB
		l.append(1000)
		bare.append(1000)
		time.Sleep(50 * time.Millisecond)
	}
	if err := c.Brokers[0].Start(); err != nil {
		t.Fatal(err)
	}
	if err := c.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.settle(60 * time.Second)
	bare.settle(60 * time.Second)
	o := l.end()
	o.noAlertLost(t)
	if o.proof(t, cfg); o.total.Dropped != [exporter.NumDropReasons]uint64{} {
		t.Errorf("dropped %v with a spool", o.total.Dropped)
	}
	o = bare.end()
	o.noAlertLost(t) // the queue's reserve is for them
	if o.proof(t, without); o.counts[event.TypeFlow].Dropped[exporter.DropQueueFull] == 0 {
		t.Error("the queue never overflowed: the outage was too short")
	}
}

func TestTopicMissingUntilSomebodyMakesIt(t *testing.T) {
	long(t)
	c := single(t)
	cfg := config(t, c.Addrs()...)
	l := newLoad(t, cfg, openSpool(t, spool.Config{}), "r1")
	l.feed(1500*time.Millisecond, rate)
	createTopics(t, c, cfg)
	l.feed(time.Second, rate)
	l.settle(30 * time.Second)
	o := l.end()
	o.noAlertLost(t)
	o.proof(t, cfg)
	if o.total.Stored == 0 || l.reported() == nil || !strings.Contains(l.reported().Error(), "Unknown Topic") {
		t.Errorf("spooled %d, reported %v", o.total.Stored, l.reported())
	}
}

// TestTopicDeleted deletes the flow topic under load and makes it again: what
// it held is gone by the administrator's will, all that came after is there.
func TestTopicDeleted(t *testing.T) {
	long(t)
	c := single(t)
	cfg := config(t, c.Addrs()...)
	createTopics(t, c, cfg)
	l := newLoad(t, cfg, openSpool(t, spool.Config{}), "r1")
	l.feed(time.Second, rate)
	l.settle(20 * time.Second)
	counts := l.outlet.Snapshot()
	gone := counts[event.TypeFlow].Made // all of them have been delivered
	if err := kafka.DeleteTopics(t.Context(), cfg, cfg.Prefix+".flow"); err != nil {
		t.Fatal(err)
	}
	l.feed(time.Second, rate)
	createTopics(t, c, cfg)
	l.feed(time.Second, rate)
	l.settle(30 * time.Second)
	o := l.end()
	o.noAlertLost(t)
	v := verify(t, cfg, io.Discard)
	if got, want := v.Runs[0].Records, o.total.Made-gone; got != want || v.Unordered != 0 || gone == 0 {
		t.Errorf("%d arrived, want %d = made %d - deleted %d; %d out of order", got, want, o.total.Made, gone, v.Unordered)
	}
}

func saslConfig(t *testing.T, c *kafkatest.Cluster, mechanism, user, password string) kafka.Config {
	t.Helper()
	cfg := config(t, c.Brokers[0].SASLAddr())
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.TLS = kafka.TLS{Enabled: true, CAFile: c.Authority.CAFile(), ServerName: "localhost"}
	cfg.SASL = kafka.SASL{Mechanism: mechanism, User: user, PasswordFile: secret}
	return cfg
}

func TestSASLMechanisms(t *testing.T) {
	c := single(t)
	for _, mechanism := range []string{kafka.MechanismPlain, kafka.MechanismScramSHA256, kafka.MechanismScramSHA512} {
		t.Run(mechanism, func(t *testing.T) {
			cfg := saslConfig(t, c, mechanism, kafkatest.User, "wrong")
			cfg.SpoolAfter = 2 * time.Second
			createTopics(t, c, cfg)
			l := newLoad(t, cfg, openSpool(t, spool.Config{}), "r1")
			l.append(100)
			time.Sleep(100 * time.Millisecond)
			for start := time.Now(); l.reported() == nil && time.Since(start) < 10*time.Second; {
				time.Sleep(20 * time.Millisecond)
			}
			if err := l.reported(); err == nil || strings.Contains(err.Error(), "wrong") {
				t.Errorf("reported %v: want a fault, and no password in it", err)
			}
			// The file is read again for each connection.
			if err := os.WriteFile(cfg.SASL.PasswordFile, []byte(kafkatest.Password), 0o600); err != nil {
				t.Fatal(err)
			}
			l.append(100)
			l.settle(20 * time.Second)
			o := l.end()
			o.proof(t, cfg)
		})
	}
}

func TestAuthorisationRefusedThenGrantedToTheNextProcess(t *testing.T) {
	c := single(t)
	cfg := saslConfig(t, c, kafka.MechanismPlain, kafkatest.Nobody, kafkatest.Password)
	createTopics(t, c, cfg)
	dir := t.TempDir()
	l := newLoad(t, cfg, openSpool(t, spool.Config{Dir: dir}), "r1")
	l.feed(time.Second, rate)
	first := l.end()
	first.noAlertLost(t)
	if first.total.Spooled != first.total.Made || first.left != first.total.Made {
		t.Errorf("got %+v with %d left, want all spooled", first.total, first.left)
	}
	if err := l.reported(); err == nil || !strings.Contains(strings.ToLower(err.Error()), "authorization") {
		t.Errorf("reported %v, want the missing right", err)
	}
	cfg.SASL.User = kafkatest.User
	l = newLoad(t, cfg, openSpool(t, spool.Config{Dir: dir}), "r2")
	l.settle(20 * time.Second)
	o := l.end()
	if v := verify(t, cfg, io.Discard); v.Runs[0].Records != first.total.Made || o.total.Replayed != first.total.Made || !v.OK() {
		t.Errorf("%d arrived of %d: %+v", v.Runs[0].Records, first.total.Made, v)
	}
}

func TestAnExpiredTokenIsRenewedWithoutRestart(t *testing.T) {
	c := single(t)
	cfg := config(t, c.Brokers[0].SASLAddr())
	cfg.TLS = kafka.TLS{Enabled: true, CAFile: c.Authority.CAFile(), ServerName: "localhost"}
	file := filepath.Join(t.TempDir(), "token")
	cfg.SASL = kafka.SASL{Mechanism: kafka.MechanismOAuthBearer, TokenFile: file}
	cfg.DialTimeout = 3 * time.Second
	give := func(ends time.Time) {
		if err := os.WriteFile(file, []byte(kafkatest.UnsignedToken(kafkatest.User, ends)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	give(time.Now().Add(-30 * time.Second))
	createTopics(t, c, cfg)
	l := newLoad(t, cfg, openSpool(t, spool.Config{}), "r1")
	l.append(100)
	for start := time.Now(); l.reported() == nil && time.Since(start) < 10*time.Second; {
		time.Sleep(20 * time.Millisecond)
	}
	if err := l.reported(); err == nil || !strings.Contains(err.Error(), "refuses the token") {
		t.Errorf("reported %v, want that the token is refused", err)
	}
	give(time.Now().Add(time.Hour))
	l.append(100)
	l.settle(20 * time.Second)
	o := l.end()
	if o.proof(t, cfg); o.total.Delivered != 200 {
		t.Errorf("got %+v, want 200 delivered", o.total)
	}
}

func TestExpiredCertificateIsReplacedWithoutRestart(t *testing.T) {
	c := single(t)
	cfg := config(t, c.Brokers[0].TLSAddr())
	cert, key, _, err := c.Authority.Issue(kafkatest.User, time.Now().Add(-time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	cfg.TLS = kafka.TLS{Enabled: true, CAFile: c.Authority.CAFile(), CertFile: cert, KeyFile: key, MinVersion: "1.3"}
	createTopics(t, c, cfg)
	l := newLoad(t, cfg, openSpool(t, spool.Config{}), "r1")
	l.feed(time.Second, rate)
	if err := l.reported(); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("reported %v, want something about a certificate", err)
	}
	before := l.outlet.Snapshot()
	if n := before.Total().Delivered; n != 0 {
		t.Errorf("%d delivered with an expired certificate", n)
	}
	if _, _, _, err := c.Authority.Issue(kafkatest.User, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	l.feed(time.Second, rate)
	l.settle(20 * time.Second)
	o := l.end()
	o.noAlertLost(t)
	o.proof(t, cfg)
}

func TestNetworkBlackHole(t *testing.T) {
	long(t)
	c := single(t)
	p := c.Brokers[0].Proxy
	t.Cleanup(p.Thaw)
	cfg := config(t, c.Brokers[0].ProxyAddr())
	createTopics(t, c, cfg)
	l := newLoad(t, cfg, openSpool(t, spool.Config{}), "r1")
	l.feed(time.Second, rate)
	p.Freeze()
	l.feed(6*time.Second, rate) // past RequestTimeout
	p.Thaw()
	l.feed(time.Second, rate)
	l.settle(30 * time.Second)
	o := l.end()
	o.noAlertLost(t)
	if o.proof(t, cfg); o.total.Dropped != [exporter.NumDropReasons]uint64{} || o.total.Stored == 0 {
		t.Errorf("got %+v, want some spooled and none dropped", o.total)
	}
}

func TestSlowBroker(t *testing.T) {
	long(t)
	c := single(t)
	p := c.Brokers[0].Proxy
	t.Cleanup(func() { p.Slow(0) })
	for name, slow := range map[string]func(){
		"a thin line": func() { p.Slow(150_000) },
		"a stopped process": func() {
			if err := c.Brokers[0].Pause(); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(t, c.Brokers[0].ProxyAddr())
			cfg.Compression = kafka.CompressionNone
			createTopics(t, c, cfg)
			l := newLoad(t, cfg, openSpool(t, spool.Config{}), "r1")
			l.feed(500*time.Millisecond, rate)
			slow()
			l.feed(4*time.Second, rate)
			p.Slow(0)
			if err := c.Brokers[0].Resume(); err != nil {
				t.Fatal(err)
			}
			l.settle(30 * time.Second)
			o := l.end()
			o.noAlertLost(t)
			if o.proof(t, cfg); o.total.Dropped != [exporter.NumDropReasons]uint64{} || o.total.Stored == 0 {
				t.Errorf("got %+v, want some spooled and none dropped", o.total)
			}
		})
	}
}

func TestDiskFull(t *testing.T) {
	long(t)
	c := single(t)
	p := c.Brokers[0].Proxy
	t.Cleanup(p.Thaw)
	dir := smallDisk(t)
	cfg := config(t, c.Brokers[0].ProxyAddr())
	createTopics(t, c, cfg)
	l := newLoad(t, cfg, openSpool(t, spool.Config{Dir: dir, SegmentBytes: 128 << 10}), "r1")
	l.feed(500*time.Millisecond, rate)
	p.Freeze()
	l.feed(5*time.Second, 2*rate) // some 10 MB for a disk of 2
	p.Thaw()
	l.feed(500*time.Millisecond, rate)
	l.settle(30 * time.Second)
	o := l.end()
	o.noAlertLost(t)
	for typ, n := range l.sink.Spool().Counts() {
		if typ == int(event.TypeAlert) && n.Lost != [spool.NumLosses]spool.Amount{} {
			t.Errorf("alerts were lost from the spool: %+v", n)
		}
	}
	if o.proof(t, cfg); o.lost == 0 {
		t.Error("the spool lost nothing: the disk was never full")
	}
}

// TestOldBroker runs the shortest way and one fault against the last Kafka
// with ZooKeeper in its family.
func TestOldBroker(t *testing.T) {
	c := start(t, kafkatest.Options{Version: kafkatest.Version3})
	cfg := config(t, c.Addrs()...)
	createTopics(t, c, cfg)
	l := newLoad(t, cfg, openSpool(t, spool.Config{}), "r1")
	l.feed(time.Second, rate)
	if err := c.Brokers[0].Kill(); err != nil {
		t.Fatal(err)
	}
	l.feed(500*time.Millisecond, rate)
	if err := c.Brokers[0].Start(); err != nil {
		t.Fatal(err)
	}
	l.feed(500*time.Millisecond, rate)
	l.settle(60 * time.Second)
	o := l.end()
	o.noAlertLost(t)
	o.proof(t, cfg)
}

func TestThreeNodes(t *testing.T) {
	long(t)
	c := start(t, kafkatest.Options{Nodes: 3})
	t.Run("leader killed under load", func(t *testing.T) {
		cfg := config(t, c.Addrs()...)
		createTopics(t, c, cfg)
		l := newLoad(t, cfg, openSpool(t, spool.Config{}), "r1")
		l.feed(time.Second, rate)
		if err := c.Brokers[1].Kill(); err != nil {
			t.Fatal(err)
		}
		l.feed(8*time.Second, rate/2) // past the broker's session
		l.settle(60 * time.Second)
		o := l.end()
		o.noAlertLost(t)
		if o.proof(t, cfg); o.total.Dropped != [exporter.NumDropReasons]uint64{} {
			t.Errorf("dropped %v", o.total.Dropped)
		}
		if err := c.Brokers[1].Start(); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("leader moved by a restart in order", func(t *testing.T) {
		if err := c.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		cfg := config(t, c.Addrs()...)
		createTopics(t, c, cfg)
		l := newLoad(t, cfg, openSpool(t, spool.Config{}), "r1")
		l.feed(time.Second, rate)
		stopped := make(chan error, 1)
		go func() { stopped <- c.Brokers[2].Stop(20 * time.Second) }()
		l.feed(4*time.Second, rate/2)
		if err := errors.Join(<-stopped, c.Brokers[2].Start()); err != nil {
			t.Fatal(err)
		}
		l.feed(2*time.Second, rate/2)
		l.settle(60 * time.Second)
		o := l.end()
		o.noAlertLost(t)
		if o.proof(t, cfg); o.total.Dropped != [exporter.NumDropReasons]uint64{} {
			t.Errorf("dropped %v", o.total.Dropped)
		}
	})
}
