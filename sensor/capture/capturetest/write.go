// Package capturetest writes small capture files for tests: frames in, a pcap
// file out.
package capturetest

import (
	"encoding/binary"
	"os"

	"spanwatch/decoders"
	"spanwatch/sensor/capture/pcapfile"
)

// WritePcap writes frames, all taken to be of link, as a little-endian pcap file
// with nanosecond time stamps. Data, Timestamp and WireLen are what it stores; a
// WireLen of 0 becomes the length of Data.
func WritePcap(path string, link decoders.LinkType, frames []decoders.Frame) error {
	return os.WriteFile(path, AppendPcap(nil, link, frames), 0o644)
}

// AppendPcap appends to dst what WritePcap writes.
func AppendPcap(dst []byte, link decoders.LinkType, frames []decoders.Frame) []byte {
	le := binary.LittleEndian
	dst = pcapfile.AppendHeader(dst, link)
	for i := range frames {
		f := &frames[i]
		dst = le.AppendUint32(dst, uint32(f.Timestamp/1e9))
		dst = le.AppendUint32(dst, uint32(f.Timestamp%1e9))
		dst = le.AppendUint32(dst, uint32(len(f.Data)))
		dst = le.AppendUint32(dst, max(f.WireLen, uint32(len(f.Data))))
		dst = append(dst, f.Data...)
	}
	return dst
}
