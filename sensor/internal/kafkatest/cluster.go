package kafkatest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"spanwatch/exporter/kafka"
)

// Users of the SASL listener. Both have Password; only User may do anything.
const (
	User     = "probe"
	Nobody   = "nobody"
	Password = "secret-of-the-test"
)

// Options say what to start. Zero values stand for the defaults.
type Options struct {
	Version string // default Version4
	Nodes   int    // default 1
	Dir     string // for data, logs and certificates; must exist
	Java    []string
	// Properties are added to server.properties.
	Properties map[string]string
	// Port of the plain listener of the first broker; default any free one.
	Port int
}

// smallJava are flags for brokers that start fast and need little.
var smallJava = []string{"-Xmx256m", "-Xms96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xshare:auto"}

// Cluster is a running cluster.
type Cluster struct {
	Brokers   []*Broker
	Authority *Authority
	opt       Options
	id        string
}

// Start makes a cluster and waits until it answers. The caller must Close it.
func Start(ctx context.Context, opt Options) (*Cluster, error) {
	if opt.Version == "" {
		opt.Version = Version4
	}
	if opt.Nodes == 0 {
		opt.Nodes = 1
	}
	if opt.Java == nil {
		opt.Java = smallJava
	}
	jars, err := Jars(ctx, opt.Version, false)
	if err != nil {
		return nil, err
	}
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, fmt.Errorf("kafkatest: %w", err)
	}
	c := &Cluster{opt: opt, id: base64.RawURLEncoding.EncodeToString(random[:])}
	if c.Authority, err = NewAuthority(opt.Dir); err != nil {
		return nil, err
	}
	if err := c.prepare(ctx, jars); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	for _, b := range c.Brokers {
		if err := b.Start(); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	if err := c.Ready(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// prepare makes folders, ports, certificates and configuration of all nodes.
func (c *Cluster) prepare(ctx context.Context, jars string) error {
	ports, err := freePorts(5 * c.opt.Nodes)
	if err != nil {
		return err
	}
	_, _, keystore, err := c.Authority.Issue("broker", time.Now().Add(24*time.Hour))
	if err != nil {
		return err
	}
	for i := range c.opt.Nodes {
		p := ports[5*i:]
		b := &Broker{
			ID: i + 1, dir: filepath.Join(c.opt.Dir, fmt.Sprintf("node%d", i+1)), jars: jars, java: c.opt.Java,
			plain: p[0], quorum: p[1], behind: p[2], tls: p[3], sasl: p[4],
		}
		if i == 0 && c.opt.Port != 0 {
			b.plain = c.opt.Port
		}
		if b.Proxy, err = NewProxy(); err != nil {
			return err
		}
		b.Proxy.Serve(fmt.Sprintf("127.0.0.1:%d", b.behind))
		c.Brokers = append(c.Brokers, b)
		if err := os.MkdirAll(b.dir, 0o755); err != nil {
			return fmt.Errorf("kafkatest: %w", err)
		}
	}
	for _, b := range c.Brokers {
		if err := os.WriteFile(filepath.Join(b.dir, "server.properties"), c.properties(b, keystore), 0o600); err != nil {
			return fmt.Errorf("kafkatest: %w", err)
		}
	}
	return c.format(ctx, jars)
}

// format makes the data folder of the first node by Kafka's own tool, and the
// others from it: they differ in two lines, and a JVM costs two seconds.
func (c *Cluster) format(ctx context.Context, jars string) error {
	first := c.Brokers[0]
	args := []string{"format", "-t", c.id, "-c", filepath.Join(first.dir, "server.properties")}
	for _, mechanism := range []string{kafka.MechanismScramSHA256, kafka.MechanismScramSHA512} {
		args = append(args, "--add-scram", fmt.Sprintf("%s=[name=%s,password=%s]", mechanism, User, Password))
	}
	if out, err := command(ctx, jars, smallJava, "kafka.tools.StorageTool", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("kafkatest: format: %w\n%s", err, out)
	}
	for _, b := range c.Brokers[1:] {
		if err := copyFormat(first, b); err != nil {
			return fmt.Errorf("kafkatest: %w", err)
		}
	}
	return nil
}

func copyFormat(from, to *Broker) error {
	data := filepath.Join(from.dir, "data")
	if err := os.CopyFS(filepath.Join(to.dir, "data"), os.DirFS(data)); err != nil {
		return err
	}
	var lines []string
	text, err := os.ReadFile(filepath.Join(data, "meta.properties"))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.HasPrefix(line, "node.id="):
			lines = append(lines, fmt.Sprintf("node.id=%d\n", to.ID))
		case strings.HasPrefix(line, "directory.id="):
			var random [16]byte
			if _, err := rand.Read(random[:]); err != nil {
				return err
			}
			lines = append(lines, "directory.id="+base64.RawURLEncoding.EncodeToString(random[:])+"\n")
		default:
			lines = append(lines, line)
		}
	}
	return os.WriteFile(filepath.Join(to.dir, "data", "meta.properties"), []byte(strings.Join(lines, "")), 0o600)
}

