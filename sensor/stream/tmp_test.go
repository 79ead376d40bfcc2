package stream

import (
	"net/netip"
	"testing"

	"spanwatch/decoders"
)

func TestTmp(t *testing.T) {
	var frames []decoders.Frame
	k := newTalk()
	cfg := DefaultConfig()
	cfg.Hosts = oraclePolicies()
	scripts := [][]piece{
		{syn, synAck, lastAck, {from: 'c', flags: "RA", seq: 1, ack: 1}, {from: 'c', flags: "PA", seq: 1, ack: 1, data: "abcdef"}},
		{syn, synAck, synAck, lastAck, {from: 'c', flags: "RA", seq: 1, ack: 1}, {from: 'c', flags: "PA", seq: 1, ack: 1, data: "abcdef"}},
		{syn, synAck, {from: 'c', flags: "RA", seq: 1, ack: 1}, {from: 'c', flags: "PA", seq: 1, ack: 1, data: "abcdef"}},
		{syn, synAck, {from: 's', flags: "RA", seq: 1, ack: 1}, {from: 's', flags: "PA", seq: 1, ack: 1, data: "abcdef"}},
		then(talked, piece{from: 'c', flags: "RA", seq: 11, ack: 11}, piece{from: 'c', flags: "PA", seq: 11, ack: 11, data: "abcdef"}),
		then(talked, piece{from: 'c', flags: "RA", seq: 11, ack: 11, win: 8192}, piece{from: 'c', flags: "PA", seq: 11, ack: 11, data: "abcdef", win: 8192}),
		then(talked, piece{from: 'c', flags: "R", seq: 11}, piece{from: 'c', flags: "PA", seq: 11, ack: 11, data: "abcdef"}),
		then(talked, piece{from: 's', flags: "RA", seq: 11, ack: 11}, piece{from: 's', flags: "PA", seq: 11, ack: 11, data: "abcdef"}),
		then(clientFin, piece{from: 'c', flags: "RA", seq: 12, ack: 11}, piece{from: 'c', flags: "PA", seq: 11, ack: 11, data: "abcdef"}),
		{syn, synAck, lastAck, {from: 'c', flags: "RA", seq: 1, ack: 1}, {from: 's', flags: "PA", seq: 1, ack: 1, data: "abcdef"}},
	}
	for i, s := range scripts {
		k.client = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 4, 1}), uint16(1000+i))
		k.server = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, 4, 2}), oraclePort)
		for _, p := range s {
			frames = append(frames, k.frame(p))
		}
	}
	want, got := ask(t, frames, &cfg), tell(t, frames, cfg)
	n := uint64(0)
	for i, s := range scripts {
		for _, p := range s {
			n++
			t.Log(p, got.events[n], "|", want.events[n])
		}
		t.Log("  state", got.states[uint16(1000+i)], "|", want.states[uint16(1000+i)])
	}
}
