package decoders

// The events, grouped by header. The order is not part of any interface; the
// names of String are: rules are written with them.
const (
	EventIPv4PktTooSmall          Event = iota // fewer bytes than an IPv4 header
	EventIPv4HLenTooSmall                      // header length below 20 bytes
	EventIPv4IPLenSmallerThanHLen              // total length below the header length
	EventIPv4TruncPkt                          // total length above the bytes that are there
	EventIPv4OptInvalid                        // option where it makes no sense
	EventIPv4OptInvalidLen                     // option with an impossible length
	EventIPv4OptMalformed                      // option whose content is wrong
	EventIPv4OptPadRequired                    // options that do not fill whole words
	EventIPv4OptEOLRequired                    // bytes behind the end of the option list
	EventIPv4OptDuplicate                      // option that occurs twice
	EventIPv4OptUnknown                        // option of no known type
	EventIPv4WrongIPVersion                    // version field is not 4
	EventIPv4ICMPv6                            // ICMPv6 within IPv4
	EventIPv4FragPktTooLarge                   // fragments that add up to more than 65535 bytes
	EventIPv4FragOverlap                       // fragments that overlap
	EventIPv4FragIgnored                       // fragment that no tracker could take

	EventICMPv4PktTooSmall    // fewer bytes than an ICMPv4 header
	EventICMPv4UnknownType    // type of no standard
	EventICMPv4UnknownCode    // code that the type does not define
	EventICMPv4IPv4TruncPkt   // quoted packet shorter than an IPv4 header
	EventICMPv4IPv4UnknownVer // quoted packet is not IPv4

	EventICMPv6UnknownType             // type of no standard
	EventICMPv6UnknownCode             // code that the type does not define
	EventICMPv6PktTooSmall             // fewer bytes than an ICMPv6 header
	EventICMPv6IPv6UnknownVersion      // quoted packet is not IPv6
	EventICMPv6IPv6TruncPkt            // quoted packet shorter than an IPv6 header
	EventICMPv6MLDMessageWithInvalidHL // multicast listener message with a hop limit other than 1
	EventICMPv6UnassignedType          // type in a range that IANA has not assigned
	EventICMPv6ExperimentationType     // type reserved for experiments

	EventIGMPPktTooSmall // fewer bytes than an IGMP header

	EventIPv6PktTooSmall            // fewer bytes than an IPv6 header
	EventIPv6TruncPkt               // payload length above the bytes that are there
	EventIPv6TruncExtHdr            // extension header over the end of the packet
	EventIPv6ExtHdrDuplFH           // second fragment header
	EventIPv6ExtHdrUselessFH        // fragment header of a datagram in one piece (RFC 6946)
	EventIPv6ExtHdrDuplRH           // second routing header
	EventIPv6ExtHdrDuplHH           // second hop-by-hop header
	EventIPv6ExtHdrDuplDH           // third destination options header
	EventIPv6ExtHdrDuplAH           // second authentication header
	EventIPv6ExtHdrDuplEH           // second ESP header
	EventIPv6ExtHdrInvalidOptLen    // option over the end of its header
	EventIPv6WrongIPVersion         // version field is not 6
	EventIPv6ExtHdrAHResNotNull     // reserved field of an authentication header in use
	EventIPv6HopOptsUnknownOpt      // unknown option in a hop-by-hop header
	EventIPv6HopOptsOnlyPadding     // hop-by-hop header with nothing but padding
	EventIPv6DstOptsUnknownOpt      // unknown option in a destination options header
	EventIPv6DstOptsOnlyPadding     // destination options header with nothing but padding
	EventIPv6RHType0                // routing header type 0, deprecated by RFC 5095
	EventIPv6ZeroLenPadN            // PadN option without padding
	EventIPv6FHNonZeroReservedField // reserved field of a fragment header in use
	EventIPv6DataAfterNoneHeader    // bytes behind the no-next-header mark
	EventIPv6UnknownNextHeader      // next header of no known protocol
	EventIPv6ICMPv4                 // ICMPv4 within IPv6
	EventIPv6FragPktTooLarge        // fragments that add up to more than 65535 bytes
	EventIPv6FragOverlap            // fragments that overlap
	EventIPv6FragInvalidLength      // fragment, not the last, whose length is no multiple of 8
	EventIPv6FragIgnored            // fragment that no tracker could take
	EventIPv6IPv4InIPv6TooSmall     // IPv4 in IPv6, inner packet too short
	EventIPv6IPv4InIPv6WrongVersion // IPv4 in IPv6, inner version is not 4
	EventIPv6IPv6InIPv6TooSmall     // IPv6 in IPv6, inner packet too short
	EventIPv6IPv6InIPv6WrongVersion // IPv6 in IPv6, inner version is not 6

	EventTCPPktTooSmall   // fewer bytes than a TCP header
	EventTCPHLenTooSmall  // data offset beyond the end of the packet
	EventTCPInvalidOptLen // data offset below 20 bytes
	EventTCPOptInvalidLen // option with an impossible length
	EventTCPOptDuplicate  // option that occurs twice

	EventUDPPktTooSmall  // UDP length above the bytes that are there
	EventUDPHLenTooSmall // fewer bytes than a UDP header
	EventUDPLenInvalid   // UDP length below 8 bytes
	EventUDPHLenInvalid  // older name of rules for a wrong UDP length; never raised

	EventSLLPktTooSmall // fewer bytes than a Linux cooked header

	EventSLL2PktTooSmall // fewer bytes than a Linux cooked v2 header

	EventEthernetPktTooSmall      // fewer bytes than an Ethernet header
	EventEthernetUnknownEtherType // EtherType of no known protocol

	EventPPPPktTooSmall    // fewer bytes than a PPP header
	EventPPPVJUPktTooSmall // uncompressed TCP/IP over PPP, too short for IPv4
	EventPPPIP4PktTooSmall // IPv4 over PPP, too short
	EventPPPIP6PktTooSmall // IPv6 over PPP, too short
	EventPPPWrongType      // PPP protocol that is not assigned
	EventPPPUnsupProto     // PPP protocol that is known but not decoded

	EventPPPoEPktTooSmall   // fewer bytes than a PPPoE header
	EventPPPoEWrongCode     // PPPoE discovery code of no standard
	EventPPPoEMalformedTags // PPPoE discovery tags over the end of the packet

	EventGREPktTooSmall             // fewer bytes than the GRE header
	EventGREWrongVersion            // GRE version above 1
	EventGREVersion0Recur           // GRE version 0 with recursion control
	EventGREVersion0Flags           // GRE version 0 with reserved flags
	EventGREVersion0HdrTooBig       // GRE version 0 optional fields over the end of the packet
	EventGREVersion0MalformedSREHdr // GRE version 0 source route entry over the end of the packet
	EventGREVersion1Chksum          // GRE version 1 with a checksum
	EventGREVersion1Route           // GRE version 1 with routing
	EventGREVersion1SSR             // GRE version 1 with strict source route
	EventGREVersion1Recur           // GRE version 1 with recursion control
	EventGREVersion1Flags           // GRE version 1 with reserved flags
	EventGREVersion1NoKey           // GRE version 1 without a key
	EventGREVersion1WrongProtocol   // GRE version 1 that does not carry PPP
	EventGREVersion1MalformedSREHdr // GRE version 1 source route entry over the end of the packet
	EventGREVersion1HdrTooBig       // GRE version 1 optional fields over the end of the packet

	EventVLANHeaderTooSmall // fewer bytes than an 802.1Q tag
	EventVLANUnknownType    // EtherType of no known protocol behind an 802.1Q tag
	EventVLANTooManyLayers  // more than three 802.1Q tags

	EventIEEE8021AHHeaderTooSmall // fewer bytes than an 802.1ah header

	EventVNTagHeaderTooSmall // fewer bytes than a VN-Tag
	EventVNTagUnknownType    // EtherType of no known protocol behind a VN-Tag

	EventETagHeaderTooSmall // fewer bytes than an E-Tag
	EventETagUnknownType    // EtherType of no known protocol behind an E-Tag

	EventIPRawInvalidIPVersion // raw IP that is neither version 4 nor 6

	EventLTNullPktTooSmall     // fewer bytes than a loopback header
	EventLTNullUnsupportedType // loopback address family other than IP

	EventSCTPPktTooSmall // fewer bytes than an SCTP header

	EventESPPktTooSmall // fewer bytes than an ESP header

	EventARPPktTooSmall         // fewer bytes than an ARP header
	EventARPUnsupportedHardware // ARP for something other than Ethernet
	EventARPUnsupportedProtocol // ARP for something other than IPv4
	EventARPInvalidPkt          // fewer bytes than ARP of IPv4 over Ethernet
	EventARPInvalidHardwareSize // ARP hardware address size is not 6
	EventARPInvalidProtocolSize // ARP protocol address size is not 4
	EventARPUnsupportedOpcode   // ARP operation other than request and reply

	EventMPLSHeaderTooSmall       // fewer bytes than an MPLS label
	EventMPLSPktTooSmall          // fewer bytes behind the labels than any payload needs
	EventMPLSBadLabelRouterAlert  // router alert label at the bottom of the stack
	EventMPLSBadLabelImplicitNull // implicit null label on the wire
	EventMPLSBadLabelReserved     // reserved label
	EventMPLSUnknownPayloadType   // payload of the label stack is of no known kind

	EventVXLANUnknownPayloadType // VXLAN frame with an unknown EtherType

	EventGeneveUnknownPayloadType // Geneve protocol type that is not decoded

	EventERSPANHeaderTooSmall     // fewer bytes than an ERSPAN header
	EventERSPANUnsupportedVersion // ERSPAN version that is not decoded
	EventERSPANTooManyVLANLayers  // ERSPAN VLAN on top of three others

	EventDCEPktTooSmall // fewer bytes than a FabricPath header

	EventCHDLCPktTooSmall // fewer bytes than a Cisco HDLC header

	EventNSHHeaderTooSmall     // fewer bytes than a network service header
	EventNSHUnsupportedVersion // network service header of another version
	EventNSHBadHeaderLength    // network service header length that can not be
	EventNSHReservedType       // network service header metadata type 0
	EventNSHUnsupportedType    // network service header metadata type of no standard
	EventNSHUnknownPayload     // network service header payload that is not decoded

	EventTooManyLayers // more headers or tunnels follow each other than are walked through

	EventAFPacketTruncPkt // the kernel cut the frame on its way to the sensor

	// EventCount is the number of events; at most 256, the size of an EventSet.
	EventCount
)

