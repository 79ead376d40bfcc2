package decoderstest

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
)

// A chain is a frame decoded by us: its packets from the outside in.
type chain struct {
	capture string
	frame   *decoders.Frame
	packets []decoders.Packet
	facts   Facts
}

// decodeChain decodes a frame; add takes the facts of each packet.
func decodeChain(d *decoders.Decoder, capture string, f *decoders.Frame, add func(Facts, *decoders.Packet)) *chain {
	c := &chain{capture: capture, frame: f, facts: Facts{}}
	Chain(d, f, func(p *decoders.Packet) {
		c.packets = append(c.packets, *p)
		add(c.facts, p)
	})
	return c
}

func (c *chain) last() *decoders.Packet { return &c.packets[len(c.packets)-1] }

func (c *chain) any(is func(p *decoders.Packet) bool) bool {
	return slices.ContainsFunc(c.packets, func(p decoders.Packet) bool { return is(&p) })
}

// A difference is one field on which the other decoder disagrees.
type difference struct {
	chain        *chain
	field        string
	ours, theirs []string
	theyFailed   bool // the other decoder gave up on the frame
}

// weStopEarlier reports whether all that we say is said by the other, too.
func (d *difference) weStopEarlier() bool { return isPrefix(d.ours, d.theirs) }

func (d *difference) theyStopEarlier() bool { return isPrefix(d.theirs, d.ours) }

func isPrefix(short, long []string) bool {
	return len(short) <= len(long) && slices.Equal(short, long[:len(short)])
}

// A rule explains differences that are on purpose.
type rule struct {
	name, why string
	atMost    float64 // share of the compared frames
	explains  func(d *difference) bool
}

// A comparison counts what the rules explained.
type comparison struct {
	t       *testing.T
	rules   []rule
	frames  int
	frameOf []map[string]bool // by rule: frames that it explained

	unexplained int
	lastShown   string // capture of the last difference that was reported
}

func newComparison(t *testing.T, rules []rule) *comparison {
	c := &comparison{t: t, rules: rules, frameOf: make([]map[string]bool, len(rules))}
	for i := range c.frameOf {
		c.frameOf[i] = map[string]bool{}
	}
	return c
}

// frame compares the fields of one frame.
func (c *comparison) frame(ours *chain, theirs Facts, fields []string, theyFailed bool) {
	c.frames++
	for _, field := range fields {
		if slices.Equal(ours.facts[field], theirs[field]) {
			continue
		}
		c.difference(&difference{ours, field, ours.facts[field], theirs[field], theyFailed})
	}
}

func (c *comparison) difference(d *difference) {
	for i := range c.rules {
		if c.rules[i].explains(d) {
			c.frameOf[i][fmt.Sprint(d.chain.capture, d.chain.frame.Number)] = true
			return
		}
	}
	c.t.Fail()
	c.unexplained++
	if c.lastShown == d.chain.capture || c.unexplained > 1000 {
		return // one of each capture says enough
	}
	c.lastShown = d.chain.capture
	var how []string
	for i := range d.chain.packets {
		p := &d.chain.packets[i]
		how = append(how, fmt.Sprintf("%v/%v", p.Refused, p.Proto))
	}
	c.t.Errorf("%s frame %d (%s): %s is %v, want %v",
		d.chain.capture, d.chain.frame.Number, strings.Join(how, " "), d.field, d.ours, d.theirs)
}

// finish checks the bounds and reports what happened.
func (c *comparison) finish() {
	if c.frames == 0 {
		c.t.Fatal("no frame compared")
	}
	for i, r := range c.rules {
		n := len(c.frameOf[i])
		share := float64(n) / float64(c.frames)
		c.t.Logf("%6d frames differ by rule %q: %s", n, r.name, r.why)
		if share > r.atMost {
			c.t.Errorf("rule %q explains %.5f of all frames, at most %.5f expected", r.name, share, r.atMost)
		}
	}
	c.t.Logf("%d frames compared, %d unexplained differences", c.frames, c.unexplained)
}

// refusedOnPurpose reports whether the innermost packet breaks a protocol or a
// limit of ours.
func refusedOnPurpose(c *chain) bool {
	switch r := c.last().Refused; r {
	case decoders.ReasonTooManyLayers, decoders.ReasonTunnelDepth, decoders.ReasonTruncated:
		return true
	default:
		return r.Malformed()
	}
}

// walksRareHeader reports whether a packet has IPv6 extension headers of
// mobility, HIP or Shim6, which we step over as Suricata does.
func walksRareHeader(p *decoders.Packet) bool {
	if !p.Layers.Has(decoders.LayerIPv6) {
		return false
	}
	b := p.Data[p.IPOffset:]
	next, at := b[6], 40
	for at+8 <= int(p.IPHeaderLen) && at+8 <= len(b) {
		switch next {
		case decoders.ProtoMobility, decoders.ProtoHIP, decoders.ProtoShim6:
			return true
		case decoders.ProtoFragment:
			next, at = b[at], at+8
		case decoders.ProtoAH:
			next, at = b[at], at+8+int(b[at+1])*4
		default:
			next, at = b[at], at+8+int(b[at+1])*8
		}
	}
	return false
}

func isAHOverIPv4(p *decoders.Packet) bool {
	return p.IPVersion == 4 && p.Proto == decoders.ProtoAH
}

func badIPOptions(p *decoders.Packet) bool {
	return p.Events.Has(decoders.EventIPv6ExtHdrInvalidOptLen) || p.Events.Has(decoders.EventIPv4OptInvalidLen)
}

// taggedInTwoWays reports whether VLAN ids come from something that the other
// decoder does not call a VLAN: an 802.1ad tag, or an ERSPAN header.
func taggedInTwoWays(c *chain) bool {
	return c.any(func(p *decoders.Packet) bool {
		if p.Tunnel == decoders.TunnelERSPAN && p.VLANCount > 0 {
			return true
		}
		if !p.Layers.Has(decoders.LayerEthernet | decoders.LayerVLAN) {
			return false
		}
		b := p.Data[p.EthOffset:]
		for i := 12; i+2 <= len(b) && i < 32; i += 2 {
			if t := binary.BigEndian.Uint16(b[i:]); t == 0x88a8 || t == 0x9100 {
				return true
			}
		}
		return false
	})
}

// isSubset reports whether the values of a are among those of b.
func isSubset(a, b []string) bool {
	have := maps.Collect(func(yield func(string, bool) bool) {
		for _, v := range b {
			if !yield(v, true) {
				return
			}
		}
	})
	for _, v := range a {
		if !have[v] {
			return false
		}
	}
	return true
}
