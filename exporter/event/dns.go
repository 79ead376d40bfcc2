package event

import (
	"encoding/hex"
	"strconv"
)

// DNS is one DNS message.
type DNS struct {
	Envelope             // its TxID is written as dns.tx_id, not at the root
	Response bool        // the QR flag
	ID       uint16      // of the message
	Flags    uint16      // second word of the header, RFC 1035 section 4.1.1
	Rcode    uint16      // with the upper bits of an OPT record
	Queries  []DNSQuery  // question section
	Answers  []DNSRecord // and so on
	Authorities,
	Additionals []DNSRecord
}

// DNSQuery is one question.
type DNSQuery struct {
	Name      []byte // without the final dot
	Truncated bool   // the name was longer than the parser keeps
	Type      uint16
}

// DNSData says which member of DNSRecord holds the record's data.
type DNSData uint8

// Kinds of record data.
const (
	DNSNone  DNSData = iota // not decoded, or empty
	DNSText                 // Text: a name, or the text of TXT and NULL
	DNSAddr4                // Addr
	DNSAddr6                // Addr
	DNSSOA                  // SOA
	DNSSRV                  // SRV
	DNSSSHFP                // SSHFP
	DNSOPT                  // Options
)

// DNSRecord is one resource record.
type DNSRecord struct {
	Name      []byte // without the final dot
	Truncated bool
	Type      uint16
	TTL       uint32

	Data          DNSData
	Text          []byte
	TextTruncated bool
	Addr          Addr
	SOA           SOA
	SRV           SRV
	SSHFP         SSHFP
	Options       []DNSOption
}

// SOA is the data of an SOA record, RFC 1035 section 3.3.13.
type SOA struct {
	MName, RName                            []byte
	Serial, Refresh, Retry, Expire, Minimum uint32
}

// SRV is the data of an SRV record, RFC 2782.
type SRV struct {
	Priority, Weight, Port uint16
	Target                 []byte
}

// SSHFP is the data of an SSHFP record, RFC 4255.
type SSHFP struct {
	Algorithm, Type uint8
	Fingerprint     []byte // binary
}

// DNSOption is one EDNS option, RFC 6891 section 6.1.2.
type DNSOption struct {
	Code uint16
	Data []byte
}

// DNSCount returns how many events a message makes: one, but in version 2 one
// per question of a request.
func (e *Encoder) DNSCount(d *DNS) int {
	if e.opt.DNSVersion == 2 && !d.Response {
		return len(d.Queries)
	}
	return 1
}

// AppendDNS appends event i of DNSCount without its closing brace; see Finish.
func (e *Encoder) AppendDNS(dst []byte, d *DNS, i int) []byte {
	dst = e.appendEnvelope(dst, &d.Envelope, TypeDNS)
	dst = append(dst, `,"dns":`...)
	switch {
	case e.opt.DNSVersion == 3:
		return appendDNSv3(dst, d)
	case d.Response:
		return appendDNSv2Answer(dst, d)
	}
	return appendDNSv2Query(dst, d, i)
}

// AppendDNSMember appends the member `"dns":{…}` that an alert on this
// transaction carries in Alert.App.
func (e *Encoder) AppendDNSMember(dst []byte, d *DNS) []byte {
	dst = append(dst, `"dns":`...)
	if e.opt.DNSVersion == 3 {
		return appendDNSv3(dst, d)
	}
	if d.Response {
		dst = append(dst, `{"answer":`...)
		return append(appendDNSv2Answer(dst, d), '}')
	}
	dst = append(dst, `{"query":[`...)
	for i := range d.Queries {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendDNSv2Query(dst, d, i)
	}
	return append(dst, ']', '}')
}

func appendDNSv3(dst []byte, d *DNS) []byte {
	if d.Response {
		dst = append(dst, `{"version":3,"type":"response"`...)
	} else {
		dst = append(dst, `{"version":3,"type":"request"`...)
	}
	if d.HasTx {
		dst = appendUintMember(dst, `,"tx_id":`, d.TxID)
	}
	dst = appendUintMember(dst, `,"id":`, uint64(d.ID))
	dst = appendDNSFlags(dst, d)
	dst = appendDNSOpcode(dst, d)
	dst = append(dst, `,"rcode":`...)
	dst = appendRcode(dst, d.Rcode)
	if len(d.Queries) > 0 {
		dst = append(dst, `,"queries":[`...)
		for i := range d.Queries {
			if i > 0 {
				dst = append(dst, ',')
			}
			q := &d.Queries[i]
			dst = appendOwner(append(dst, '{'), q.Name, q.Truncated, q.Type)
			dst = append(dst, '}')
		}
		dst = append(dst, ']')
	}
	return append(appendSections(dst, d), '}')
}

