//go:build cgo

package capture

import (
	"fmt"
	"os"

	"github.com/google/gopacket/pcap"

	"spanwatch/decoders"
	"spanwatch/sensor/capture/pcapfile"
)

// compileFilter has libpcap compile a filter expression for frames of a link type.
//
// gopacket's CompileBPFFilter takes link types of eight bits only, too few for
// Linux cooked capture v2 (276), and as numbers of DLT_ rather than LINKTYPE_. So
// libpcap is given a capture without frames to read, through a pipe, and finds
// out by itself.
func compileFilter(link decoders.LinkType, expression string) (program, error) {
	h, err := openEmpty(link)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	raw, err := h.CompileBPFFilter(expression)
	if err != nil {
		return nil, err
	}
	p := make(program, len(raw))
	for i, in := range raw {
		p[i] = instruction{op: in.Code, jt: in.Jt, jf: in.Jf, k: in.K}
	}
	return p, nil
}

// openEmpty opens a capture without frames. The header fits the buffer of a pipe,
// so nobody waits; libpcap opens the pipe a second time by name, and so owns the
// descriptor that it closes.
func openEmpty(link decoders.LinkType) (*pcap.Handle, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	defer w.Close()
	if link == decoders.LinkRawOBSD {
		link = decoders.LinkRaw // the same frames; 14 is known to OpenBSD's libpcap only
	}
	if _, err := w.Write(pcapfile.AppendHeader(nil, link)); err != nil {
		return nil, err
	}
	h, err := pcap.OpenOffline(fmt.Sprintf("/dev/fd/%d", r.Fd()))
	if err != nil {
		return nil, fmt.Errorf("libpcap: %w", err)
	}
	return h, nil
}
