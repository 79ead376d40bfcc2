package main

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// scripts holds what the hosts do, one folder a scene.
//
//go:embed scripts
var scripts embed.FS

// hostLifetime ends every host by itself, should nothing else have ended it.
const hostLifetime = 280 * time.Second

// lab is a set of hosts that exist for one scene. Nothing of it outlives the
// recorder: hosts are anonymous namespaces that hang on one process each, and
// the kernel kills that process when the recorder dies, however it dies.
type lab struct {
	dir   string // work directory, the same path in every host
	self  string // copy of this program, to be run in hosts
	hosts []*host
	macs  int
	stop  <-chan os.Signal // tells to give up
}

// errStopped tells that the recorder was asked to end.
var errStopped = errors.New("stopped by a signal")

// host is one machine: its own network, mounts, host name and processes.
type host struct {
	lab  *lab
	name string
	init *exec.Cmd // process 1 of the host; its death ends the host
}

// task is a script running in a host.
type task struct {
	cmd    *exec.Cmd
	host   *host
	script string
	output string // file with what it printed
}

// newLab makes a lab whose files live in a new directory under parent. What
// waits in the lab gives up when stop delivers.
func newLab(parent string, stop <-chan os.Signal) (*lab, error) {
	dir, err := os.MkdirTemp(parent, "spanwatch-lab-")
	if err != nil {
		return nil, err
	}
	l := &lab{dir: dir, stop: stop}
	if err := l.unpack(); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

// unpack puts the scripts and this program where the hosts can read them. The
// program itself may be out of their sight: go run keeps it below a home
// directory, and hosts have their own.
func (l *lab) unpack() error {
	exe, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	l.self = filepath.Join(l.dir, "record")
	if err := os.WriteFile(l.self, exe, 0o755); err != nil {
		return err
	}
	return os.CopyFS(l.dir, scripts)
}

// close ends every host and removes the lab's files.
func (l *lab) close() error {
	for _, h := range l.hosts {
		if err := h.init.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("end host %s: %w", h.name, err)
		}
		_ = h.init.Wait() // it was killed: the error says only that
	}
	return os.RemoveAll(l.dir)
}