func appendDNSv2Query(dst []byte, d *DNS, i int) []byte {
	dst = appendUintMember(dst, `{"type":"query","id":`, uint64(d.ID))
	if i < len(d.Queries) {
		dst = append(dst, ',')
		dst = appendOwner(dst, d.Queries[i].Name, d.Queries[i].Truncated, d.Queries[i].Type)
	}
	if d.HasTx {
		dst = appendUintMember(dst, `,"tx_id":`, d.TxID)
	}
	dst = appendTrue(dst, `,"z":true`, d.Flags&dnsZ != 0)
	return append(appendDNSOpcode(dst, d), '}')
}

func appendDNSv2Answer(dst []byte, d *DNS) []byte {
	dst = appendUintMember(dst, `{"version":2,"type":"answer","id":`, uint64(d.ID))
	dst = appendDNSFlags(dst, d)
	dst = appendDNSOpcode(dst, d)
	if len(d.Queries) > 0 {
		dst = append(dst, ',')
		dst = appendOwner(dst, d.Queries[0].Name, d.Queries[0].Truncated, d.Queries[0].Type)
	}
	dst = append(dst, `,"rcode":`...)
	dst = appendRcode(dst, d.Rcode)
	return append(appendSections(dst, d), '}')
}

// Bits of the flags word, RFC 1035 section 4.1.1. The z flag is the bit that
// RFC 2535 left reserved between RA and AD.
const (
	dnsQR = 1 << 15
	dnsAA = 1 << 10
	dnsTC = 1 << 9
	dnsRD = 1 << 8
	dnsRA = 1 << 7
	dnsZ  = 1 << 6
)

func appendDNSFlags(dst []byte, d *DNS) []byte {
	dst = append(dst, `,"flags":"`...)
	dst = strconv.AppendUint(dst, uint64(d.Flags), 16)
	dst = append(dst, '"')
	dst = appendTrue(dst, `,"qr":true`, d.Flags&dnsQR != 0)
	dst = appendTrue(dst, `,"aa":true`, d.Flags&dnsAA != 0)
	dst = appendTrue(dst, `,"tc":true`, d.Flags&dnsTC != 0)
	dst = appendTrue(dst, `,"rd":true`, d.Flags&dnsRD != 0)
	dst = appendTrue(dst, `,"ra":true`, d.Flags&dnsRA != 0)
	return appendTrue(dst, `,"z":true`, d.Flags&dnsZ != 0)
}

func appendDNSOpcode(dst []byte, d *DNS) []byte {
	return appendUintMember(dst, `,"opcode":`, uint64(d.Flags>>11&0xf))
}

func appendSections(dst []byte, d *DNS) []byte {
	dst = appendRecords(dst, `,"answers":[`, d.Answers)
	dst = appendGrouped(dst, d.Answers)
	dst = appendRecords(dst, `,"authorities":[`, d.Authorities)
	return appendRecords(dst, `,"additionals":[`, d.Additionals)
}

func appendOwner(dst, name []byte, truncated bool, rrtype uint16) []byte {
	dst = append(dst, `"rrname":`...)
	dst = AppendText(dst, name)
	dst = appendTrue(dst, `,"rrname_truncated":true`, truncated)
	dst = append(dst, `,"rrtype":`...)
	return appendRRType(dst, rrtype)
}

