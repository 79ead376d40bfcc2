package signatures

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
)

// conversation is a client that sends text in packets, of which some are not
// appended, and chunks of it that become due.
type conversation struct {
	rnd  *rand.Rand
	text []byte
	sent int // bytes that packets had
	due  int // bytes that chunks had
}

// words are what rules look for, and what the text is made of.
var words = []string{"needle", "haystack", "aaaa", "abcdefghijklmnopqrstuvwxyz0123456789", "straw", "zz"}

func newConversation(seed uint64) *conversation {
	c := &conversation{rnd: rand.New(rand.NewPCG(seed, 3))}
	for len(c.text) < 9000 {
		if c.rnd.IntN(12) == 0 {
			c.text = append(c.text, words[c.rnd.IntN(len(words))]...)
		} else {
			c.text = append(c.text, byte('a'+c.rnd.IntN(3)), '.')
		}
	}
	return c
}

// next returns the next packet with what became due with it, nil at the end.
func (c *conversation) next(t *testing.T, f *flow) *Input {
	if c.due == len(c.text) {
		return nil
	}
	n := min(1+c.rnd.IntN(500), len(c.text)-c.sent)
	in := f.input(tcp(t, decoders.TCPAck, string(c.text[c.sent:c.sent+n])), decoders.ToServer)
	in.Established, in.InStream = true, n > 0
	in.Appended, in.Offset = n > 0 && c.rnd.IntN(20) > 0, uint64(c.sent)
	c.sent += n
	for c.due < c.sent && (c.rnd.IntN(4) == 0 || c.sent == len(c.text)) {
		size := 1 + c.rnd.IntN(c.sent-c.due)
		in.Stream = append(in.Stream, StreamChunk{Data: c.text[c.due : c.due+size], Offset: uint64(c.due)})
		c.due += size
	}
	return in
}

// TestWhatPacketsHoldIsFoundInChunks holds the search of packets, and of where
// they meet, against looking at every rule.
func TestWhatPacketsHoldIsFoundInChunks(t *testing.T) {
	var rules strings.Builder
	for k, w := range words {
		fmt.Fprintf(&rules, "alert tcp any any -> any any (content:\"%s\"; sid:%d;)\n", w, k+1)
		fmt.Fprintf(&rules, "alert tcp-pkt any any -> any any (content:\"%s\"; sid:%d;)\n", w, k+100)
		fmt.Fprintf(&rules, "alert tcp any any -> any any (content:\"%s\"; depth:60; sid:%d;)\n", w, k+200)
		fmt.Fprintf(&rules, "alert tcp any any -> any any (content:\"%s\"; startswith; sid:%d;)\n", w, k+300)
	}
	searched, all := load(t, rules.String(), Options{}), load(t, rules.String(), Options{NoPrefilter: true})
	matched, read := 0, 0
	var scanned uint64
	for seed := range uint64(40) {
		a, b := NewInspector(searched, InspectorConfig{}), NewInspector(all, InspectorConfig{})
		var fa, fb flow
		c := newConversation(seed)
		for in := c.next(t, &fa); in != nil; in = c.next(t, &fa) {
			got := sids(a.Inspect(in, nil))
			in.Flow = &fb.state
			want := sids(b.Inspect(in, nil))
			if got != want {
				t.Fatalf("seed %d, up to byte %d: got %q, want %q", seed, c.sent, got, want)
			}
			matched += len(strings.Fields(want))
		}
		scanned += a.Stats().Scanned
		read += len(c.text)
	}
	if matched < 1000 {
		t.Errorf("%d matches", matched)
	}
	// Twice as many when packets and chunks are searched.
	if limit := uint64(read) * 7 / 4; scanned > limit {
		t.Errorf("%d bytes searched, want at most %d", scanned, limit)
	}
}

