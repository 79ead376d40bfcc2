package event

import "strconv"

// Record types with data of their own in dns records (IANA registry "Resource
// Record (RR) TYPEs").
const (
	rrA     = 1
	rrNS    = 2
	rrCNAME = 5
	rrSOA   = 6
	rrNULL  = 10
	rrPTR   = 12
	rrMX    = 15
	rrTXT   = 16
	rrAAAA  = 28
	rrSRV   = 33
	rrSSHFP = 44
)

// appendRRType writes a record type in quotes: its IANA name, or the number
// where it has none here.
func appendRRType(dst []byte, t uint16) []byte {
	return appendNameOrNumber(dst, rrTypeName(t), t)
}

// appendRcode writes a response code in quotes: its IANA name, or the number.
func appendRcode(dst []byte, c uint16) []byte {
	return appendNameOrNumber(dst, rcodeName(c), c)
}

func appendNameOrNumber(dst []byte, name string, n uint16) []byte {
	dst = append(dst, '"')
	if name != "" {
		dst = append(dst, name...)
	} else {
		dst = strconv.AppendUint(dst, uint64(n), 10)
	}
	return append(dst, '"')
}

func rrTypeName(t uint16) string {
	if int(t) < len(rrTypeNames) {
		return rrTypeNames[t]
	}
	switch t {
	case 249:
		return "TKEY"
	case 250:
		return "TSIG"
	case 251:
		return "IXFR"
	case 252:
		return "AXFR"
	case 253:
		return "MAILB"
	case 254:
		return "MAILA"
	case 255:
		return "ANY"
	case 256:
		return "URI"
	case 257:
		return "CAA"
	case 32768:
		return "TA"
	case 32769:
		return "DLV"
	}
	return ""
}

var rrTypeNames = [...]string{
	rrA: "A", rrNS: "NS", 3: "MD", 4: "MF", rrCNAME: "CNAME", rrSOA: "SOA",
	7: "MB", 8: "MG", 9: "MR", rrNULL: "NULL", 11: "WKS", rrPTR: "PTR",
	13: "HINFO", 14: "MINFO", rrMX: "MX", rrTXT: "TXT", 17: "RP", 18: "AFSDB",
	19: "X25", 20: "ISDN", 21: "RT", 22: "NSAP", 23: "NSAPPTR", 24: "SIG",
	25: "KEY", 26: "PX", 27: "GPOS", rrAAAA: "AAAA", 29: "LOC", 30: "NXT",
	31: "EID", 32: "NIMLOC", rrSRV: "SRV", 34: "ATMA", 35: "NAPTR", 36: "KX",
	37: "CERT", 38: "A6", 39: "DNAME", 40: "SINK", 41: "OPT", 42: "APL",
	43: "DS", rrSSHFP: "SSHFP", 45: "IPSECKEY", 46: "RRSIG", 47: "NSEC",
	48: "DNSKEY", 49: "DHCID", 50: "NSEC3", 51: "NSEC3PARAM", 52: "TLSA",
	53: "SMIMEA", 55: "HIP", 56: "NINFO", 57: "RKEY", 58: "TALINK", 59: "CDS",
	60: "CDNSKEY", 61: "OPENPGPKEY", 62: "CSYNC", 63: "ZONEMD", 64: "SVCB",
	65: "HTTPS", 99: "SPF", 100: "UINFO", 101: "UID", 102: "GID", 103: "UNSPEC",
	104: "NID", 105: "L32", 106: "L64", 107: "LP", 108: "EUI48", 109: "EUI64",
}

func rcodeName(c uint16) string {
	if int(c) < len(rcodeNames) {
		return rcodeNames[c]
	}
	return ""
}

// rcodeNames follows the IANA registry "DNS RCODEs". 16 is BADVERS of EDNS and
// BADSIG of TSIG at once; EDNS is what a sensor meets.
var rcodeNames = [...]string{
	0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP",
	5: "REFUSED", 6: "YXDOMAIN", 7: "YXRRSET", 8: "NXRRSET", 9: "NOTAUTH",
	10: "NOTZONE", 16: "BADVERS", 17: "BADKEY", 18: "BADTIME", 19: "BADMODE",
	20: "BADNAME", 21: "BADALG", 22: "BADTRUNC", 23: "BADCOOKIE",
}
