package keyword

import (
	"strings"

	"spanwatch/decoders"
	"spanwatch/signatures/rule"
)

// checksum asks for a header checksum to be right or wrong. A checksum that
// was not computed (cut capture, or switched off) is neither.
type checksum struct {
	layers decoders.Layers // all must be there
	ip     bool            // of the IPv4 header, else of the transport
	want   decoders.Checksum
}

func (t *checksum) Match(f *Facts) bool {
	if !f.Packet.Layers.Has(t.layers) {
		return false
	}
	if t.ip {
		return f.Packet.IPChecksum == t.want
	}
	return f.Packet.L4Checksum == t.want
}

// checksumKeywords makes ipv4-csum, tcpv4-csum and the others: `name:valid|invalid`.
func checksumKeywords() []Keyword {
	table := []struct {
		name   string
		layers decoders.Layers
	}{
		{"ipv4-csum", decoders.LayerIPv4},
		{"tcpv4-csum", decoders.LayerIPv4 | decoders.LayerTCP},
		{"tcpv6-csum", decoders.LayerIPv6 | decoders.LayerTCP},
		{"udpv4-csum", decoders.LayerIPv4 | decoders.LayerUDP},
		{"udpv6-csum", decoders.LayerIPv6 | decoders.LayerUDP},
		{"icmpv4-csum", decoders.LayerIPv4 | decoders.LayerICMPv4},
		{"icmpv6-csum", decoders.LayerIPv6 | decoders.LayerICMPv6},
	}
	keywords := make([]Keyword, 0, len(table))
	for _, c := range table {
		keywords = append(keywords, Keyword{
			Name: c.name, Kind: KindHeader, Traits: NeedsPacket, Syntax: c.name + ":valid|invalid",
			Setup: func(b *Builder, o *rule.Option) *rule.Diagnostic {
				t := &checksum{layers: c.layers, ip: c.layers == decoders.LayerIPv4}
				switch strings.ToLower(strings.Trim(o.Value, `"`)) {
				case "valid":
					t.want = decoders.ChecksumGood
				case "invalid":
					t.want = decoders.ChecksumBad
				default:
					return b.badValue(o, "a checksum is valid or invalid")
				}
				b.plan.ChecksumTest = true
				b.plan.Tests = append(b.plan.Tests, t)
				return nil
			},
		})
	}
	return keywords
}
