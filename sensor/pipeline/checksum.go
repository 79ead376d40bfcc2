package pipeline

import "spanwatch/decoders"

// Packets over which checksums: auto makes up its mind, and the share of wrong
// ones (one in checksumAutoShare) from which on it takes the capturing host's
// network card to have been asked to fill them in (the rule of Suricata's
// -k auto).
const (
	checksumAutoPackets = 1000
	checksumAutoShare   = 10
)

// checksumPolicy says whether packets with a wrong checksum, which the
// receiving host will not read either, are kept from parsers.
type checksumPolicy struct {
	enforced  bool
	auto      bool
	seen, bad int
}

func newChecksumPolicy(mode string) checksumPolicy {
	return checksumPolicy{enforced: mode != "off", auto: mode == "auto"}
}

// see lets auto learn from p.
func (c *checksumPolicy) see(p *decoders.Packet) {
	if c.auto && c.seen < checksumAutoPackets {
		c.seen++
		if p.IPChecksum == decoders.ChecksumBad || p.L4Checksum == decoders.ChecksumBad {
			c.bad++
		}
		if c.seen == checksumAutoPackets && c.bad*checksumAutoShare > c.seen {
			c.enforced = false
		}
	}
}

// ignore says whether p's payload is to be kept from parsers.
func (c *checksumPolicy) ignore(p *decoders.Packet) bool {
	return c.enforced && (p.IPChecksum == decoders.ChecksumBad || p.L4Checksum == decoders.ChecksumBad)
}