func appendRecords(dst []byte, name string, records []DNSRecord) []byte {
	if len(records) == 0 {
		return dst
	}
	dst = append(dst, name...)
	for i := range records {
		if i > 0 {
			dst = append(dst, ',')
		}
		r := &records[i]
		dst = appendOwner(append(dst, '{'), r.Name, r.Truncated, r.Type)
		dst = appendUintMember(dst, `,"ttl":`, uint64(r.TTL))
		switch r.Data {
		case DNSNone:
		case DNSSOA:
			dst = r.appendData(append(dst, `,"soa":`...))
		case DNSSRV:
			dst = r.appendData(append(dst, `,"srv":`...))
		case DNSSSHFP:
			dst = r.appendData(append(dst, `,"sshfp":`...))
		case DNSOPT:
			dst = r.appendData(append(dst, `,"opt":`...))
		default:
			dst = r.appendData(append(dst, `,"rdata":`...))
			dst = appendTrue(dst, `,"rdata_truncated":true`, r.TextTruncated)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

func (r *DNSRecord) appendData(dst []byte) []byte {
	switch r.Data {
	case DNSText:
		return AppendText(dst, r.Text)
	case DNSAddr4:
		return append(appendAddr(append(dst, '"'), r.Addr, 4), '"')
	case DNSAddr6: // shortened (RFC 5952), unlike addresses of packets: so Suricata does
		return append(appendAddr(append(dst, '"'), r.Addr, 6), '"')
	case DNSSOA:
		dst = AppendText(append(dst, `{"mname":`...), r.SOA.MName)
		dst = AppendText(append(dst, `,"rname":`...), r.SOA.RName)
		dst = appendUintMember(dst, `,"serial":`, uint64(r.SOA.Serial))
		dst = appendUintMember(dst, `,"refresh":`, uint64(r.SOA.Refresh))
		dst = appendUintMember(dst, `,"retry":`, uint64(r.SOA.Retry))
		dst = appendUintMember(dst, `,"expire":`, uint64(r.SOA.Expire))
		dst = appendUintMember(dst, `,"minimum":`, uint64(r.SOA.Minimum))
		return append(dst, '}')
	case DNSSRV:
		dst = appendUintMember(dst, `{"priority":`, uint64(r.SRV.Priority))
		dst = appendUintMember(dst, `,"weight":`, uint64(r.SRV.Weight))
		dst = appendUintMember(dst, `,"port":`, uint64(r.SRV.Port))
		dst = AppendText(append(dst, `,"name":`...), r.SRV.Target)
		return append(dst, '}')
	case DNSSSHFP:
		dst = append(dst, `{"fingerprint":"`...)
		for i, b := range r.SSHFP.Fingerprint {
			if i > 0 {
				dst = append(dst, ':')
			}
			dst = append(dst, hexDigits[b>>4], hexDigits[b&15])
		}
		dst = appendUintMember(dst, `","algo":`, uint64(r.SSHFP.Algorithm))
		dst = appendUintMember(dst, `,"type":`, uint64(r.SSHFP.Type))
		return append(dst, '}')
	case DNSOPT:
		dst = append(dst, '[')
		for i, o := range r.Options {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendUintMember(dst, `{"code":`, uint64(o.Code))
			dst = hex.AppendEncode(append(dst, `,"data":"`...), o.Data)
			dst = append(dst, '"', '}')
		}
		return append(dst, ']')
	}
	return append(dst, "null"...)
}

// groupedTypes are the record types of dns.grouped, in the order in which it
// is written.
var groupedTypes = [...]uint16{
	rrA, rrAAAA, rrCNAME, rrMX, rrNS, rrPTR, rrTXT, rrNULL, rrSOA, rrSRV, rrSSHFP,
}

// appendGrouped writes the data of the answers once more, by type: what most
// readers look for.
func appendGrouped(dst []byte, answers []DNSRecord) []byte {
	const name = `,"grouped":{`
	start := len(dst) + len(name)
	dst = append(dst, name...)
	for _, t := range groupedTypes {
		first := true
		for i := range answers {
			if answers[i].Type != t || !answers[i].groupable() {
				continue
			}
			if first {
				dst = appendRRType(appendComma(dst, start), t)
				dst = append(dst, ':', '[')
				first = false
			} else {
				dst = append(dst, ',')
			}
			dst = answers[i].appendData(dst)
		}
		if !first {
			dst = append(dst, ']')
		}
	}
	if len(dst) == start {
		return dst[:start-len(name)]
	}
	return append(dst, '}')
}

// groupable says whether the data is of the kind that readers expect of its
// type: an object for three types, text for the others.
func (r *DNSRecord) groupable() bool {
	switch r.Type {
	case rrSOA:
		return r.Data == DNSSOA
	case rrSRV:
		return r.Data == DNSSRV
	case rrSSHFP:
		return r.Data == DNSSSHFP
	}
	return r.Data == DNSText || r.Data == DNSAddr4 || r.Data == DNSAddr6
}
