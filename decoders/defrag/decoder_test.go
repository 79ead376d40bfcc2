package defrag

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/decoderstest"
)

// newDecoder follows every tunnel.
func newDecoder(t *testing.T) *decoders.Decoder {
	t.Helper()
	d, err := decoders.NewDecoder(decoders.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDecodedFragmentsBecomeTheDatagramAgain(t *testing.T) {
	vlan := []decoderstest.Layer{decoderstest.Ether{}, decoderstest.VLAN{ID: 7}}
	udp := []decoderstest.Layer{decoderstest.UDP{Src: 4000, Dst: 53}, decoderstest.Bytes(strings.Repeat("0123456789", 300))}
	for name, ip := range map[string]decoderstest.Layer{
		"ipv4":              decoderstest.IP4{ID: 99},
		"ipv4_with_options": decoderstest.IP4{ID: 99, Options: "\x01\x01\x01\x01"},
		"ipv6":              decoderstest.IP6{},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDecoder(t)
			table := newTable(t, nil)
			frames := decoderstest.Fragments(1000, vlan, ip, udp...)
			if len(frames) != 4 {
				t.Fatalf("%d fragments, want 4", len(frames))
			}
			var wire uint64
			for i, b := range frames {
				var p, whole decoders.Packet
				f := decoderstest.Frame(b)
				wire += uint64(f.WireLen)
				if r := d.Decode(f, &p); !p.Layers.Has(decoders.LayerFragment) {
					t.Fatalf("fragment %d is none: %v", i, r)
				}
				g, r := table.Add(&p)
				if (r.Status == Completed) != (i == 3) {
					t.Fatalf("fragment %d: %v (%v)", i, r.Status, r.Reason)
				}
				if i < 3 {
					continue
				}
				if reason := d.DecodeRebuilt(g.Bytes, &p, &whole); reason != decoders.ReasonNone {
					t.Fatalf("the datagram is refused: %v", reason)
				}
				if whole.DstPort != 53 || whole.PayloadLen != 3000 || whole.VLANs[0] != 7 || !strings.HasSuffix(string(whole.Payload()), "6789") {
					t.Errorf("rebuilt packet %+v", whole)
				}
				if g.WireBytes != wire || g.Fragments != 4 {
					t.Errorf("%d bytes in %d fragments, want %d in 4", g.WireBytes, g.Fragments, wire)
				}
			}
		})
	}
}

// TestCapturesRaiseTheEventsOfSuricata runs the conformance cases with IP
// fragments and compares the decoder events that fragments are known for.
func TestCapturesRaiseTheEventsOfSuricata(t *testing.T) {
	dev := filepath.Join(decoderstest.Shared(t), "conformance/dev")
	var cases []string
	for _, pattern := range []string{"defrag__*", "ipv6-evasion__*"} {
		c, _ := filepath.Glob(filepath.Join(dev, pattern))
		cases = append(cases, c...)
	}
	if len(cases) == 0 {
		t.Skip("no conformance set: shared/conformance/dev has no fragment cases")
	}
	watched := map[decoders.Event]string{
		decoders.EventIPv4FragOverlap:       "decoder.ipv4.frag_overlap",
		decoders.EventIPv4FragPktTooLarge:   "decoder.ipv4.frag_pkt_too_large",
		decoders.EventIPv4FragIgnored:       "decoder.ipv4.frag_ignored",
		decoders.EventIPv6FragOverlap:       "decoder.ipv6.frag_overlap",
		decoders.EventIPv6FragPktTooLarge:   "decoder.ipv6.frag_pkt_too_large",
		decoders.EventIPv6FragInvalidLength: "decoder.ipv6.frag_invalid_length",
		decoders.EventIPv6FragIgnored:       "decoder.ipv6.frag_ignored",
	}
	rebuilt := 0
	for _, dir := range cases {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			inputs, _ := filepath.Glob(filepath.Join(dir, "input.pcap*"))
			if len(inputs) != 1 {
				t.Fatalf("%d captures", len(inputs))
			}
			frames, err := decoderstest.ReadFile(inputs[0], 0)
			if err != nil && len(frames) == 0 {
				t.Fatal(err)
			}
			table := newTable(t, nil)
			var got []string
			d := newDecoder(t)
			for i := range frames {
				decoderstest.Chain(d, &frames[i], func(p *decoders.Packet) {
					if p.Layers.Has(decoders.LayerFragment) {
						if _, r := table.Add(p); r.Status == Completed {
							rebuilt++
						}
					}
					for e, name := range watched {
						if p.Events.Has(e) {
							got = append(got, name)
						}
					}
				})
			}
			want := expectedDecoderEvents(t, dir, watched)
			sort.Strings(got)
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("got  %v\nwant %v", got, want)
			}
			table.Flush(discard)
			checkConservation(t, table)
			checkEmpty(t, table)
		})
	}
	if rebuilt < 10 {
		t.Errorf("%d datagrams were rebuilt in %d captures, too few", rebuilt, len(cases))
	}
}

func expectedDecoderEvents(t *testing.T, dir string, watched map[decoders.Event]string) []string {
	b, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var expected struct {
		Anomalies []struct {
			Anomaly struct{ Event string }
		}
	}
	if err := json.Unmarshal(b, &expected); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, a := range expected.Anomalies {
		for _, name := range watched {
			if a.Anomaly.Event == name {
				out = append(out, name)
			}
		}
	}
	sort.Strings(out)
	return out
}