func TestLedgersAreOfOneFlowDirectionAndRuleset(t *testing.T) {
	rs := load(t, `alert tcp any any -> any any (content:"needle"; sid:1;)`, Options{})
	other := load(t, `alert tcp any any -> any any (content:"other needle"; sid:1;)
alert tcp any any -> any any (content:"needle"; sid:2;)`, Options{})
	packet := func(f *flow, payload string, offset uint64) *Input {
		in := streamInput(t, f, payload, true)
		in.Appended, in.Offset = true, offset
		return in
	}
	chunk := func(f *flow) *Input { return streamInput(t, f, "", false, "a needle") }
	tests := []struct {
		name    string
		between func(*Inspector, *flow) *Input
	}{
		{"another flow in its place", func(i *Inspector, f *flow) *Input {
			i.EndFlow(&f.state)
			in := chunk(f)
			in.FlowStart++
			return in
		}},
		{"the other direction", func(_ *Inspector, f *flow) *Input {
			in := chunk(f)
			in.Dir = decoders.ToClient
			return in
		}},
		{"a flow that was turned round", func(i *Inspector, f *flow) *Input {
			i.TurnFlow(&f.state)
			return chunk(f)
		}},
		{"other rules", func(i *Inspector, f *flow) *Input {
			i.Swap(other)
			return chunk(f)
		}},
		{"a packet that changed the stream", func(i *Inspector, f *flow) *Input {
			i.Inspect(streamInput(t, f, "needle", true), nil)
			return chunk(f)
		}},
		{"a packet somewhere else", func(i *Inspector, f *flow) *Input {
			i.Inspect(packet(f, "needle", 100), nil)
			return chunk(f)
		}},
		{"bytes before the packet", func(i *Inspector, f *flow) *Input {
			i.TurnFlow(&f.state)
			i.Inspect(packet(f, "eedle", 3), nil)
			return chunk(f)
		}},
		{"hidden payload", func(i *Inspector, f *flow) *Input {
			f.state.IgnorePayload()
			i.Inspect(packet(f, "needle", 8), nil)
			return streamInput(t, f, "", false, "01234567needle")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i, f := NewInspector(rs, InspectorConfig{}), &flow{}
			// What the packets held is not what the chunk has: who believes the
			// ledger finds nothing.
			if got := i.Inspect(packet(f, "12345678", 0), nil); len(got) != 0 {
				t.Fatal("match in a packet without it")
			}
			if got := i.Inspect(tt.between(i, f), nil); len(got) != 1 {
				t.Errorf("%d matches, want 1", len(got))
			}
		})
	}
	i, f := NewInspector(rs, InspectorConfig{}), &flow{}
	i.Inspect(packet(f, "12345678", 0), nil)
	before := i.Stats().Scanned
	if got := i.Inspect(chunk(f), nil); len(got) != 0 || i.Stats().Scanned != before {
		t.Errorf("%d matches, %d bytes searched again", len(got), i.Stats().Scanned-before)
	}
}

func TestALedgerThatOverflowsSaysNothing(t *testing.T) {
	var rules, text strings.Builder
	for k := range ledgerHits + 5 {
		fmt.Fprintf(&rules, "alert tcp any any -> any any (content:\"needle%d.\"; sid:%d;)\n", k, k+1)
		fmt.Fprintf(&text, "needle%d.", k)
	}
	rs := load(t, rules.String(), Options{})
	for _, pieces := range []int{1, 2 * ledgerSeams} {
		i, f := NewInspector(rs, InspectorConfig{AlertMax: 1000}), &flow{}
		all := text.String()
		offset := 0
		for n := range pieces {
			part := all[offset : len(all)*(n+1)/pieces]
			in := streamInput(t, f, part, true)
			in.Appended, in.Offset = true, uint64(offset)
			i.Inspect(in, nil)
			offset += len(part)
		}
		got := i.Inspect(streamInput(t, f, "", true, all), nil)
		if len(got) != ledgerHits+5 {
			t.Errorf("%d pieces: %d matches, want %d", pieces, len(got), ledgerHits+5)
		}
	}
	if !slices.ContainsFunc(rs.groups, func(g *packetGroup) bool { return g.pair != nil }) {
		t.Error("no group has a pair")
	}
}
