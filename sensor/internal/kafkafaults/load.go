package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"time"

	"spanwatch/decoders"
	"spanwatch/sensor/capture/capturetest"
)

// The load is DNS, of which every exchange makes two records and, a second
// later, a flow; one query in twenty also makes an alert.
const (
	loadTime      = 6 * time.Second
	exchanges     = 900 // a second
	alertEvery    = 20
	loadClients   = 200
	answerAfter   = time.Millisecond
	loadRule      = `alert dns any any -> any any (msg:"a name of the test"; dns.query; content:"alarm"; sid:7000001; rev:1;)`
	ethernetBytes = 14
	ipv4Bytes     = 20
	udpBytes      = 8
)

// makeLoad writes the capture and the rule for it.
func makeLoad(capture, rules string) error {
	start := time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC).UnixNano()
	var frames []decoders.Frame
	step := time.Second / exchanges
	for i := range int(loadTime / step) {
		name := "quiet"
		if i%alertEvery == 0 {
			name = "alarm"
		}
		at := start + int64(i)*int64(step)
		frames = append(frames,
			decoders.Frame{Timestamp: at, Data: dnsFrame(i, name, false)},
			decoders.Frame{Timestamp: at + int64(answerAfter), Data: dnsFrame(i, name, true)})
	}
	if err := capturetest.WritePcap(capture, decoders.LinkEthernet, frames); err != nil {
		return err
	}
	return os.WriteFile(rules, []byte(loadRule+"\n"), 0o644)
}

// dnsFrame is the query i or the answer to it.
func dnsFrame(i int, name string, answer bool) []byte {
	be := binary.BigEndian
	label := fmt.Sprintf("host-%d-with-a-long-name", i)
	dns := be.AppendUint16(nil, uint16(i))
	flags, answers := uint16(0x0100), uint16(0)
	if answer {
		flags, answers = 0x8180, 1
	}
	for _, v := range []uint16{flags, 1, answers, 0, 0} {
		dns = be.AppendUint16(dns, v)
	}
	for _, l := range []string{label, name, "test"} {
		dns = append(append(dns, byte(len(l))), l...)
	}
	dns = append(dns, 0, 0, 1, 0, 1) // root, A, IN
	if answer {
		dns = append(dns, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, byte(i))
	}
	client, server := [4]byte{10, 1, byte(i % loadClients >> 8), byte(i % loadClients)}, [4]byte{10, 2, 0, 53}
	src, dst, sport, dport := client, server, uint16(10000+i%50000), uint16(53)
	if answer {
		src, dst, sport, dport = dst, src, dport, sport
	}
	f := make([]byte, ethernetBytes, ethernetBytes+ipv4Bytes+udpBytes+len(dns))
	f[5], f[11], f[12] = 1, 2, 0x08
	ip := []byte{0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17, 0, 0}
	be.PutUint16(ip[2:], uint16(ipv4Bytes+udpBytes+len(dns)))
	ip = append(append(ip, src[:]...), dst[:]...)
	be.PutUint16(ip[10:], checksum(ip))
	f = append(f, ip...)
	f = be.AppendUint16(f, sport)
	f = be.AppendUint16(f, dport)
	f = be.AppendUint16(f, uint16(udpBytes+len(dns)))
	f = append(f, 0, 0) // no checksum
	return append(f, dns...)
}

func checksum(b []byte) uint16 {
	sum := uint32(0)
	for i := 0; i < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}
