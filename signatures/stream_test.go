package signatures

import (
	"testing"

	"spanwatch/decoders"
)

// streamInput is a packet of an established session with what became due of
// its stream.
func streamInput(t *testing.T, f *flow, payload string, inStream bool, chunks ...string) *Input {
	in := f.input(tcp(t, decoders.TCPAck, payload), decoders.ToServer)
	in.Established, in.InStream = true, inStream
	offset := uint64(0)
	for _, c := range chunks {
		in.Stream = append(in.Stream, StreamChunk{Data: []byte(c), Offset: offset})
		offset += uint64(len(c))
	}
	return in
}

func TestRulesOnStreamsAndPackets(t *testing.T) {
	const (
		stream       = `tcp any any -> any any (content:"needle";`
		packetStream = `tcp any any -> any any (content:"needle"; depth:8;`
		onPacket     = `tcp-pkt any any -> any any (content:"needle";`
		onlyStream   = `tcp-stream any any -> any any (content:"needle"; depth:8;`
		negated      = `tcp any any -> any any (content:!"needle";`
	)
	tests := []struct {
		name, rule, payload string
		inStream            bool
		chunks              []string
		want, fromStream    bool
	}{
		{"stream rule in a chunk", stream, "", true, []string{"a needle"}, true, true},
		{"stream rule in the second chunk", stream, "", true, []string{"hay", "a needle"}, true, true},
		{"stream rule over two chunks", stream, "", true, []string{"a nee", "dle"}, false, false},
		{"stream rule on a packet that is in the stream", stream, "a needle", true, nil, false, false},
		{"stream rule on a packet that is not", stream, "a needle", false, nil, true, false},
		{"stream rule on such a packet beside a chunk", stream, "a needle", false, []string{"hay"}, true, false},
		{"stream rule without bytes", negated, "", true, nil, false, false},
		{"negated content on a chunk", negated, "", true, []string{"hay"}, true, true},
		{"negated content on a packet in the stream", negated, "hay", true, nil, false, false},
		{"one chunk without it is enough", negated, "", true, []string{"needle", "hay"}, true, true},
		{"positions count from the chunk", packetStream, "", true, []string{"0123456789", "a needle"}, true, true},
		{"packet and stream rule in the chunk", packetStream, "hay", true, []string{"a needle"}, true, true},
		{"packet and stream rule in the packet", packetStream, "a needle", true, nil, true, false},
		{"packet and stream rule, chunk fails", packetStream, "a needle", true, []string{"0123456789needle"}, true, false},
		{"packet and stream rule nowhere in position", packetStream, "012345needle", true, []string{"012345needle"}, false, false},
		{"packet rule in the packet", onPacket, "a needle", true, nil, true, false},
		{"packet rule does not see chunks", onPacket, "hay", true, []string{"a needle"}, false, false},
		{"tcp-stream with depth, packet in the stream", onlyStream, "a needle", true, nil, false, false},
		{"tcp-stream with depth", onlyStream, "", true, []string{"a needle"}, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, off := range []bool{false, true} {
				rs := load(t, "alert "+tt.rule+" sid:1;)", Options{NoPrefilter: off})
				got := NewInspector(rs, InspectorConfig{}).Inspect(streamInput(t, &flow{}, tt.payload, tt.inStream, tt.chunks...), nil)
				if (len(got) == 1) != tt.want || len(got) > 1 {
					t.Fatalf("prefilter %v: %d matches, want %v", !off, len(got), tt.want)
				}
				if tt.want && got[0].Stream != tt.fromStream {
					t.Errorf("prefilter %v: from stream %v, want %v", !off, got[0].Stream, tt.fromStream)
				}
			}
		})
	}
}

func TestPseudoPacketsAreForStreamsOnly(t *testing.T) {
	rs := load(t, `
alert tcp any any -> any any (content:"needle"; sid:1;)
alert tcp any any -> any any (flow:to_server; sid:2;)
alert ip !192.0.2.200 any -> any any (sid:3;)
alert pkthdr any any -> any any (stream-event:fin_syn; sid:4;)
alert tcp any any -> any any (flags:A; sid:5;)
`, Options{})
	in := streamInput(t, &flow{}, "", true, "needle")
	in.StreamEvents.Add(decoders.StreamEventFinSyn)
	if got := sids(NewInspector(rs, InspectorConfig{}).Inspect(in, nil)); got != "1 2 3 4 5" {
		t.Errorf("real packet: %q", got)
	}
	in.Pseudo = true
	if got := sids(NewInspector(rs, InspectorConfig{}).Inspect(in, nil)); got != "1" {
		t.Errorf("pseudo packet: %q", got)
	}
}

func TestStreamEventsAndSizes(t *testing.T) {
	tests := []struct {
		rule string
		want bool
	}{
		{"stream-event:est_packet_out_of_window;", true},
		{"engine-event:stream.est_packet_out_of_window;", true},
		{"stream-event:fin_syn;", false},
		{"app-layer-event:applayer_wrong_direction_first_data;", true},
		{"app-layer-event:applayer_detect_protocol_only_one_direction;", false},
		{"stream_size:server,=,7;", true},
		{"stream_size:server,<,7;", false},
		{"stream_size:client,>=,100;", true},
		{"stream_size:both,>,7;", false},
		{"stream_size:either,>,7;", true},
		{"stream_size:server,!=,7;", false},
	}
	for _, tt := range tests {
		in := streamInput(t, &flow{}, "x", true)
		in.StreamEvents.Add(decoders.StreamEventEstPacketOutOfWindow)
		in.AppEvents.Add(1)
		in.StreamSize = [2]uint32{decoders.ToServer: 100, decoders.ToClient: 7}
		rs := load(t, "alert tcp any any -> any any ("+tt.rule+" sid:1;)", Options{})
		if got := NewInspector(rs, InspectorConfig{}).Inspect(in, nil); (len(got) == 1) != tt.want {
			t.Errorf("%s: %d matches, want %v", tt.rule, len(got), tt.want)
		}
		in.StreamSize = [2]uint32{}
		if got := NewInspector(load(t, "alert tcp any any -> any any (stream_size:server,<,9; sid:1;)", Options{}), InspectorConfig{}).Inspect(in, nil); len(got) != 0 {
			t.Error("stream_size matches without a session")
		}
	}
}

func TestStreamPassesTheFlow(t *testing.T) {
	rules := `
pass tcp any any -> any any (content:"pass"; depth:9; sid:1;)
alert tcp any any -> any any (content:"x"; sid:2;)`
	for _, tt := range []struct {
		name, payload, chunk string
		passed               bool
	}{
		{"a match in the stream", "", "pass", true},
		{"a match in the packet", "pass", "", false},
	} {
		f := &flow{}
		in := NewInspector(load(t, rules, Options{}), InspectorConfig{})
		in.Inspect(streamInput(t, f, tt.payload, true, tt.chunk), nil)
		if f.state.Passed() != tt.passed {
			t.Errorf("%s: flow passed %v, want %v", tt.name, f.state.Passed(), tt.passed)
		}
	}
}
