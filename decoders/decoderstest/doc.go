// Package decoderstest makes and reads packets for tests.
//
// Build takes layers from the outside in and returns a frame with right
// lengths, types and checksums:
//
//	frame := decoderstest.Build(
//		decoderstest.Ether{},
//		decoderstest.VLAN{ID: 7},
//		decoderstest.IP4{Src: "192.0.2.1", Dst: "192.0.2.2"},
//		decoderstest.TCP{Src: 40000, Dst: 80, Flags: decoders.TCPSyn},
//		decoderstest.Bytes("hello"),
//	)
//
// A wrong value is asked for by name where a layer has a field for it, or
// written into the finished bytes. ReadFile and Captures read capture files.
//
// Everything here panics or fails the test on a mistake of the caller; nothing
// of it belongs into the sensor.
package decoderstest