var eventNames = [EventCount]string{
	EventIPv4PktTooSmall:               "ipv4.pkt_too_small",
	EventIPv4HLenTooSmall:              "ipv4.hlen_too_small",
	EventIPv4IPLenSmallerThanHLen:      "ipv4.iplen_smaller_than_hlen",
	EventIPv4TruncPkt:                  "ipv4.trunc_pkt",
	EventIPv4OptInvalid:                "ipv4.opt_invalid",
	EventIPv4OptInvalidLen:             "ipv4.opt_invalid_len",
	EventIPv4OptMalformed:              "ipv4.opt_malformed",
	EventIPv4OptPadRequired:            "ipv4.opt_pad_required",
	EventIPv4OptEOLRequired:            "ipv4.opt_eol_required",
	EventIPv4OptDuplicate:              "ipv4.opt_duplicate",
	EventIPv4OptUnknown:                "ipv4.opt_unknown",
	EventIPv4WrongIPVersion:            "ipv4.wrong_ip_version",
	EventIPv4ICMPv6:                    "ipv4.icmpv6",
	EventIPv4FragPktTooLarge:           "ipv4.frag_pkt_too_large",
	EventIPv4FragOverlap:               "ipv4.frag_overlap",
	EventIPv4FragIgnored:               "ipv4.frag_ignored",
	EventICMPv4PktTooSmall:             "icmpv4.pkt_too_small",
	EventICMPv4UnknownType:             "icmpv4.unknown_type",
	EventICMPv4UnknownCode:             "icmpv4.unknown_code",
	EventICMPv4IPv4TruncPkt:            "icmpv4.ipv4_trunc_pkt",
	EventICMPv4IPv4UnknownVer:          "icmpv4.ipv4_unknown_ver",
	EventICMPv6UnknownType:             "icmpv6.unknown_type",
	EventICMPv6UnknownCode:             "icmpv6.unknown_code",
	EventICMPv6PktTooSmall:             "icmpv6.pkt_too_small",
	EventICMPv6IPv6UnknownVersion:      "icmpv6.ipv6_unknown_version",
	EventICMPv6IPv6TruncPkt:            "icmpv6.ipv6_trunc_pkt",
	EventICMPv6MLDMessageWithInvalidHL: "icmpv6.mld_message_with_invalid_hl",
	EventICMPv6UnassignedType:          "icmpv6.unassigned_type",
	EventICMPv6ExperimentationType:     "icmpv6.experimentation_type",
	EventIGMPPktTooSmall:               "igmp.pkt_too_small",
	EventIPv6PktTooSmall:               "ipv6.pkt_too_small",
	EventIPv6TruncPkt:                  "ipv6.trunc_pkt",
	EventIPv6TruncExtHdr:               "ipv6.trunc_exthdr",
	EventIPv6ExtHdrDuplFH:              "ipv6.exthdr_dupl_fh",
	EventIPv6ExtHdrUselessFH:           "ipv6.exthdr_useless_fh",
	EventIPv6ExtHdrDuplRH:              "ipv6.exthdr_dupl_rh",
	EventIPv6ExtHdrDuplHH:              "ipv6.exthdr_dupl_hh",
	EventIPv6ExtHdrDuplDH:              "ipv6.exthdr_dupl_dh",
	EventIPv6ExtHdrDuplAH:              "ipv6.exthdr_dupl_ah",
	EventIPv6ExtHdrDuplEH:              "ipv6.exthdr_dupl_eh",
	EventIPv6ExtHdrInvalidOptLen:       "ipv6.exthdr_invalid_optlen",
	EventIPv6WrongIPVersion:            "ipv6.wrong_ip_version",
	EventIPv6ExtHdrAHResNotNull:        "ipv6.exthdr_ah_res_not_null",
	EventIPv6HopOptsUnknownOpt:         "ipv6.hopopts_unknown_opt",
	EventIPv6HopOptsOnlyPadding:        "ipv6.hopopts_only_padding",
	EventIPv6DstOptsUnknownOpt:         "ipv6.dstopts_unknown_opt",
	EventIPv6DstOptsOnlyPadding:        "ipv6.dstopts_only_padding",
	EventIPv6RHType0:                   "ipv6.rh_type_0",
	EventIPv6ZeroLenPadN:               "ipv6.zero_len_padn",
	EventIPv6FHNonZeroReservedField:    "ipv6.fh_non_zero_reserved_field",
	EventIPv6DataAfterNoneHeader:       "ipv6.data_after_none_header",
	EventIPv6UnknownNextHeader:         "ipv6.unknown_next_header",
	EventIPv6ICMPv4:                    "ipv6.icmpv4",
	EventIPv6FragPktTooLarge:           "ipv6.frag_pkt_too_large",
	EventIPv6FragOverlap:               "ipv6.frag_overlap",
	EventIPv6FragInvalidLength:         "ipv6.frag_invalid_length",
	EventIPv6FragIgnored:               "ipv6.frag_ignored",
	EventIPv6IPv4InIPv6TooSmall:        "ipv6.ipv4_in_ipv6_too_small",
	EventIPv6IPv4InIPv6WrongVersion:    "ipv6.ipv4_in_ipv6_wrong_version",
	EventIPv6IPv6InIPv6TooSmall:        "ipv6.ipv6_in_ipv6_too_small",
	EventIPv6IPv6InIPv6WrongVersion:    "ipv6.ipv6_in_ipv6_wrong_version",
	EventTCPPktTooSmall:                "tcp.pkt_too_small",
	EventTCPHLenTooSmall:               "tcp.hlen_too_small",
	EventTCPInvalidOptLen:              "tcp.invalid_optlen",
	EventTCPOptInvalidLen:              "tcp.opt_invalid_len",
	EventTCPOptDuplicate:               "tcp.opt_duplicate",
	EventUDPPktTooSmall:                "udp.pkt_too_small",
	EventUDPHLenTooSmall:               "udp.hlen_too_small",
	EventUDPLenInvalid:                 "udp.len_invalid",
	EventUDPHLenInvalid:                "udp.hlen_invalid",
	EventSLLPktTooSmall:                "sll.pkt_too_small",
	EventSLL2PktTooSmall:               "sll2.pkt_too_small",
	EventEthernetPktTooSmall:           "ethernet.pkt_too_small",
	EventEthernetUnknownEtherType:      "ethernet.unknown_ethertype",
	EventPPPPktTooSmall:                "ppp.pkt_too_small",
	EventPPPVJUPktTooSmall:             "ppp.vju_pkt_too_small",
	EventPPPIP4PktTooSmall:             "ppp.ip4_pkt_too_small",
	EventPPPIP6PktTooSmall:             "ppp.ip6_pkt_too_small",
	EventPPPWrongType:                  "ppp.wrong_type",
	EventPPPUnsupProto:                 "ppp.unsup_proto",
	EventPPPoEPktTooSmall:              "pppoe.pkt_too_small",
	EventPPPoEWrongCode:                "pppoe.wrong_code",
	EventPPPoEMalformedTags:            "pppoe.malformed_tags",
	EventGREPktTooSmall:                "gre.pkt_too_small",
	EventGREWrongVersion:               "gre.wrong_version",
	EventGREVersion0Recur:              "gre.version0_recur",
	EventGREVersion0Flags:              "gre.version0_flags",
	EventGREVersion0HdrTooBig:          "gre.version0_hdr_too_big",
	EventGREVersion0MalformedSREHdr:    "gre.version0_malformed_sre_hdr",
	EventGREVersion1Chksum:             "gre.version1_chksum",
	EventGREVersion1Route:              "gre.version1_route",
	EventGREVersion1SSR:                "gre.version1_ssr",
	EventGREVersion1Recur:              "gre.version1_recur",
	EventGREVersion1Flags:              "gre.version1_flags",
	EventGREVersion1NoKey:              "gre.version1_no_key",
	EventGREVersion1WrongProtocol:      "gre.version1_wrong_protocol",
	EventGREVersion1MalformedSREHdr:    "gre.version1_malformed_sre_hdr",
	EventGREVersion1HdrTooBig:          "gre.version1_hdr_too_big",
	EventVLANHeaderTooSmall:            "vlan.header_too_small",
	EventVLANUnknownType:               "vlan.unknown_type",
	EventVLANTooManyLayers:             "vlan.too_many_layers",
	EventIEEE8021AHHeaderTooSmall:      "ieee8021ah.header_too_small",
	EventVNTagHeaderTooSmall:           "vntag.header_too_small",
	EventVNTagUnknownType:              "vntag.unknown_type",
	EventETagHeaderTooSmall:            "etag.header_too_small",
	EventETagUnknownType:               "etag.unknown_type",
	EventIPRawInvalidIPVersion:         "ipraw.invalid_ip_version",
	EventLTNullPktTooSmall:             "ltnull.pkt_too_small",
	EventLTNullUnsupportedType:         "ltnull.unsupported_type",
	EventSCTPPktTooSmall:               "sctp.pkt_too_small",
	EventESPPktTooSmall:                "esp.pkt_too_small",
	EventARPPktTooSmall:                "arp.pkt_too_small",
	EventARPUnsupportedHardware:        "arp.unsupported_hardware",
	EventARPUnsupportedProtocol:        "arp.unsupported_protocol",
	EventARPInvalidPkt:                 "arp.invalid_pkt",
	EventARPInvalidHardwareSize:        "arp.invalid_hardware_size",
	EventARPInvalidProtocolSize:        "arp.invalid_protocol_size",
	EventARPUnsupportedOpcode:          "arp.unsupported_opcode",
	EventMPLSHeaderTooSmall:            "mpls.header_too_small",
	EventMPLSPktTooSmall:               "mpls.pkt_too_small",
	EventMPLSBadLabelRouterAlert:       "mpls.bad_label_router_alert",
	EventMPLSBadLabelImplicitNull:      "mpls.bad_label_implicit_null",
	EventMPLSBadLabelReserved:          "mpls.bad_label_reserved",
	EventMPLSUnknownPayloadType:        "mpls.unknown_payload_type",
	EventVXLANUnknownPayloadType:       "vxlan.unknown_payload_type",
	EventGeneveUnknownPayloadType:      "geneve.unknown_payload_type",
	EventERSPANHeaderTooSmall:          "erspan.header_too_small",
	EventERSPANUnsupportedVersion:      "erspan.unsupported_version",
	EventERSPANTooManyVLANLayers:       "erspan.too_many_vlan_layers",
	EventDCEPktTooSmall:                "dce.pkt_too_small",
	EventCHDLCPktTooSmall:              "chdlc.pkt_too_small",
	EventNSHHeaderTooSmall:             "nsh.header_too_small",
	EventNSHUnsupportedVersion:         "nsh.unsupported_version",
	EventNSHBadHeaderLength:            "nsh.bad_header_length",
	EventNSHReservedType:               "nsh.reserved_type",
	EventNSHUnsupportedType:            "nsh.unsupported_type",
	EventNSHUnknownPayload:             "nsh.unknown_payload",
	EventTooManyLayers:                 "too_many_layers",
	EventAFPacketTruncPkt:              "afpacket.trunc_pkt",
}
