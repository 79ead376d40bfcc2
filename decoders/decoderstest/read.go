package decoderstest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"spanwatch/decoders"
)

// ErrNotCapture says that a file is neither pcap nor pcapng.
var ErrNotCapture = errors.New("not a capture file")

// maxRecord is what libpcap takes for the largest sane record (MAXIMUM_SNAPLEN).
const maxRecord = 262144

// ReadFile reads the frames of a pcap or pcapng file, at most limit of them
// when limit is above 0. The frames own their bytes. What could be read before
// a fault in the file comes back together with the error.
func ReadFile(path string, limit int) ([]decoders.Frame, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Read(data, limit)
}

// Read is ReadFile for bytes in memory.
func Read(data []byte, limit int) ([]decoders.Frame, error) {
	var source interface {
		ReadPacketData() ([]byte, gopacket.CaptureInfo, error)
	}
	var link func(iface int) (layers.LinkType, error)
	if len(data) >= 4 && binary.BigEndian.Uint32(data) == 0x0a0d0d0a {
		r, err := pcapgo.NewNgReader(bytes.NewReader(data), pcapgo.NgReaderOptions{WantMixedLinkType: true, SkipUnknownVersion: true})
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotCapture, err)
		}
		source = r
		link = func(i int) (layers.LinkType, error) {
			iface, err := r.Interface(i)
			return iface.LinkType, err
		}
	} else {
		r, err := pcapgo.NewReader(bytes.NewReader(oldVersion(data)))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotCapture, err)
		}
		// Files whose records exceed their own snap length exist; other tools
		// read them too.
		r.SetSnaplen(maxRecord)
		source = r
		link = func(int) (layers.LinkType, error) { return r.LinkType(), nil }
	}
	var frames []decoders.Frame
	for limit <= 0 || len(frames) < limit {
		b, info, err := source.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return frames, nil
		}
		if err != nil {
			return frames, fmt.Errorf("frame %d: %w", len(frames)+1, err)
		}
		typ, err := link(info.InterfaceIndex)
		if err != nil {
			return frames, fmt.Errorf("frame %d: %w", len(frames)+1, err)
		}
		frames = append(frames, decoders.Frame{
			Data: b, Timestamp: info.Timestamp.UnixNano(), Number: uint64(len(frames) + 1),
			WireLen: uint32(max(info.Length, len(b))), Link: decoders.LinkType(typ), Interface: uint16(info.InterfaceIndex),
		})
	}
	return frames, nil
}

// oldVersion gives captures of format 2.0 to 2.3, which differ in the order of
// two lengths that are equal in whole frames, the version that pcapgo reads.
func oldVersion(data []byte) []byte {
	if len(data) < 8 {
		return data
	}
	data = bytes.Clone(data)
	switch {
	case data[4] == 2 && data[5] == 0 && data[7] == 0:
		data[6] = 4
	case data[4] == 0 && data[5] == 2 && data[6] == 0:
		data[7] = 4
	}
	return data
}
