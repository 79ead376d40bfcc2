package decoders

// Config is what Decode can be told.
type Config struct {
	// UDP destination (or source) ports of tunnels. Empty switches a tunnel off.
	VXLANPorts, GenevePorts, GTPUPorts, TeredoPorts []uint16
	MaxDepth                                        int          // tunnels that DecodeInner follows
	Checksums                                       ChecksumMode // what is computed
}

// ChecksumMode says which checksums are computed.
type ChecksumMode uint8

// Checksum modes.
const (
	ChecksumsOff ChecksumMode = iota // compute none
	ChecksumsOn                      // compute those of IPv4, TCP, UDP, ICMP where all bytes were captured
)

// Decoder decodes frames. One goroutine at a time.
type Decoder struct{}

// NewDecoder checks the configuration.
func NewDecoder(cfg Config) (*Decoder, error) { return &Decoder{}, nil }

// Decode decodes the outermost packet of f into p and returns p.Refused.
func (d *Decoder) Decode(f *Frame, p *Packet) Reason { return ReasonLinkType }

// DecodeInner decodes the packet that outer carries (outer.Inner is not
// TunnelNone) into inner. inner.Data aliases outer.Data.
func (d *Decoder) DecodeInner(outer, inner *Packet) Reason { return ReasonTruncated }

// DecodeRebuilt decodes a reassembled datagram, which starts with its IP
// header; link-layer fields (VLANs, interface, tunnel, number) come from last,
// the fragment that completed it.
func (d *Decoder) DecodeRebuilt(datagram []byte, last, p *Packet) Reason { return ReasonTruncated }
