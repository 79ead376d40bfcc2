//go:build linux

package netnstest

import (
	"encoding/binary"
	"fmt"

	"spanwatch/decoders/decoderstest"
)

// UDPFlows returns one Ethernet frame of an IPv4 UDP flow each, all between the
// same two hosts if oneHost is set, else from as many hosts. size is the length
// of a frame in bytes, without checksum. The payload begins with the number of
// the flow (see FlowOf).
func UDPFlows(flows, size int, oneHost bool) [][]byte {
	const headers = 14 + 20 + 8
	frames := make([][]byte, flows)
	for i := range frames {
		src := "10.0.0.1"
		if !oneHost {
			src = fmt.Sprintf("10.%d.%d.%d", i>>16&0xff, i>>8&0xff, i&0xff)
		}
		payload := make([]byte, max(size-headers, 8))
		binary.BigEndian.PutUint64(payload, uint64(i))
		frames[i] = decoderstest.Build(
			decoderstest.Ether{},
			decoderstest.IP4{Src: src, Dst: "192.0.2.1"},
			decoderstest.UDP{Src: uint16(1024 + i%60000), Dst: 9},
			decoderstest.Bytes(payload))
	}
	return frames
}

// FlowOf returns the number of the flow a frame of UDPFlows belongs to.
func FlowOf(frame []byte) int {
	return int(binary.BigEndian.Uint64(frame[14+20+8:]))
}
