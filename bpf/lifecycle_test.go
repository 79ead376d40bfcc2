//go:build linux && (amd64 || arm64)

package bpf_test

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"spanwatch/bpf"
)

// asSensor makes the test binary load the programs on a device and wait. Its
// value is "DEVICE HOOK", or "DEVICE HOOK drop" to give up all capabilities and
// use everything once instead.
const asSensor = "SPANWATCH_TEST_AS_SENSOR"

func TestMain(m *testing.M) {
	if what := os.Getenv(asSensor); what != "" {
		os.Exit(sensor(what))
	}
	os.Exit(m.Run())
}

func sensor(what string) int {
	words := strings.Fields(what)
	cfg := small(words[0])
	var err error
	if cfg.Hook, err = bpf.ParseHook(words[1]); err == nil {
		var p *bpf.Programs
		if p, err = bpf.Load(cfg); err == nil {
			if len(words) > 2 {
				os.Stdout.WriteString(fmt.Sprintf("without capabilities: %v\n", withoutCapabilities(p)))
				return 0
			}
			plan := p.Plan()
			os.Stdout.WriteString("ready " + plan.Hook.String() + "\n")
			time.Sleep(time.Minute)
			return 0
		}
	}
	os.Stdout.WriteString(err.Error() + "\n")
	return 1
}

// withoutCapabilities gives up all capabilities and uses p.
func withoutCapabilities(p *bpf.Programs) error {
	runtime.LockOSThread()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&header, &none[0]); err != nil {
		return err
	}
	_, statsErr := p.Stats()
	_, evictionsErr := p.Evictions(math.MaxInt, func(*bpf.FlowRecord) {})
	_, msErr := p.Milliseconds(0, nil)
	shuntErr := p.Shunt(&bpf.FlowKey{})
	_, _, unshuntErr := p.Unshunt(&bpf.FlowKey{})
	return errors.Join(statsErr, evictionsErr, msErr, shuntErr, unshuntErr, p.Sample(2), p.Attached(),
		p.ReadFlows(func(*bpf.FlowRecord) {}), p.VLANs(func(uint16, [2]bpf.Count) {}), p.Close())
}

// child starts another sensor and returns it with its first line.
func child(t *testing.T, what string, attr *syscall.SysProcAttr) (*exec.Cmd, string) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if attr != nil && attr.Credential != nil {
		program = copyForAll(t, program)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), asSensor+"="+what)
	cmd.SysProcAttr = attr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the other sensor said %q: %v", line, err)
	}
	return cmd, strings.TrimSpace(line)
}

