//go:build linux && (amd64 || arm64)

package bpf_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"spanwatch/bpf"
	"spanwatch/decoders/decoderstest"
)

// TestReplayedCaptureIsCountedExactly lets tcpreplay send captures of real
// traffic, and compares with the frames that are in them.
func TestReplayedCaptureIsCountedExactly(t *testing.T) {
	if _, err := exec.LookPath("tcpreplay"); err != nil {
		if decoderstest.Required("tcpreplay") {
			t.Fatal(err)
		}
		t.Skipf("no tcpreplay: %v", err)
	}
	for _, name := range []string{"tcp-loss.pcap", "vlan.pcap", "qinq.pcap", "vxlan.pcap", "icmp.pcap", "mpls.pcap"} {
		for _, hook := range hooks {
			t.Run(name+"/"+hook.String(), func(t *testing.T) {
				path := filepath.Join(decoderstest.RepositoryRoot(t), "testdata", "pcap", name)
				frames, err := decoderstest.ReadFile(path, 1000)
				if err != nil {
					t.Fatal(err)
				}
				namespace(t)
				near, far := wire(t)
				cfg := small(far)
				cfg.Hook = hook
				cfg.TunnelDepth = 2
				p := load(t, cfg)
				var want bpf.Count
				for i := range frames {
					want.Add(bpf.Count{Packets: 1, Bytes: uint64(len(frames[i].Data))})
				}
				if want.Packets == 0 {
					t.Fatal("the capture is empty")
				}
				run(t, "tcpreplay", "--quiet", "--topspeed", "--limit=1000", "--intf1="+near, path)
				await(t, "all packets", func() bool { return stats(t, p).Total[bpf.Ingress].Packets >= want.Packets })
				if err := p.Detach(); err != nil {
					t.Fatal(err)
				}
				if got := stats(t, p).Total[bpf.Ingress]; got != want {
					t.Errorf("counted %+v, the capture has %+v", got, want)
				}
				c := readAll(t, p)
				conserved(t, p, c)
				if name == "vxlan.pcap" && c.inner.Packets == 0 {
					t.Error("nothing found within the tunnels")
				}
			})
		}
	}
}
