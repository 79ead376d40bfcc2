package pipeline

import (
	"testing"

	"spanwatch/decoders"
	"spanwatch/signatures"
)

func TestPayloadOfAStreamSaysWhatWasLost(t *testing.T) {
	chunk := func(offset uint64, data string) signatures.StreamChunk {
		return signatures.StreamChunk{Offset: offset, Data: []byte(data)}
	}
	for _, tt := range []struct {
		chunks []signatures.StreamChunk
		want   string
	}{
		{nil, ""},
		{[]signatures.StreamChunk{chunk(9, "one")}, "one"},
		{[]signatures.StreamChunk{chunk(0, "VERY"), chunk(8, "DATA")}, "VERY[4 bytes missing]DATA"},
		{[]signatures.StreamChunk{chunk(5, "a"), chunk(6, "b"), chunk(30, "c")}, "ab[23 bytes missing]c"},
	} {
		var m eventMaker
		if got := m.streamPayload(&signatures.Input{Packet: &decoders.Packet{}, Stream: tt.chunks}); string(got) != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
