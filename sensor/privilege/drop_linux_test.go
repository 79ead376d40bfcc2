package privilege

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// What is given up cannot be had back, so that the tests run in a process of
// their own: this program again, told by the environment what to do.
const childVariable = "SPANWATCH_PRIVILEGE_TEST"

var children = map[string]func() error{
	"drop":     childDrops,
	"drop_all": childDropsAll,
	"confine":  childConfines,
	"both":     childConfinesAndDrops,
}

func TestMain(m *testing.M) {
	if name := os.Getenv(childVariable); name != "" {
		if err := children[name](); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Print("done")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// inChild runs a child and fails the test with what it says.
func inChild(t *testing.T, name string, env ...string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(append(os.Environ(), childVariable+"="+name), env...)
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "done" {
		t.Fatalf("%v: %s", err, out)
	}
}

// needRoot skips tests of what only root has to give up.
func needRoot(t *testing.T) {
	t.Helper()
	held, err := Held()
	if err != nil {
		t.Fatal(err)
	}
	if want := SetOf(NetRaw, NetAdmin); held&want != want {
		if slices.Contains(strings.Split(os.Getenv("SPANWATCH_TEST_REQUIRE"), ","), "netns") {
			t.Fatalf("SPANWATCH_TEST_REQUIRE demands privileges: held are %s", held)
		}
		t.Skipf("holds %s: nothing to give up", held)
	}
}

// onThreads runs f on several threads that exist already, and on one that is
// made afterwards, when do has been run.
func onThreads(do, f func() error) error {
	const threads = 8
	var started, ended sync.WaitGroup
	start := make(chan struct{})
	faults := make([]error, threads+1)
	for i := range threads {
		started.Add(1)
		ended.Add(1)
		go func() {
			defer ended.Done()
			runtime.LockOSThread() // for good: the thread ends
			started.Done()
			<-start
			faults[i] = f()
		}()
	}
	started.Wait()
	if err := do(); err != nil {
		return err
	}
	close(start)
	ended.Wait()
	ended.Add(1)
	go func() {
		defer ended.Done()
		runtime.LockOSThread()
		faults[threads] = f()
	}()
	ended.Wait()
	return errors.Join(faults...)
}

func packetSocket() error {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

// changeRoot changes nothing, but needs CAP_SYS_CHROOT.
func changeRoot() error { return unix.Chroot("/") }

func childDrops() error {
	if err := changeRoot(); err != nil {
		return fmt.Errorf("before: %w", err)
	}
	before, err := Held()
	if err != nil {
		return err
	}
	return onThreads(func() error {
		d, err := Drop(SetOf(NetRaw, BPF))
		if err == nil && (d.Kept&^SetOf(NetRaw, BPF) != 0 || !d.Kept.Has(NetRaw) || !d.Gone.Has(NetAdmin) || d.Gone|d.Kept != before || d.Threads < 9) {
			err = fmt.Errorf("got %+v", d)
		}
		return err
	}, func() error {
		held, err := Held()
		if err != nil {
			return err
		}
		nnp, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
		if err != nil {
			return err
		}
		if err := packetSocket(); err != nil {
			return fmt.Errorf("what was kept: %w", err)
		}
		if err := changeRoot(); !errors.Is(err, unix.EPERM) || held&^SetOf(NetRaw, BPF) != 0 || nnp != 1 {
			return fmt.Errorf("chroot says %v, held are %s, no_new_privs %d", err, held, nnp)
		}
		return nil
	})
}

func childDropsAll() error {
	// A thread waits for signals from now on, with all others blocked.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	_ = ctx
	return onThreads(func() error {
		_, err := Drop(0)
		return err
	}, func() error {
		if err := packetSocket(); !errors.Is(err, unix.EPERM) {
			return fmt.Errorf("got %v", err)
		}
		// A program that is started has nothing either, though root runs it.
		out, err := exec.Command("/bin/sh", "-c", "grep CapEff /proc/self/status").CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != "CapEff:\t0000000000000000" {
			return fmt.Errorf("%v: %s", err, out)
		}
		return Require()
	})
}

func TestDropLeavesEveryThreadWithWhatIsKept(t *testing.T) {
	needRoot(t)
	inChild(t, "drop")
}

func TestDropOfAllHoldsForProgramsToo(t *testing.T) {
	needRoot(t)
	inChild(t, "drop_all")
}

func childConfines() error {
	dir := os.Getenv("DIR")
	path := func(elem ...string) string { return filepath.Join(append([]string{dir}, elem...)...) }
	open, err := os.OpenFile(path("shut", "open"), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return onThreads(func() error {
		c, err := Confine(Paths{
			Read:  []string{path("rules"), path("single", "file"), path("absent")},
			Write: []string{path("out")},
		})
		if err != nil {
			return err
		}
		if !c.Enforced() || len(c.Read) != 2 || len(c.Write) != 1 || len(c.Missing) != 1 || c.ABI < 5 && len(c.Unconfined) == 0 {
			return fmt.Errorf("got %+v", c)
		}
		return nil
	}, func() error {
		for _, tt := range []struct {
			what string
			do   func() error
			ok   bool
		}{
			{"read below a directory to read", func() error { return read(path("rules", "below", "a.rules")) }, true},
			{"list it", func() error { _, err := os.ReadDir(path("rules")); return err }, true},
			{"write there", func() error { return os.WriteFile(path("rules", "new"), nil, 0o600) }, false},
			{"read a file to read", func() error { return read(path("single", "file")) }, true},
			{"read the file beside it", func() error { return read(path("single", "other")) }, false},
			{"write a new file", func() error { return os.WriteFile(path("out", "new"), []byte("x"), 0o600) }, true},
			{"make a directory", func() error { return os.MkdirAll(path("out", "sub"), 0o700) }, true},
			{"move a file into it", func() error { return os.Rename(path("out", "new"), path("out", "sub", "old")) }, true},
			{"remove it", func() error { return os.RemoveAll(path("out", "sub")) }, true},
			{"move a file out", func() error {
				if err := os.WriteFile(path("out", "stay"), nil, 0o600); err != nil {
					return nil // other threads run the same: what counts is that no error is EACCES below
				}
				return os.Rename(path("out", "stay"), path("shut", "stay"))
			}, false},
			{"read what is shut", func() error { return read(path("shut", "open")) }, false},
			{"read through what was open", func() error { _, err := open.ReadAt(make([]byte, 1), 0); return err }, true},
			{"read outside", func() error { return read("/etc/passwd") }, false},
			{"run a program", func() error { return exec.Command("/bin/true").Run() }, false},
		} {
			err := tt.do()
			refused := errors.Is(err, unix.EACCES) || errors.Is(err, unix.EXDEV)
			if refused == tt.ok || !tt.ok && err == nil {
				return fmt.Errorf("%s: %w", tt.what, err)
			}
		}
		return nil
	})
}

func read(path string) error {
	_, err := os.ReadFile(path)
	return err
}

// tree makes the directories of childConfines.
func tree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"rules/below/a.rules", "single/file", "single/other", "shut/open", "out/old"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func needLandlock(t *testing.T) {
	t.Helper()
	if _, err := landlockABI(); err != nil {
		t.Skip(err)
	}
}

func TestConfineShutsAllButThePathsForEveryThread(t *testing.T) {
	needLandlock(t)
	inChild(t, "confine", "DIR="+tree(t))
}

func childConfinesAndDrops() error {
	c, err := Confine(Paths{Read: []string{"/proc/self"}})
	if err != nil || !c.Enforced() {
		return fmt.Errorf("got %+v and %v", c, err)
	}
	d, err := Drop(0)
	if err != nil || d.Threads == 0 {
		return fmt.Errorf("got %+v and %w", d, err)
	}
	return nil
}

func TestDropAfterConfineReadsProcIfItMay(t *testing.T) {
	needLandlock(t)
	inChild(t, "both")
}
