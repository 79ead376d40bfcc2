package flow

import (
	"testing"
	"time"

	"spanwatch/decoders"
)

// kernelTable is a table that the kernel tells what it counts.
func kernelTable(t *testing.T, change func(*Config)) *watched {
	t.Helper()
	return newWatched(t, func(c *Config) {
		c.Kernel = true
		if change != nil {
			change(c)
		}
	})
}

// told is what the kernel counts of the flow that p belongs to.
func told(p *decoders.Packet, packets, bytes uint64) *Counted {
	c := &Counted{First: p.Timestamp, Last: p.Timestamp}
	dir := 0
	if p.FlowKey(&c.Key) {
		dir = 1
	}
	c.Packets[dir], c.Bytes[dir], c.FirstDir = packets, bytes, uint8(dir)
	return c
}

// both offers c to a table, and has it adopt the rest, as after a round.
func both(w *watched, c *Counted) {
	w.Offer(c, 0)
	if !c.Taken() {
		w.Adopt(c)
	}
	w.EndRound()
}

func TestWhatTheKernelSawMoreIsCountedAndTold(t *testing.T) {
	w := kernelTable(t, nil)
	p := udp("10.0.0.1:1", "10.0.0.2:2", 0)
	f, _ := w.Update(p)
	size := uint64(p.WireLen)
	both(w, told(p, 5, 5*size))
	if f.Packets[0] != 5 || w.Totals(f).WireBytes[0] != 5*size || w.Totals(f).UnseenPackets[0] != 4 || w.Totals(f).UnseenBytes[0] != 4*size || f.Flags&FlagCounted == 0 {
		t.Errorf("%d packets, %d bytes, unseen %d, %d", f.Packets[0], w.Totals(f).WireBytes[0], w.Totals(f).UnseenPackets[0], w.Totals(f).UnseenBytes[0])
	}
	if s := w.Stats(); s.Packets != 5 || s.UnseenPackets != 4 || s.ToldPackets != 5 || s.ToldBytes != 5*size || s.UnsettledPackets != 0 {
		t.Errorf("%+v", s)
	}
}

func TestPacketsThatTheKernelTellsLaterAreNotLost(t *testing.T) {
	w := kernelTable(t, nil)
	p := udp("10.0.0.1:1", "10.0.0.2:2", 0)
	size := uint64(p.WireLen)
	var f *Flow
	for range 7 {
		f, _ = w.Update(p)
	}
	both(w, told(p, 3, 3*size))
	both(w, told(p, 4, 4*size))
	if f.Packets[0] != 7 || w.Totals(f).UnseenPackets[0] != 0 {
		t.Errorf("%d packets, %d unseen", f.Packets[0], w.Totals(f).UnseenPackets[0])
	}
}

func TestAFlowThatOnlyTheKernelSawIsAFlow(t *testing.T) {
	w := kernelTable(t, nil)
	p := udp("10.0.0.2:53", "10.0.0.1:9", 1)
	both(w, told(p, 3, 300))
	w.Close()
	f := w.ended[0]
	client, port := f.Client()
	if client.Netip(4).String() != "10.0.0.2" || port != 53 || f.Flags&FlagKernelOnly == 0 || f.Packets != [2]uint64{3, 0} || f.UnseenBytes != [2]uint64{300, 0} {
		t.Errorf("client %v:%d, %+v", client.Netip(4), port, f)
	}
	if s := w.Stats(); s.KernelOnly != 1 || s.Packets != s.ToldPackets {
		t.Errorf("%+v", s)
	}
}

func TestAFlowThatIsSeenLaterKeepsWhatTheKernelTold(t *testing.T) {
	w := kernelTable(t, nil)
	p := udp("10.0.0.1:1", "10.0.0.2:2", 1)
	size := uint64(p.WireLen)
	both(w, told(p, 3, 3*size))
	f, _ := w.Update(p)
	both(w, told(p, 1, size))
	if f.Packets[0] != 4 || w.Totals(f).UnseenPackets[0] != 3 || f.Flags&FlagKernelOnly != 0 || f.MinTTL[0] != p.TTL || f.MaxTTL[0] != p.TTL {
		t.Errorf("%d packets, %d unseen, TTL %d to %d", f.Packets[0], w.Totals(f).UnseenPackets[0], f.MinTTL[0], f.MaxTTL[0])
	}
}

func TestPacketsOfAnEndedFlowDoNotCountTwice(t *testing.T) {
	w := kernelTable(t, nil)
	p := udp("10.0.0.1:1", "10.0.0.2:2", 0)
	size := uint64(p.WireLen)
	w.Update(p)
	w.Update(p)
	w.Advance(p.Timestamp + int64(time.Minute)) // ends it before the kernel told
	both(w, told(p, 3, 3*size))                 // of which one was lost
	w.Close()
	if s := w.Stats(); s.Packets != 3 || s.ToldPackets != 3 || s.UnseenPackets != 1 || s.UnsettledPackets != 0 || s.Started != 2 {
		t.Errorf("%+v", s)
	}
}

func TestWhatTheKernelNeverTellsIsGivenUpAndCounted(t *testing.T) {
	w := kernelTable(t, nil)
	p := udp("10.0.0.1:1", "10.0.0.2:2", 0)
	w.Update(p)
	w.Advance(p.Timestamp + int64(time.Minute))
	for range 3 {
		w.EndRound()
	}
	if s := w.Stats(); s.UnsettledPackets != 1 || s.UnsettledBytes != uint64(p.WireLen) || w.owed.has(&decoders.FlowKey{}) {
		t.Errorf("%+v", s)
	}
}

func TestEachWorkerTakesWhatItHasSeenOfAFlow(t *testing.T) {
	a, b := kernelTable(t, nil), kernelTable(t, nil)
	p := udp("10.0.0.1:1", "10.0.0.2:2", 0)
	size := uint64(p.WireLen)
	for range 2 {
		a.Update(p)
	}
	for range 3 {
		b.Update(p)
	}
	c := told(p, 6, 6*size) // one was lost
	a.Offer(c, 0)
	b.Offer(c, 1)
	if _, ok := c.Knows(); !ok || c.Packets != [2]uint64{1, 0} {
		t.Fatalf("left %v", c.Packets)
	}
	a.Adopt(c)
	a.Close()
	b.Close()
	s, other := a.Stats(), b.Stats()
	s.Add(&other)
	if s.Packets != 6 || s.ToldPackets != 6 || s.ToldBytes != 6*size || s.UnseenPackets != 1 || s.UnsettledPackets != 0 {
		t.Errorf("%+v", s)
	}
}

func TestFragmentsAreTheKernelsFlowWithoutPorts(t *testing.T) {
	w := kernelTable(t, nil)
	p := udp("10.0.0.1:1", "10.0.0.2:2", 0)
	p.Rebuilt = true
	f, dir := w.Update(p)
	w.AddFragments(f, dir, 3, 3000)
	pieces := udp("10.0.0.1:0", "10.0.0.2:0", 0)
	both(w, told(pieces, 4, 4000)) // one came to nothing
	w.Close()
	if s := w.Stats(); s.Packets != 4 || s.ToldPackets != 4 || s.UnseenPackets != 1 || s.UnsettledPackets != 0 || s.Started != 2 {
		t.Errorf("%+v", s)
	}
}
