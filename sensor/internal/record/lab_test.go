package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// childVariable makes the test binary a recorder that is about to be killed.
const childVariable = "SPANWATCH_RECORD_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		holdHost()
	}
	os.Exit(m.Run())
}

// holdHost starts a host, prints its process, and waits to be killed.
func holdHost() {
	runtime.LockOSThread()
	l, err := newLab(os.Getenv(childVariable), nil)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	h, err := l.addHost("h")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(h.pid())
	time.Sleep(time.Minute)
	os.Exit(1)
}

// newTestLab makes a lab, or skips where the kernel gives us no namespaces.
func newTestLab(t *testing.T) *lab {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	if _, err := exec.LookPath("nsenter"); err != nil {
		t.Skip("nsenter (util-linux) is not installed")
	}
	// A host lives as long as the thread that started it.
	runtime.LockOSThread()
	l, err := newLab(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	probe, err := l.addHost("probe")
	if err != nil {
		_ = l.close()
		t.Skipf("no namespaces here: %v", err)
	}
	if err := probe.sh("true"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func processExists(pid string) bool {
	_, err := os.Stat("/proc/" + pid)
	return err == nil
}

func TestHostHasNoWayOut(t *testing.T) {
	l := newTestLab(t)
	out, err := l.hosts[0].enter("ip", "-o", "link").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		// Kernels with tunnels built in show their (downed) fallback devices.
		if !strings.Contains(line, ": lo:") && strings.Contains(line, "state UP") {
			t.Errorf("interface beside lo: %s", line)
		}
	}
	if out, err := l.hosts[0].enter("ip", "route").CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) != 0 {
		t.Errorf("routes: %s, error %v; want none", out, err)
	}
}

func TestHostHasItsOwnNameFilesAndProcesses(t *testing.T) {
	h := newTestLab(t).hosts[0]
	err := h.sh(`test "$(hostname)" = probe
		test -z "$(cat /etc/resolv.conf)"
		touch /run/left-behind /var/log/left-behind
		test "$(cat /proc/1/comm)" = sleep`)
	if err != nil {
		t.Error(err)
	}
	for _, name := range []string{"/run/left-behind", "/var/log/left-behind"} {
		if _, err := os.Stat(name); err == nil {
			t.Errorf("%s appeared on the machine itself", name)
		}
	}
}

func TestConnectedHostsTalk(t *testing.T) {
	l := newTestLab(t)
	a, err := l.addHost("a")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.connect(a, "eth0", l.hosts[0], "eth0"); err != nil {
		if _, lookErr := exec.LookPath("ethtool"); lookErr != nil {
			t.Skip("ethtool is not installed")
		}
		t.Fatal(err)
	}
	for n, h := range []*host{l.hosts[0], a} {
		if err := h.sh(`ip addr add "192.168.5.$1/24" dev eth0`, fmt.Sprint(n+1)); err != nil {
			t.Fatal(err)
		}
	}
	// Nobody listens on the port: to be refused is to be answered.
	out, err := a.enter("bash", "-c", "exec 3<>/dev/tcp/192.168.5.1/9").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "refused") {
		t.Errorf("got %q, %v; want a refusal by the other host", out, err)
	}
}

func TestCloseEndsHostsAndWhatRunsInThem(t *testing.T) {
	l := newTestLab(t)
	h, err := l.addHost("h")
	if err != nil {
		t.Fatal(err)
	}
	sleeper := h.enter("sleep", "60")
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	pids := []string{h.pid(), fmt.Sprint(sleeper.Process.Pid)}
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
	_ = sleeper.Wait() // killed
	for _, pid := range pids {
		if processExists(pid) {
			t.Errorf("process %s is still there", pid)
		}
	}
	if _, err := os.Stat(l.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there (%v)", l.dir, err)
	}
	l.hosts = nil // closed already
}

func TestHostsDieWithTheRecorder(t *testing.T) {
	newTestLab(t) // skips where there are no namespaces
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 64)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	pid := strings.TrimSpace(string(line[:n]))
	if !processExists(pid) {
		t.Fatalf("no host: %s", line[:n])
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	l := &lab{}
	if err := l.waitFor(5*time.Second, func() bool { return !processExists(pid) }); err != nil {
		t.Errorf("host %s outlives a recorder that was killed: %v", pid, err)
	}
}

func TestWaitingEndsWhenToldToStop(t *testing.T) {
	stop := make(chan os.Signal, 1)
	stop <- os.Interrupt
	l := &lab{stop: stop}
	if err := l.waitFor(time.Minute, func() bool { return false }); !errors.Is(err, errStopped) {
		t.Errorf("got %v, want %v", err, errStopped)
	}
}

func TestScriptThatFailsSaysWhatItPrinted(t *testing.T) {
	h := newTestLab(t).hosts[0]
	if err := os.WriteFile(h.lab.dir+"/scripts/fail.sh", []byte("echo the cause; exit 3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	err := h.run("fail.sh")
	if err == nil || !strings.Contains(err.Error(), "the cause") || !strings.Contains(err.Error(), "probe") {
		t.Errorf("got %v, want host and output", err)
	}
}
