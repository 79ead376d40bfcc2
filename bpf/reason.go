package bpf

// Reason says why a packet is in no flow. Names are those of decoders.Reason
// where both have one.
type Reason uint8

// Reasons. ReasonNone stands for packets that are in a flow; its count is 0.
const (
	ReasonNone Reason = iota
	// ReasonTruncated: a header lies behind the part of the frame that the kernel shows to a program.
	ReasonTruncated
	// ReasonTooManyLayers: more headers follow each other than the program walks through.
	ReasonTooManyLayers
	// ReasonTunnelDepth: more tunnels are nested than Config.TunnelDepth allows.
	ReasonTunnelDepth
	// ReasonNonIPARP: ARP or RARP, which has no flow.
	ReasonNonIPARP
	// ReasonNonIPLLDP: link layer discovery (IEEE 802.1AB).
	ReasonNonIPLLDP
	// ReasonNonIPSTP: spanning tree and its relatives (IEEE 802.1D, PVST).
	ReasonNonIPSTP
	// ReasonNonIPSlow: IEEE 802.3 slow protocols, LACP among them, and MAC control.
	ReasonNonIPSlow
	// ReasonNonIPEAPOL: port authentication (IEEE 802.1X).
	ReasonNonIPEAPOL
	// ReasonNonIPCisco: Cisco's SNAP protocols: CDP, VTP, DTP, UDLD.
	ReasonNonIPCisco
	// ReasonNonIPLLC: another IEEE 802.2 LLC payload: IS-IS, IPX, NetBIOS.
	ReasonNonIPLLC
	// ReasonNonIPPPPoE: PPPoE discovery (RFC 2516).
	ReasonNonIPPPPoE
	// ReasonNonIPPPP: a PPP control protocol: LCP, IPCP, PAP, CHAP.
	ReasonNonIPPPP
	// ReasonNonIPOther: an EtherType that no decoder knows.
	ReasonNonIPOther
	// ReasonEthernetShort: too few bytes for an Ethernet header.
	ReasonEthernetShort
	// ReasonLLCShort: too few bytes for an LLC or SNAP header.
	ReasonLLCShort
	// ReasonRawIPVersion: raw IP that is neither version 4 nor 6.
	ReasonRawIPVersion
	// ReasonVLANShort: too few bytes for an 802.1Q tag.
	ReasonVLANShort
	// ReasonVLANCount: more than three 802.1Q tags.
	ReasonVLANCount
	// ReasonPBBShort: too few bytes for an 802.1ah header.
	ReasonPBBShort
	// ReasonVNTagShort: too few bytes for a VN-Tag.
	ReasonVNTagShort
	// ReasonETagShort: too few bytes for an 802.1BR E-Tag.
	ReasonETagShort
	// ReasonFabricPathShort: too few bytes for a Cisco FabricPath header.
	ReasonFabricPathShort
	// ReasonNSHHeader: a network service header (RFC 8300) that is short, of another version or lies about its length.
	ReasonNSHHeader
	// ReasonNSHPayload: a network service header in front of something that no decoder knows.
	ReasonNSHPayload
	// ReasonMPLSShort: too few bytes for an MPLS label or for what follows the last one.
	ReasonMPLSShort
	// ReasonMPLSLabel: a reserved label where it must not stand.
	ReasonMPLSLabel
	// ReasonMPLSPayload: the payload of the label stack is of no known kind.
	ReasonMPLSPayload
	// ReasonPPPoEHeader: a PPPoE header that is short, of another version or with an unknown code.
	ReasonPPPoEHeader
	// ReasonPPPShort: too few bytes for a PPP header or for the IP header behind it.
	ReasonPPPShort
	// ReasonPPPProtocol: a PPP protocol number that is not assigned.
	ReasonPPPProtocol
	// ReasonARPHeader: ARP that is short or not of IPv4 over Ethernet.
	ReasonARPHeader
	// ReasonIPv4Short: too few bytes for an IPv4 header.
	ReasonIPv4Short
	// ReasonIPv4Version: an IPv4 EtherType in front of another version.
	ReasonIPv4Version
	// ReasonIPv4HeaderLen: the IPv4 header length is below 20 or above the total length.
	ReasonIPv4HeaderLen
	// ReasonIPv4Length: the IPv4 total length exceeds the bytes on the wire.
	ReasonIPv4Length
	// ReasonIPv4Options: an IPv4 option of impossible length or content, for which hosts drop the packet.
	ReasonIPv4Options
	// ReasonIPv4ICMPv6: ICMPv6 within IPv4, which no standard allows.
	ReasonIPv4ICMPv6
	// ReasonIPv6Short: too few bytes for an IPv6 header.
	ReasonIPv6Short
	// ReasonIPv6Version: an IPv6 EtherType in front of another version.
	ReasonIPv6Version
	// ReasonIPv6Length: the IPv6 payload length exceeds the bytes on the wire.
	ReasonIPv6Length
	// ReasonIPv6ExtHeader: an IPv6 extension header runs over the end of the packet.
	ReasonIPv6ExtHeader
	// ReasonIPv6ExtHeaders: more IPv6 extension headers than Decode walks through.
	ReasonIPv6ExtHeaders
	// ReasonIPv6ICMPv4: ICMPv4 within IPv6, which no standard allows.
	ReasonIPv6ICMPv4
	// ReasonTCPShort: too few bytes for a TCP header.
	ReasonTCPShort
	// ReasonTCPHeaderLen: the TCP data offset is below 20 bytes or beyond the end of the packet.
	ReasonTCPHeaderLen
	// ReasonUDPShort: too few bytes for a UDP header.
	ReasonUDPShort
	// ReasonUDPLength: the UDP length is below 8 or beyond the end of the packet.
	ReasonUDPLength
	// ReasonICMPv4Short: too few bytes for an ICMPv4 header.
	ReasonICMPv4Short
	// ReasonICMPv6Short: too few bytes for an ICMPv6 header.
	ReasonICMPv6Short
	// ReasonSCTPShort: too few bytes for an SCTP common header.
	ReasonSCTPShort
	// ReasonIGMPShort: too few bytes for an IGMP header.
	ReasonIGMPShort
	// ReasonESPShort: too few bytes for an ESP header.
	ReasonESPShort
	// ReasonAHShort: too few bytes for an authentication header.
	ReasonAHShort
	// ReasonGREShort: too few bytes for a GRE header and its optional fields.
	ReasonGREShort
	// ReasonGREVersion: a GRE version above 1.
	ReasonGREVersion
	// ReasonGREFlags: GRE flags that the version does not allow.
	ReasonGREFlags
	// ReasonGREProtocol: enhanced GRE (version 1) that does not carry PPP.
	ReasonGREProtocol
	// ReasonERSPANShort: too few bytes for an ERSPAN header.
	ReasonERSPANShort
	// ReasonERSPANVersion: an ERSPAN version other than its GRE protocol type says.
	ReasonERSPANVersion
	// ReasonTunneledIP: IP in IP whose inner header is short or of another version.
	ReasonTunneledIP
	// ReasonDuplicate: the same packet passed within Config.DuplicateWindow.
	ReasonDuplicate
	// ReasonTableBusy: the slot of the flow was being written, or this CPU has no shard; never seen.
	ReasonTableBusy

	// ReasonCount is the number of reasons.
	ReasonCount
)