// copyForAll puts a program where another user may run it.
func copyForAll(t *testing.T, program string) string {
	t.Helper()
	b, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "sensor")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "sensor")
	if err := os.WriteFile(path, b, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// attached counts the programs on a device.
func attached(t *testing.T, device string) (n int) {
	t.Helper()
	for _, at := range []ebpf.AttachType{ebpf.AttachTCXIngress, ebpf.AttachTCXEgress} {
		q, err := link.QueryPrograms(link.QueryOptions{Target: indexOf(t, device), Attach: at})
		if err != nil {
			t.Fatal(err)
		}
		n += len(q.Programs)
	}
	return n + strings.Count(run(t, "ip", "-d", "link", "show", device), "prog/xdp")
}

func TestNothingStaysAttached(t *testing.T) {
	for _, hook := range hooks {
		for _, end := range []string{"close", "SIGKILL"} {
			t.Run(hook.String()+"/"+end, func(t *testing.T) {
				namespace(t)
				_, far := wire(t)
				if end == "close" {
					cfg := small(far)
					cfg.Hook = hook
					cfg.Egress = true
					p := load(t, cfg)
					if n := attached(t, far); n != 2 {
						t.Fatalf("%d programs attached, want 2", n)
					}
					if err := errors.Join(p.Close(), p.Close()); err != nil {
						t.Fatal(err)
					}
				} else {
					cmd, said := child(t, far+" "+hook.String(), nil)
					if said != "ready "+hook.String() {
						t.Fatalf("the other sensor said %q", said)
					}
					if n := attached(t, far); n != 1 {
						t.Fatalf("%d programs attached, want 1", n)
					}
					if err := cmd.Process.Signal(unix.SIGKILL); err != nil {
						t.Fatal(err)
					}
					cmd.Wait() // says that it was killed
				}
				await(t, "the programs to go", func() bool { return attached(t, far) == 0 })
				cfg := small(far)
				cfg.Hook = hook
				load(t, cfg)
			})
		}
	}
}

func TestSecondInstanceSaysSo(t *testing.T) {
	namespace(t)
	near, far := wire(t)
	load(t, small(far))
	_, err := bpf.Load(small(far))
	var busy *bpf.BusyError
	if !errors.Is(err, bpf.ErrBusy) || !errors.As(err, &busy) || !busy.Instance {
		t.Errorf("in the same process: %v", err)
	}
	if _, said := child(t, far+" auto", nil); !strings.Contains(said, "another instance counts this device already") {
		t.Errorf("another process said %q", said)
	}
	load(t, small(near)) // another device is free
}

func TestForeignProgramIsLeftAlone(t *testing.T) {
	namespace(t)
	_, far := wire(t)
	foreign, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "foreign", Type: ebpf.XDP, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 2), asm.Return()},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer foreign.Close()
	l, err := link.AttachXDP(link.XDPOptions{Program: foreign, Interface: indexOf(t, far)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()

	cfg := small(far)
	cfg.Hook = bpf.HookXDPNative
	if _, err := bpf.Load(cfg); !errors.Is(err, bpf.ErrBusy) {
		t.Errorf("XDP asked for: %v, want busy", err)
	}
	cfg.Hook = bpf.HookNone
	p := load(t, cfg)
	plan := p.Plan()
	if plan.Hook != bpf.HookTCX {
		t.Errorf("took %v, want %v: %v", plan.Hook, bpf.HookTCX, &plan)
	}
	if !strings.Contains(plan.String(), "is attached already") {
		t.Errorf("the plan does not say why: %v", &plan)
	}
}

func TestCountingGoesOnAfterTheLinkWasDown(t *testing.T) {
	for _, hook := range hooks {
		t.Run(hook.String(), func(t *testing.T) {
			namespace(t)
			near, far := wire(t)
			cfg := small(far)
			cfg.Hook = hook
			p := load(t, cfg)
			s := newSender(t, near)
			frame := kinds[0].frame(1, false)
			s.send(frame)
			for range 3 {
				run(t, "ip", "link", "set", far, "down")
				run(t, "ip", "link", "set", far, "up")
				await(t, "the link to come up", func() bool { return strings.Contains(run(t, "ip", "link", "show", near), "LOWER_UP") })
				if err := p.Attached(); err != nil {
					t.Fatal(err)
				}
				s.send(frame)
			}
			await(t, "all packets", func() bool { return stats(t, p).Total[bpf.Ingress] == s.sent })
			conserved(t, p, readAll(t, p))
		})
	}
}

func TestRemovedInterfaceIsToldAndItsCountsStay(t *testing.T) {
	for _, hook := range hooks {
		t.Run(hook.String(), func(t *testing.T) {
			namespace(t)
			near, far := wire(t)
			cfg := small(far)
			cfg.Hook = hook
			p := load(t, cfg)
			s := newSender(t, near)
			s.send(kinds[0].frame(1, false))
			await(t, "the packet", func() bool { return stats(t, p).Total[bpf.Ingress] == s.sent })
			run(t, "ip", "link", "del", far)
			if err := p.Attached(); !errors.Is(err, bpf.ErrDetached) {
				t.Errorf("Attached() = %v, want %v", err, bpf.ErrDetached)
			}
			c := readAll(t, p)
			if c.outer != s.sent {
				t.Errorf("flows %+v of %+v sent", c.outer, s.sent)
			}
			if err := p.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
			if _, err := bpf.Load(cfg); !errors.Is(err, bpf.ErrNoDevice) {
				t.Errorf("load without device: %v, want %v", err, bpf.ErrNoDevice)
			}
		})
	}
}

func TestInterfaceMadeAnewIsCountedAgain(t *testing.T) {
	for _, hook := range hooks {
		t.Run(hook.String(), func(t *testing.T) {
			namespace(t)
			near, far := wire(t)
			cfg := small(far)
			cfg.Hook = hook
			p := load(t, cfg)
			s := newSender(t, near)
			for range 5 {
				s.send(kinds[0].frame(1, false))
			}
			await(t, "all packets", func() bool { return stats(t, p).Total[bpf.Ingress] == s.sent })
			before := s.sent
			run(t, "ip", "link", "del", far)
			if err := p.Reattach(); !errors.Is(err, bpf.ErrNoDevice) {
				t.Errorf("without interface: %v", err)
			}
			near, _ = wire(t)
			if err := p.Reattach(); err != nil {
				t.Fatal(err)
			}
			if err := p.Attached(); err != nil {
				t.Error(err)
			}
			s = newSender(t, near)
			for range 7 {
				s.send(kinds[0].frame(1, false))
			}
			before.Add(s.sent)
			await(t, "all packets", func() bool { return stats(t, p).Total[bpf.Ingress] == before })
			if err := p.Detach(); err != nil {
				t.Fatal(err)
			}
			conserved(t, p, readAll(t, p))
		})
	}
}

func TestMTUMayChange(t *testing.T) {
	namespace(t)
	near, far := wire(t)
	p := load(t, small(far))
	s := newSender(t, near)
	for _, mtu := range []string{"9000", "1500", "2000"} {
		run(t, "ip", "link", "set", far, "mtu", mtu)
		run(t, "ip", "link", "set", near, "mtu", mtu)
		s.send(kinds[1].frame(1, false))
	}
	run(t, "ip", "link", "set", far, "mtu", "9000")
	run(t, "ip", "link", "set", near, "mtu", "9000")
	jumbo := append(kinds[0].frame(2, false), make([]byte, 8000)...) // a trailer
	s.send(jumbo)
	await(t, "all packets", func() bool { return stats(t, p).Total[bpf.Ingress] == s.sent })
	conserved(t, p, readAll(t, p))
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p = load(t, small(far)) // and it may be large from the start
	plan := p.Plan()
	t.Logf("%v", &plan)
	s.sent = bpf.Count{}
	s.send(jumbo)
	await(t, "the large packet", func() bool { return stats(t, p).Total[bpf.Ingress] == s.sent })
}

// TestThreeCapabilitiesAreEnough runs a sensor as nobody.
func TestThreeCapabilitiesAreEnough(t *testing.T) {
	const nobody = 65534
	for _, c := range []struct {
		name string
		caps []uintptr
		said string
	}{
		{"all three", []uintptr{unix.CAP_BPF, unix.CAP_PERFMON, unix.CAP_NET_ADMIN}, "ready tcx"},
		{"CAP_BPF alone", []uintptr{unix.CAP_BPF}, "permission denied, missing CAP_PERFMON, CAP_NET_ADMIN"},
		{"none", nil, "permission denied, missing CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN"},
	} {
		t.Run(c.name, func(t *testing.T) {
			namespace(t)
			_, far := wire(t)
			_, said := child(t, far+" auto", &syscall.SysProcAttr{
				Credential:  &syscall.Credential{Uid: nobody, Gid: nobody},
				AmbientCaps: c.caps,
			})
			if said != c.said {
				t.Errorf("the sensor said %q, want %q", said, c.said)
			}
		})
	}
}

func TestNoCapabilityIsNeededAfterLoad(t *testing.T) {
	for _, hook := range hooks {
		t.Run(hook.String(), func(t *testing.T) {
			namespace(t)
			_, far := wire(t)
			if _, said := child(t, far+" "+hook.String()+" drop", nil); said != "without capabilities: <nil>" {
				t.Errorf("the sensor said %q", said)
			}
			if n := attached(t, far); n != 0 {
				t.Errorf("%d programs attached after close", n)
			}
		})
	}
}

func TestProbeTellsWhatLoadDoes(t *testing.T) {
	namespace(t)
	_, far := wire(t)
	cfg := small(far)
	cfg.Egress = true
	probed, err := bpf.Probe(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if n := attached(t, far); n != 0 {
		t.Fatalf("the probe attached %d programs", n)
	}
	loaded := load(t, cfg).Plan()
	if probed.Hook != loaded.Hook || probed.Egress != loaded.Egress {
		t.Errorf("probe said %v, load took %v", probed, &loaded)
	}
	if loaded.Hook != bpf.HookTCX || loaded.Egress != bpf.HookTCXEgress || !strings.Contains(loaded.String(), "veth copies each frame for native XDP") {
		t.Errorf("on veth: %v", &loaded)
	}
	if _, err := bpf.Probe(bpf.DefaultConfig("absent")); !errors.Is(err, bpf.ErrNoDevice) {
		t.Errorf("probe of no device: %v", err)
	}
}

func TestClosedProgramsSaySo(t *testing.T) {
	needRoot(t)
	p := detached(t, small("none"))
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	_, statsErr := p.Stats()
	_, evictionsErr := p.Evictions(math.MaxInt, func(*bpf.FlowRecord) {})
	_, msErr := p.Milliseconds(0, nil)
	_, _, unshuntErr := p.Unshunt(&bpf.FlowKey{})
	for name, err := range map[string]error{
		"Stats": statsErr, "Evictions": evictionsErr, "Milliseconds": msErr, "Unshunt": unshuntErr,
		"ReadFlows": p.ReadFlows(nil), "Shunt": p.Shunt(&bpf.FlowKey{}), "Sample": p.Sample(2), "VLANs": p.VLANs(nil), "Attached": p.Attached(),
	} {
		if !errors.Is(err, bpf.ErrClosed) {
			t.Errorf("%s: %v, want %v", name, err, bpf.ErrClosed)
		}
	}
	runtime.KeepAlive(p)
}
