package main

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"
)

func TestArrivals(t *testing.T) {
	now := time.Unix(1700000000, 0)
	for _, c := range []struct {
		name   string
		faults wireFaults
		want   []time.Duration
	}{
		{"perfect wire", wireFaults{}, []time.Duration{0}},
		{"long wire", wireFaults{delay: time.Second}, []time.Duration{time.Second}},
		{"cut wire", wireFaults{loss: 1}, nil},
		{"echoing wire", wireFaults{duplicate: 1}, []time.Duration{0, 0}},
		{"late frames", wireFaults{delay: time.Second, jitter: time.Minute, reorder: 1}, []time.Duration{time.Second + time.Minute}},
		{"jitter without reorder changes nothing", wireFaults{jitter: time.Minute}, []time.Duration{0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []time.Duration
			for _, due := range c.faults.arrivals(now, rand.New(rand.NewPCG(1, 0))) {
				got = append(got, due.Sub(now))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestLossIsAsOftenAsSaid(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 0))
	lost := 0
	for range 10000 {
		if len((wireFaults{loss: 0.03}).arrivals(time.Time{}, random)) == 0 {
			lost++
		}
	}
	if lost < 200 || lost > 400 {
		t.Errorf("lost %d of 10000 frames, want about 300", lost)
	}
}

func TestEncapsulationsUnwrapWhatTheyWrap(t *testing.T) {
	packets := map[string][]byte{
		"IPv4": append([]byte{0x45, 0, 0, 28}, make([]byte, 24)...),
		"IPv6": append([]byte{0x60}, make([]byte, 47)...),
	}
	outer := append([]byte{0x45}, make([]byte, 19)...)
	for _, c := range []struct {
		kind   string
		raw    bool // the socket delivers the outer IPv4 header
		header []byte
		of     string
	}{
		{"ipip", true, nil, "IPv4"},
		{"6in4", true, nil, "IPv6"},
		{"gre", true, []byte{0, 0, 0x08, 0x00}, "IPv4"},
		{"gre", true, []byte{0, 0, 0x86, 0xdd}, "IPv6"},
		{"gtpu", false, []byte{0x30, 0xff, 0, 28, 0, 0, 0x53, 0x57}, "IPv4"},
		{"pppoe", false, []byte{0x11, 0, 0, 7, 0, 50, 0, 0x57}, "IPv6"},
	} {
		t.Run(c.kind+" "+c.of, func(t *testing.T) {
			enc, ok := encapOf(c.kind)
			if !ok {
				t.Fatal("no such kind")
			}
			packet := packets[c.of]
			datagram := enc.wrap(nil, packet)
			if want := append(bytes.Clone(c.header), packet...); !bytes.Equal(datagram, want) {
				t.Fatalf("wrapped: got %x, want %x", datagram, want)
			}
			if c.raw {
				datagram = append(bytes.Clone(outer), datagram...)
			}
			if got := enc.unwrap(datagram); !bytes.Equal(got, packet) {
				t.Errorf("unwrapped: got %x, want %x", got, packet)
			}
			for n := range len(datagram) {
				if got := enc.unwrap(datagram[:n]); len(got) > n {
					t.Errorf("%d bytes became %d", n, len(got))
				}
			}
		})
	}
}

func TestEncapsulationsLeaveTheOtherVersionAlone(t *testing.T) {
	v4, v6 := []byte{0x45, 0}, []byte{0x60, 0}
	ipip, _ := encapOf("ipip")
	if got := ipip.wrap(nil, v6); got != nil {
		t.Errorf("protocol 4 carried IPv6: %x", got)
	}
	sixInFour, _ := encapOf("6in4")
	if got := sixInFour.wrap(nil, v4); got != nil {
		t.Errorf("protocol 41 carried IPv4: %x", got)
	}
}

func TestOpenCarrierRefusesAnUnknownKind(t *testing.T) {
	addr := netip.MustParseAddr("127.0.0.1")
	if _, _, err := openCarrier("smoke signals", "lo", addr, addr); err == nil {
		t.Error("opened")
	}
}
