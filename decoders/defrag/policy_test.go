package defrag

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"spanwatch/decoders"
)

// model is the test of Novak and Sturges in the form that sensors share: nine
// fragments, then eight that overlap them in every way, the last of which
// ends the datagram. Offsets and lengths in bytes, sent in alphabetical order.
var model = []struct {
	letter         byte
	offset, length int
}{
	{'A', 0, 24}, {'B', 32, 16}, {'C', 48, 24}, {'D', 80, 8}, {'E', 104, 16},
	{'F', 120, 24}, {'G', 144, 16}, {'H', 160, 16}, {'I', 176, 8},
	{'J', 8, 32}, {'K', 48, 24}, {'L', 72, 24}, {'M', 96, 24}, {'N', 128, 8},
	{'O', 152, 8}, {'P', 160, 8}, {'Q', 176, 16},
}

// modelResults has a letter for each 8 bytes of the 192 that a host of each
// policy reads.
var modelResults = []struct {
	policy Policy
	want   string
}{
	{PolicyBSD, "AAAJJBCCCLLLMMMFFFGGHHIQ"},
	{PolicyBSDRight, "AJJJBBKKKLDLMEEFNFGOPHQQ"},
	{PolicyLinux, "AAAJJBKKKLLLMMMFFFGGPHQQ"},
	{PolicyWindows, "AAAJBBCCCLLLMEEFFFGGHHIQ"},
	{PolicySolaris, "AAAJBBCCCLLLMMMFFFGGHHIQ"},
	{PolicyFirst, "AAAJBBCCCLDLMEEFFFGGHHIQ"},
	{PolicyLast, "AJJJJBKKKLLLMMMFNFGOPHQQ"},
}

func TestModelOfNovakAndSturges(t *testing.T) {
	if len(modelResults) != int(policyCount)-1 {
		t.Fatalf("%d results for %d policies", len(modelResults), policyCount-1)
	}
	for _, version := range []uint8{4, 6} {
		for _, c := range modelResults {
			t.Run(c.policy.String()+"_ipv"+string('0'+version), func(t *testing.T) {
				table := newTable(t, func(cfg *Config) { cfg.Default = c.policy })
				wire := uint64(0)
				for i, f := range model {
					last := i == len(model)-1
					p := spec{version: version, id: 1, offset: uint32(f.offset), more: !last, data: letters(f.letter, f.length)}.packet()
					wire += uint64(p.WireLen)
					g, r := table.Add(p)
					overlaps := i >= 9
					if got := p.Events.Has(overlapEvent(version)); got != overlaps {
						t.Errorf("%c: overlap event %v, want %v", f.letter, got, overlaps)
					}
					if (r.Overlap == OverlapDifferent) != overlaps {
						t.Errorf("%c: overlap %d", f.letter, r.Overlap)
					}
					if !last {
						if r.Status != Kept {
							t.Fatalf("%c: %v, want kept", f.letter, r.Status)
						}
						continue
					}
					if r.Status != Completed {
						t.Fatalf("%c: %v, want completed", f.letter, r.Status)
					}
					var got strings.Builder
					body := payload(t, g)
					if len(body) != 192 {
						t.Fatalf("%d bytes, want 192", len(body))
					}
					for j := 0; j < len(body); j += 8 {
						if string(body[j:j+8]) != strings.Repeat(string(body[j]), 8) {
							t.Errorf("bytes %d: %q is mixed", j, body[j:j+8])
						}
						got.WriteByte(body[j])
					}
					if got.String() != c.want {
						t.Errorf("got  %s\nwant %s", got.String(), c.want)
					}
					if g.Fragments != uint32(len(model)) || g.WireBytes != wire || g.Overlap != OverlapDifferent {
						t.Errorf("fragments %d wire %d overlap %d, want %d, %d, %d", g.Fragments, g.WireBytes, g.Overlap, len(model), wire, OverlapDifferent)
					}
				}
				checkConservation(t, table)
				checkEmpty(t, table)
			})
		}
	}
}