// properties is the configuration of one node.
func (c *Cluster) properties(b *Broker, keystore string) []byte {
	var voters []string
	for _, v := range c.Brokers {
		voters = append(voters, fmt.Sprintf("%d@127.0.0.1:%d", v.ID, v.quorum))
	}
	replicas := min(3, len(c.Brokers))
	var out bytes.Buffer
	set := func(key, format string, args ...any) { fmt.Fprintf(&out, "%s=%s\n", key, fmt.Sprintf(format, args...)) }
	set("process.roles", "broker,controller")
	set("node.id", "%d", b.ID)
	set("controller.quorum.voters", "%s", strings.Join(voters, ","))
	set("controller.listener.names", "CONTROLLER")
	set("inter.broker.listener.name", "PLAIN")
	set("listeners", "PLAIN://127.0.0.1:%d,PROXIED://127.0.0.1:%d,TLS://127.0.0.1:%d,SASL://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d",
		b.plain, b.behind, b.tls, b.sasl, b.quorum)
	set("advertised.listeners", "PLAIN://127.0.0.1:%d,PROXIED://127.0.0.1:%d,TLS://127.0.0.1:%d,SASL://127.0.0.1:%d",
		b.plain, b.Proxy.Port(), b.tls, b.sasl)
	set("listener.security.protocol.map", "PLAIN:PLAINTEXT,PROXIED:PLAINTEXT,TLS:SSL,SASL:SASL_SSL,CONTROLLER:PLAINTEXT")
	set("log.dirs", "%s", filepath.Join(b.dir, "data"))

	set("num.partitions", "3")
	set("default.replication.factor", "%d", replicas)
	set("min.insync.replicas", "%d", (replicas+1)/2)
	set("offsets.topic.replication.factor", "%d", replicas)
	set("transaction.state.log.replication.factor", "%d", replicas)
	set("transaction.state.log.min.isr", "1")
	set("auto.create.topics.enable", "false")
	set("broker.session.timeout.ms", "6000") // of a killed broker, until others lead
	set("broker.heartbeat.interval.ms", "1000")
	set("initial.broker.registration.timeout.ms", "60000")
	set("num.network.threads", "2")
	set("num.io.threads", "2")
	set("num.recovery.threads.per.data.dir", "1")
	set("log.cleaner.dedupe.buffer.size", "2097152")

	set("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer")
	set("super.users", "User:ANONYMOUS;User:%s;User:CN=%s", User, User)
	set("ssl.keystore.type", "PEM")
	set("ssl.keystore.location", "%s", keystore)
	set("ssl.truststore.type", "PEM")
	set("ssl.truststore.location", "%s", c.Authority.CAFile())
	set("listener.name.tls.ssl.client.auth", "required")
	set("listener.name.sasl.sasl.enabled.mechanisms", "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER")
	set("listener.name.sasl.plain.sasl.jaas.config",
		`org.apache.kafka.common.security.plain.PlainLoginModule required user_%s="%s" user_%s="%s";`, User, Password, Nobody, Password)
	for _, mechanism := range []string{"scram-sha-256", "scram-sha-512"} {
		set("listener.name.sasl."+mechanism+".sasl.jaas.config", "org.apache.kafka.common.security.scram.ScramLoginModule required;")
	}
	// Tokens are not signed: see UnsignedToken.
	set("listener.name.sasl.oauthbearer.sasl.jaas.config",
		`org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="%s";`, User)
	for key, value := range c.opt.Properties {
		set(key, "%s", value)
	}
	return out.Bytes()
}

// freePorts returns ports that nobody listens on at the moment.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("kafkatest: %w", err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// Addrs are the plain listeners.
func (c *Cluster) Addrs() (list []string) {
	for _, b := range c.Brokers {
		list = append(list, b.Addr())
	}
	return list
}

// Ready waits until the cluster makes topics, which it does when all brokers
// that its default replication needs are there.
func (c *Cluster) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	for {
		err := kafka.CreateTopics(ctx, kafka.Config{Brokers: c.Addrs(), Prefix: "ready", RequestTimeout: 5 * time.Second}, 1, len(c.Brokers))
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			log, readErr := os.ReadFile(c.Brokers[0].Log())
			return errors.Join(fmt.Errorf("kafkatest: not ready: %w\n%s", err, log[max(0, len(log)-4000):]), readErr)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// Close kills all brokers.
func (c *Cluster) Close() error {
	var faults []error
	for _, b := range c.Brokers {
		faults = append(faults, b.Kill())
		b.Proxy.Close()
	}
	return errors.Join(faults...)
}
