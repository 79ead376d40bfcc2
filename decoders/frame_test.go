package decoders

import "testing"

func TestDecodedTellsWhatDecodeRefuses(t *testing.T) {
	d, err := NewDecoder(DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	known := 0
	for link := LinkType(0); link < 512; link++ {
		var p Packet
		refused := d.Decode(&Frame{Data: make([]byte, 64), WireLen: 64, Link: link}, &p) == ReasonLinkType
		if refused == link.Decoded() {
			t.Errorf("link type %d: Decoded %v, refused for its link type %v", link, link.Decoded(), refused)
		}
		if link.Decoded() {
			known++
		}
	}
	if known < 10 {
		t.Errorf("only %d link types are decoded", known)
	}
}