var reasonNames = [ReasonCount]string{
	ReasonNone:            "none",
	ReasonTruncated:       "truncated",
	ReasonTooManyLayers:   "too_many_layers",
	ReasonTunnelDepth:     "tunnel_depth",
	ReasonNonIPARP:        "non_ip_arp",
	ReasonNonIPLLDP:       "non_ip_lldp",
	ReasonNonIPSTP:        "non_ip_stp",
	ReasonNonIPSlow:       "non_ip_slow",
	ReasonNonIPEAPOL:      "non_ip_eapol",
	ReasonNonIPCisco:      "non_ip_cisco",
	ReasonNonIPLLC:        "non_ip_llc",
	ReasonNonIPPPPoE:      "non_ip_pppoe",
	ReasonNonIPPPP:        "non_ip_ppp",
	ReasonNonIPOther:      "non_ip_other",
	ReasonEthernetShort:   "ethernet_short",
	ReasonLLCShort:        "llc_short",
	ReasonRawIPVersion:    "raw_ip_version",
	ReasonVLANShort:       "vlan_short",
	ReasonVLANCount:       "vlan_count",
	ReasonPBBShort:        "pbb_short",
	ReasonVNTagShort:      "vntag_short",
	ReasonETagShort:       "etag_short",
	ReasonFabricPathShort: "fabricpath_short",
	ReasonNSHHeader:       "nsh_header",
	ReasonNSHPayload:      "nsh_payload",
	ReasonMPLSShort:       "mpls_short",
	ReasonMPLSLabel:       "mpls_label",
	ReasonMPLSPayload:     "mpls_payload",
	ReasonPPPoEHeader:     "pppoe_header",
	ReasonPPPShort:        "ppp_short",
	ReasonPPPProtocol:     "ppp_protocol",
	ReasonARPHeader:       "arp_header",
	ReasonIPv4Short:       "ipv4_short",
	ReasonIPv4Version:     "ipv4_version",
	ReasonIPv4HeaderLen:   "ipv4_header_len",
	ReasonIPv4Length:      "ipv4_length",
	ReasonIPv4Options:     "ipv4_options",
	ReasonIPv4ICMPv6:      "ipv4_icmpv6",
	ReasonIPv6Short:       "ipv6_short",
	ReasonIPv6Version:     "ipv6_version",
	ReasonIPv6Length:      "ipv6_length",
	ReasonIPv6ExtHeader:   "ipv6_ext_header",
	ReasonIPv6ExtHeaders:  "ipv6_ext_headers",
	ReasonIPv6ICMPv4:      "ipv6_icmpv4",
	ReasonTCPShort:        "tcp_short",
	ReasonTCPHeaderLen:    "tcp_header_len",
	ReasonUDPShort:        "udp_short",
	ReasonUDPLength:       "udp_length",
	ReasonICMPv4Short:     "icmpv4_short",
	ReasonICMPv6Short:     "icmpv6_short",
	ReasonSCTPShort:       "sctp_short",
	ReasonIGMPShort:       "igmp_short",
	ReasonESPShort:        "esp_short",
	ReasonAHShort:         "ah_short",
	ReasonGREShort:        "gre_short",
	ReasonGREVersion:      "gre_version",
	ReasonGREFlags:        "gre_flags",
	ReasonGREProtocol:     "gre_protocol",
	ReasonERSPANShort:     "erspan_short",
	ReasonERSPANVersion:   "erspan_version",
	ReasonTunneledIP:      "tunneled_ip",
	ReasonDuplicate:       "duplicate",
	ReasonTableBusy:       "table_busy",
}

// String returns the stable snake_case name, which is also the metric label.
func (r Reason) String() string {
	if r >= ReasonCount {
		return "invalid_reason"
	}
	return reasonNames[r]
}
