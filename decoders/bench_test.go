package decoders_test

import (
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"spanwatch/decoders"
	"spanwatch/decoders/decoderstest"
)

// benchFrames are what most of real traffic is made of.
func benchFrames() []*decoders.Frame {
	var out []*decoders.Frame
	for _, b := range [][]byte{
		decoderstest.Build(decoderstest.Ether{}, decoderstest.IP4{DF: true},
			decoderstest.TCP{Src: 40000, Dst: 443, Flags: decoders.TCPAck, Options: timestampOption}, decoderstest.Zeros(1400)),
		decoderstest.Build(decoderstest.Ether{}, decoderstest.IP4{DF: true},
			decoderstest.TCP{Src: 443, Dst: 40000, Flags: decoders.TCPAck}),
		decoderstest.Build(decoderstest.Ether{}, decoderstest.IP4{}, decoderstest.UDP{Src: 50000, Dst: 53}, decoderstest.Zeros(40)),
		decoderstest.Build(decoderstest.Ether{}, decoderstest.VLAN{ID: 7}, decoderstest.IP4{},
			decoderstest.UDP{Src: 50000, Dst: 443}, decoderstest.Zeros(1200)),
		decoderstest.Build(decoderstest.Ether{}, decoderstest.IP6{},
			decoderstest.TCP{Src: 40001, Dst: 443, Flags: decoders.TCPAck, Options: timestampOption}, decoderstest.Zeros(900)),
	} {
		out = append(out, decoderstest.Frame(b))
	}
	return out
}

const timestampOption = "\x01\x01\x08\x0a\x00\x00\x00\x01\x00\x00\x00\x02"

func BenchmarkDecode(b *testing.B) {
	for _, mode := range []decoders.ChecksumMode{decoders.ChecksumsOff, decoders.ChecksumsOn} {
		cfg := decoders.DefaultConfig()
		cfg.Checksums = mode
		d, err := decoders.NewDecoder(cfg)
		if err != nil {
			b.Fatal(err)
		}
		name := map[decoders.ChecksumMode]string{decoders.ChecksumsOff: "", decoders.ChecksumsOn: "+checksums"}[mode]
		b.Run("hot"+name, func(b *testing.B) {
			frames := benchFrames()
			var p decoders.Packet
			b.ReportAllocs()
			for i := 0; b.Loop(); {
				d.Decode(frames[i], &p)
				if i++; i == len(frames) {
					i = 0
				}
			}
		})
		b.Run("cold"+name, func(b *testing.B) {
			frames := coldFrames(b)
			var p decoders.Packet
			b.ReportAllocs()
			for i := 0; b.Loop(); {
				d.Decode(&frames[i], &p)
				if i++; i == len(frames) {
					i = 0
				}
			}
		})
	}
	b.Run("gopacket-hot", func(b *testing.B) {
		frames := benchFrames()
		parse := gopacketParser()
		b.ReportAllocs()
		for i := 0; b.Loop(); {
			parse(frames[i].Data)
			if i++; i == len(frames) {
				i = 0
			}
		}
	})
	b.Run("gopacket-cold", func(b *testing.B) {
		frames := coldFrames(b)
		parse := gopacketParser()
		b.ReportAllocs()
		for i := 0; b.Loop(); {
			parse(frames[i].Data)
			if i++; i == len(frames) {
				i = 0
			}
		}
	})
}

// coldFrames are copies of benchFrames all over 128 MiB, more than any cache.
func coldFrames(b *testing.B) []decoders.Frame {
	b.Helper()
	hot := benchFrames()
	var arena []byte
	var frames []decoders.Frame
	arena = make([]byte, 0, 128<<20)
	for i := 0; cap(arena)-len(arena) > 2048; i++ {
		f := *hot[i%len(hot)]
		start := len(arena)
		arena = append(arena, f.Data...)
		f.Data = arena[start:len(arena):len(arena)]
		frames = append(frames, f)
	}
	return frames
}

func gopacketParser() func([]byte) {
	var eth layers.Ethernet
	var vlan layers.Dot1Q
	var ip4 layers.IPv4
	var ip6 layers.IPv6
	var tcp layers.TCP
	var udp layers.UDP
	var payload gopacket.Payload
	parser := gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &eth, &vlan, &ip4, &ip6, &tcp, &udp, &payload)
	parser.IgnoreUnsupported = true
	var decoded []gopacket.LayerType
	return func(data []byte) {
		if err := parser.DecodeLayers(data, &decoded); err != nil {
			panic(err)
		}
	}
}
