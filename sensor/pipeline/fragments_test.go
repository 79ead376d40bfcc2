package pipeline

import (
	"strings"
	"testing"
)

// TestFragmentsAreSearchedWhenTheyAreWhole: the payload of a datagram is that
// of all its fragments, and none of one of them.
func TestFragmentsAreSearchedWhenTheyAreWhole(t *testing.T) {
	r := replay(t, `alert udp any any -> any any (msg:"any payload"; isdataat:0; sid:1;)
alert ip any any -> any any (msg:"fragment"; fragbits:M; sid:2;)
`, nil, "../../testdata/pcap/fragments.pcap")
	whole := 0
	for _, line := range r.lines() {
		if !strings.Contains(line, `"signature_id":1,`) {
			continue
		}
		if !strings.Contains(line, `"src_port"`) {
			t.Errorf("an alert on a fragment: %s", line)
		}
		whole++
	}
	if fragments := strings.Count(string(r.text), `"signature_id":2,`); whole == 0 || fragments == 0 {
		t.Errorf("%d alerts on datagrams, %d on fragments", whole, fragments)
	}
}

func TestOnlyStreamsOfTCPAreStreams(t *testing.T) {
	r := replay(t, `alert ip any any -> any any (msg:"stream"; flow:only_stream; isdataat:0; sid:1;)
`, nil, "../../testdata/pcap/office.pcapng")
	for _, line := range r.lines() {
		if strings.Contains(line, `"signature_id":1,`) && !strings.Contains(line, `"proto":"TCP"`) {
			t.Errorf("an alert on the stream of what has none: %s", line)
			break
		}
	}
}