// addHost starts a machine without any interface but loopback.
func (l *lab) addHost(name string) (*host, error) {
	h := &host{lab: l, name: name}
	ready := filepath.Join(l.dir, name+".ready")
	log, err := os.Create(filepath.Join(l.dir, name+".boot.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	h.init = exec.Command("/bin/sh", filepath.Join(l.dir, "scripts", "boot.sh"), l.dir, name, strconv.Itoa(int(hostLifetime.Seconds())))
	h.init.Stdout, h.init.Stderr = log, log
	h.init.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL, // of our thread: main locks it
	}
	if err := h.init.Start(); err != nil {
		return nil, fmt.Errorf("start host %s: %w", name, err)
	}
	l.hosts = append(l.hosts, h)
	if err := l.waitForFile(ready, 10*time.Second); err != nil {
		text, _ := os.ReadFile(log.Name())
		return nil, fmt.Errorf("boot host %s: %w\n%s", name, err, text)
	}
	return h, nil
}

// connect lays a cable between interface ifA of a and ifB of b. Offloads are
// off, so that frames look in the capture as on a wire: with checksums, and no
// longer than the MTU.
func (l *lab) connect(a *host, ifA string, b *host, ifB string) error {
	l.macs++
	mac := func(side int) string { return fmt.Sprintf("02:53:57:00:%02x:%02x", l.macs, side) }
	err := command("ip", "link", "add", ifA, "address", mac(1), "netns", a.pid(), "type", "veth",
		"peer", "name", ifB, "address", mac(2), "netns", b.pid())
	if err != nil {
		return fmt.Errorf("connect %s %s to %s %s: %w", a.name, ifA, b.name, ifB, err)
	}
	for _, end := range []struct {
		h   *host
		ifc string
	}{{a, ifA}, {b, ifB}} {
		if err := end.h.sh("ethtool -K $1 tx off tso off gso off gro off sg off >/dev/null; ip link set $1 up", end.ifc); err != nil {
			return err
		}
	}
	return nil
}

// addSwitch starts a learning switch: a host whose bridge br0 all cables of
// the segment end on. A capture on br0 is a span port that mirrors every
// frame once.
func (l *lab) addSwitch(name string) (*host, error) {
	h, err := l.addHost(name)
	if err != nil {
		return nil, err
	}
	return h, h.sh(`sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
		ip link add br0 type bridge mcast_snooping 0; ip link set br0 up`)
}

// plug connects interface eth0 of h to the switch.
func (l *lab) plug(h, sw *host) error {
	port := "p-" + h.name
	if err := l.connect(sw, port, h, "eth0"); err != nil {
		return err
	}
	return sw.sh("ip link set $1 master br0", port)
}

func (h *host) pid() string { return strconv.Itoa(h.init.Process.Pid) }

// enter is a command that runs argv inside the host.
func (h *host) enter(argv ...string) *exec.Cmd {
	args := append([]string{"--target", h.pid(), "--mount", "--net", "--uts", "--ipc", "--pid", "--"}, argv...)
	cmd := exec.Command("nsenter", args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "LAB=" + h.lab.dir, "HOST=" + h.name}
	return cmd
}

// sh runs a few lines of shell in the host and waits for them.
func (h *host) sh(text string, args ...string) error {
	out, err := h.enter(append([]string{"sh", "-euc", text, h.name}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s\n%s", h.name, err, strings.TrimSpace(text), out)
	}
	return nil
}

// start runs an embedded script in the host, beside what else runs there.
func (h *host) start(script string, args ...string) (*task, error) {
	t := &task{host: h, script: script}
	t.output = filepath.Join(h.lab.dir, h.name+"."+strings.TrimSuffix(path.Base(script), ".sh")+".log")
	out, err := os.Create(t.output)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	t.cmd = h.enter(append([]string{"bash", "-eu", filepath.Join(h.lab.dir, "scripts", script)}, args...)...)
	t.cmd.Stdout, t.cmd.Stderr = out, out // files, not pipes: nothing to drain
	if err := t.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: start %s: %w", h.name, script, err)
	}
	return t, nil
}

// run is start and wait.
func (h *host) run(script string, args ...string) error {
	t, err := h.start(script, args...)
	if err != nil {
		return err
	}
	return t.wait()
}

// wait returns when the script has ended, with what it printed if it failed.
func (t *task) wait() error {
	// The script ends with its host at the latest.
	ended := func() bool {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, t.cmd.Process.Pid, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		return err != nil || info.Signo != 0
	}
	if err := t.host.lab.waitFor(2*hostLifetime, ended); err != nil {
		return err
	}
	err := t.cmd.Wait()
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %s: %w\n%s", t.host.name, t.script, err, tail(t.output, 2000))
}

// serve starts a script that makes h a server, and returns when it serves:
// the script then touches the file NAME.up.
func (l *lab) serve(h *host, script string, args ...string) error {
	up := filepath.Join(l.dir, h.name+".up")
	if err := os.Remove(up); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	t, err := h.start(script, args...)
	if err != nil {
		return err
	}
	if err := l.waitForFile(up, 15*time.Second); err != nil {
		return fmt.Errorf("%s: %s: %w\n%s", h.name, script, err, tail(t.output, 2000))
	}
	return nil
}

// command runs argv outside of any host.
func command(argv ...string) error {
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, out)
	}
	return nil
}

// waitFor asks every 20 ms until done, until patience is over, or until the
// recorder is told to stop.
func (l *lab) waitFor(patience time.Duration, done func() bool) error {
	for deadline := time.Now().Add(patience); !done(); time.Sleep(20 * time.Millisecond) {
		select {
		case <-l.stop:
			return errStopped
		default:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not ready after %v", patience)
		}
	}
	return nil
}

// waitForFile waits until a file exists.
func (l *lab) waitForFile(name string, patience time.Duration) error {
	return l.waitFor(patience, func() bool {
		_, err := os.Stat(name)
		return err == nil
	})
}

// tail returns the last n bytes of a file, for error messages.
func tail(name string, n int64) string {
	f, err := os.Open(name)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	if st, err := f.Stat(); err == nil && st.Size() > n {
		_, _ = f.Seek(-n, io.SeekEnd)
	}
	text, _ := io.ReadAll(f)
	return string(text)
}