// The six fragments of Shankar and Paxson, "Active Mapping" (2003), with the
// results that paper gives for the policies known then.
func TestModelOfShankarAndPaxson(t *testing.T) {
	fragments := []struct{ offset, length int }{{0, 3}, {4, 2}, {6, 3}, {1, 4}, {6, 3}, {9, 3}}
	results := []struct {
		policy Policy
		want   string
	}{
		{PolicyBSD, "111442333666"},
		{PolicyBSDRight, "144422555666"},
		{PolicyLinux, "111442555666"},
		{PolicyFirst, "111422333666"},
		{PolicyLast, "144442555666"},
	}
	for _, c := range results {
		t.Run(c.policy.String(), func(t *testing.T) {
			table := newTable(t, func(cfg *Config) { cfg.Default = c.policy })
			for i, f := range fragments {
				g, r := table.Add(spec{version: 4, offset: uint32(f.offset * 8), more: i < 5, data: letters(byte('1'+i), f.length*8)}.packet())
				if i < 5 {
					continue
				}
				if r.Status != Completed {
					t.Fatalf("status %v, want completed", r.Status)
				}
				var got []byte
				for body := payload(t, g); len(body) > 0; body = body[8:] {
					got = append(got, body[0])
				}
				if string(got) != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
			}
		})
	}
}

func TestTheMostSpecificPrefixGivesThePolicy(t *testing.T) {
	targets, err := compileTargets([]Target{
		{netip.MustParsePrefix("10.0.0.0/8"), PolicyWindows},
		{netip.MustParsePrefix("10.1.2.0/23"), PolicyLinux},
		{netip.MustParsePrefix("10.1.2.3/32"), PolicySolaris},
		{netip.MustParsePrefix("2001:db8::/33"), PolicyLast},
		{netip.MustParsePrefix("::/0"), PolicyDefault},
	}, PolicyFirst)
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]Policy{
		"10.200.0.1":         PolicyWindows,
		"10.1.3.255":         PolicyLinux,
		"10.1.4.0":           PolicyWindows,
		"10.1.2.3":           PolicySolaris,
		"11.1.2.3":           PolicyFirst,
		"2001:db8:7fff::1":   PolicyLast,
		"2001:db8:8000::1":   PolicyFirst,
		"::ffff:10.1.2.3":    PolicyFirst,
		"a00::":              PolicyFirst,
		"2001:db8:0:ffff::1": PolicyLast,
	} {
		addr, version := decoders.AddrFrom(netip.MustParseAddr(address))
		if got := targets.policy(&addr, version); got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
}

func TestPolicyNamesComeBack(t *testing.T) {
	for p := PolicyBSD; p < policyCount; p++ {
		if got, err := ParsePolicy(p.String()); err != nil || got != p {
			t.Errorf("%v: %v, %v", p, got, err)
		}
	}
	for name, want := range map[string]Policy{"vista": PolicyWindows, "hpux11": PolicyFirst, "old-linux": PolicyLinux, "irix": PolicyBSD} {
		if got, err := ParsePolicy(name); err != nil || got != want {
			t.Errorf("%s: %v, %v, want %v", name, got, err, want)
		}
	}
	if _, err := ParsePolicy("beos"); !errors.Is(err, ErrUnknownPolicy) {
		t.Errorf("beos: %v, want ErrUnknownPolicy", err)
	}
}

func TestBadConfigurationIsRefused(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"no datagrams":       func(c *Config) { c.MaxDatagrams = 0 },
		"too few fragments":  func(c *Config) { c.MaxFragments = 1 },
		"too little memory":  func(c *Config) { c.MaxBytes = minBytes - 1 },
		"too few pieces":     func(c *Config) { c.MaxPieces = 0 },
		"no timeout":         func(c *Config) { c.Timeout = 0 },
		"default of default": func(c *Config) { c.Default = PolicyDefault },
		"unknown policy":     func(c *Config) { c.Default = policyCount },
		"invalid prefix":     func(c *Config) { c.Targets = []Target{{}} },
		"unknown target policy": func(c *Config) {
			c.Targets = []Target{{netip.MustParsePrefix("::/0"), policyCount}}
		},
	} {
		cfg := DefaultConfig()
		change(&cfg)
		if _, err := New(cfg); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v, want ErrConfig", name, err)
		}
	}
}
