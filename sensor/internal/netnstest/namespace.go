//go:build linux

package netnstest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Namespace is a network namespace that ends with the test. Its methods may be
// called from any goroutine.
type Namespace struct {
	file *os.File
}

// Require skips the test if it cannot have namespaces: only root has, and `ip`
// must be installed.
func Require(t testing.TB) {
	t.Helper()
	err := probe()
	if err == nil {
		return
	}
	if slices.Contains(strings.Split(os.Getenv("SPANWATCH_TEST_REQUIRE"), ","), "netns") {
		t.Fatalf("SPANWATCH_TEST_REQUIRE demands network namespaces: %v", err)
	}
	t.Skipf("no network namespaces: %v", err)
}

func probe() error {
	if _, err := exec.LookPath("ip"); err != nil {
		return err
	}
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			failed <- fmt.Errorf("unshare: %w", err)
			return
		}
		failed <- nil
	}()
	return <-failed
}

// New makes a namespace without entering it.
func New(t testing.TB) *Namespace {
	t.Helper()
	Require(t)
	type made struct {
		ns  *Namespace
		err error
	}
	result := make(chan made)
	go func() {
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			result <- made{err: err}
			return
		}
		file, err := threadNamespace()
		result <- made{&Namespace{file: file}, err}
	}()
	m := <-result
	if m.err != nil {
		t.Fatalf("new network namespace: %v", m.err)
	}
	t.Cleanup(func() { m.ns.file.Close() })
	m.ns.IP(t, "link", "set", "lo", "up")
	return m.ns
}

// Enter makes a namespace and moves the calling goroutine into it, locked to its
// thread, until the test ends. Goroutines that it starts, and with them
// subtests, are not inside: see Go and Do.
func Enter(t testing.TB) *Namespace {
	t.Helper()
	ns := New(t)
	runtime.LockOSThread()
	home, err := threadNamespace()
	if err == nil {
		err = ns.set()
	}
	if err != nil {
		t.Fatalf("enter the network namespace: %v", err)
	}
	t.Cleanup(func() {
		defer home.Close()
		if err := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); err != nil {
			t.Errorf("leave the network namespace: %v", err) // and keep the thread locked, so that it ends
			return
		}
		runtime.UnlockOSThread()
	})
	return ns
}

func threadNamespace() (*os.File, error) {
	return os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
}

func (ns *Namespace) set() error { return unix.Setns(int(ns.file.Fd()), unix.CLONE_NEWNET) }

// Go runs f inside the namespace on a thread of its own. The result waits for
// its end and returns its error. f must not call t.Fatal.
func (ns *Namespace) Go(f func() error) (wait func() error) {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if err := ns.set(); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	return func() error { return <-done }
}

// Do runs f inside the namespace and waits for it.
func (ns *Namespace) Do(t testing.TB, f func() error) {
	t.Helper()
	if err := ns.Go(f)(); err != nil {
		t.Fatal(err)
	}
}

// IP runs the command `ip` inside the namespace and returns what it prints.
func (ns *Namespace) IP(t testing.TB, args ...string) string {
	t.Helper()
	return ns.Command(t, "ip", args...)
}

// Command runs a command inside the namespace and returns what it prints.
func (ns *Namespace) Command(t testing.TB, name string, args ...string) string {
	t.Helper()
	var out []byte
	err := ns.Go(func() (err error) {
		out, err = exec.Command(name, args...).CombinedOutput()
		return err
	})()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// Pair says what veth pair to make.
type Pair struct {
	A, B string
	// Other is where B lives; nil is the namespace of A.
	Other *Namespace
	// MTU of both in bytes; 0 leaves the 1500 of the kernel.
	MTU int
}

// Veth makes a pair of interfaces, each of which receives what the other sends,
// and sets them up. Nothing but what is sent by the test passes them.
func (ns *Namespace) Veth(t testing.TB, p Pair) {
	t.Helper()
	other := ns
	if p.Other != nil {
		other = p.Other
	}
	// The second side is made in its namespace at once: moving it there later
	// would make it another interface to those who watch.
	ns.IP(t, "link", "add", "name", p.A, "type", "veth", "peer", "name", p.B, "netns", other.path())
	for _, side := range []struct {
		ns   *Namespace
		name string
	}{{ns, p.A}, {other, p.B}} {
		side.ns.silence(t, side.name)
		if p.MTU != 0 {
			side.ns.IP(t, "link", "set", "dev", side.name, "mtu", fmt.Sprint(p.MTU))
		}
		side.ns.IP(t, "link", "set", "dev", side.name, "arp", "off", "multicast", "off", "up")
	}
}

// silence keeps the kernel from sending router solicitations and the like.
func (ns *Namespace) silence(t testing.TB, name string) {
	t.Helper()
	ns.IP(t, "link", "set", "dev", name, "addrgenmode", "none")
}

// path names the namespace to other processes, for as long as this one lives.
func (ns *Namespace) path() string {
	return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), ns.file.Fd())
}

// Direction counts what passed an interface one way, since it was made.
type Direction struct {
	Packets, Bytes, Errors, Dropped uint64
}

// Counters are what `ip -s link` says of an interface.
type Counters struct {
	RX, TX Direction
}

// Counters reads the counters of an interface.
func (ns *Namespace) Counters(t testing.TB, name string) Counters {
	t.Helper()
	out := ns.IP(t, "-s", "-json", "link", "show", "dev", name)
	var links []struct {
		Stats64 Counters `json:"stats64"`
	}
	if err := json.Unmarshal([]byte(out), &links); err != nil || len(links) != 1 {
		t.Fatalf("ip -s link show dev %s: %v: %s", name, err, out)
	}
	return links[0].Stats64
}
