package kafkatest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Broker is one node of a cluster, controller and broker in one.
type Broker struct {
	ID     int
	Proxy  *Proxy
	dir    string
	jars   string
	java   []string // flags
	plain  int
	quorum int
	behind int // the listener that the proxy forwards to
	tls    int
	sasl   int

	cmd   *exec.Cmd
	alive io.Closer // the broker dies when this is closed
	pid   int
}

// Addr is the plain listener.
func (b *Broker) Addr() string { return "127.0.0.1:" + strconv.Itoa(b.plain) }

// ProxyAddr is the listener behind the proxy.
func (b *Broker) ProxyAddr() string { return "127.0.0.1:" + strconv.Itoa(b.Proxy.Port()) }

// TLSAddr is the listener that wants a client certificate.
func (b *Broker) TLSAddr() string { return "127.0.0.1:" + strconv.Itoa(b.tls) }

// SASLAddr is the listener that wants a name and a password, over TLS.
func (b *Broker) SASLAddr() string { return "127.0.0.1:" + strconv.Itoa(b.sasl) }

// Pid is the process id of the Java process.
func (b *Broker) Pid() int { return b.pid }

// Log is the file of the broker's output.
func (b *Broker) Log() string { return filepath.Join(b.dir, "broker.log") }

// command is Java with a main class.
func command(ctx context.Context, jars string, flags []string, class string, args ...string) *exec.Cmd {
	all := append([]string{"-cp", filepath.Join(jars, "*")}, flags...)
	all = append(all, class)
	return exec.CommandContext(ctx, "java", append(all, args...)...)
}

// keeper starts the program given as arguments and kills it when its own
// standard input ends, which happens at the latest when the process at the
// other end is no more. It prints the program's process id.
const keeper = `log=$1; shift; "$@" >>"$log" 2>&1 </dev/null & echo $!; read _; kill -9 $! 2>/dev/null; wait`

// Start runs the broker. It does not wait until the broker answers.
func (b *Broker) Start() error {
	java := command(context.Background(), b.jars, b.java, "kafka.Kafka", filepath.Join(b.dir, "server.properties"))
	b.cmd = exec.Command("sh", append([]string{"-c", keeper, "sh", b.Log()}, java.Args...)...)
	in, err := b.cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("kafkatest: %w", err)
	}
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("kafkatest: %w", err)
	}
	if err := b.cmd.Start(); err != nil {
		return fmt.Errorf("kafkatest: %w", err)
	}
	b.alive = in
	line, err := bufio.NewReader(out).ReadString('\n')
	if err == nil {
		b.pid, err = strconv.Atoi(strings.TrimSpace(line))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("kafkatest: %w", err), b.Kill())
	}
	return nil
}

// Kill ends the broker by SIGKILL and waits until it is gone.
func (b *Broker) Kill() error {
	if b.cmd == nil {
		return nil
	}
	b.alive.Close() // the keeper does the rest
	err := b.cmd.Wait()
	b.cmd, b.pid = nil, 0
	if err != nil && !errors.As(err, new(*exec.ExitError)) { // its status is that of the killed one
		return fmt.Errorf("kafkatest: %w", err)
	}
	return nil
}

// Stop ends the broker as an administrator does: it hands its leaderships over
// first.
func (b *Broker) Stop(patience time.Duration) error {
	if b.cmd == nil {
		return nil
	}
	if err := syscall.Kill(b.pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("kafkatest: %w", err)
	}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", b.pid))
		if err != nil || strings.Contains(string(state), ") Z ") {
			break
		}
	}
	return b.Kill()
}

// Pause and Resume stop and continue the process, as a machine that swaps or a
// virtual machine that moves does.
func (b *Broker) Pause() error { return syscall.Kill(b.pid, syscall.SIGSTOP) }

// Resume ends Pause.
func (b *Broker) Resume() error { return syscall.Kill(b.pid, syscall.SIGCONT) }
