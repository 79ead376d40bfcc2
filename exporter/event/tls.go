package event

import "time"

// TLS is one TLS session as its handshake shows it.
type TLS struct {
	Envelope
	TLSRecord
}

// TLSRecord is the tls object, which alerts carry too. Empty members are left
// out.
type TLSRecord struct {
	Server          TLSCertificate
	AltNames        [][]byte
	SNI             []byte
	Version         []byte // such as "TLS 1.2"
	Resumed         bool
	JA3, JA3S       TLSFingerprint
	JA4             []byte
	Client          TLSCertificate
	ClientProtocols [][]byte // ALPN
	ServerProtocols [][]byte
	FromProto       string // the protocol that gave way to TLS
}

// TLSCertificate is the first certificate of a side; without Subject there is
// none. Times are seconds since the Unix epoch.
type TLSCertificate struct {
	Subject, Issuer, Serial, Fingerprint []byte
	NotBefore, NotAfter                  int64
}

// TLSFingerprint is a fingerprint with the text it was made of.
type TLSFingerprint struct{ Hash, Text []byte }

// AppendTLS appends the event without its closing brace; see Finish.
func (e *Encoder) AppendTLS(dst []byte, t *TLS) []byte {
	dst = e.appendEnvelope(dst, &t.Envelope, TypeTLS)
	return t.TLSRecord.append(append(dst, `,"tls":`...))
}

// AppendTLSMember appends the member `"tls":{…}` that alerts carry.
func (e *Encoder) AppendTLSMember(dst []byte, t *TLSRecord) []byte {
	return t.append(append(dst, `"tls":`...))
}

func (t *TLSRecord) append(dst []byte) []byte {
	dst = append(dst, '{')
	start := len(dst)
	dst = t.Server.appendName(dst, start)
	dst = appendTexts(dst, start, `"subjectaltname":[`, t.AltNames)
	dst = t.Server.appendNumbers(dst, start)
	dst = appendOptionalText(dst, start, `"sni":`, t.SNI)
	if t.Resumed {
		dst = append(appendComma(dst, start), `"session_resumed":true`...)
	}
	dst = appendOptionalText(dst, start, `"version":`, t.Version)
	if t.FromProto != "" {
		dst = append(append(append(appendComma(dst, start), `"from_proto":"`...), t.FromProto...), '"')
	}
	dst = t.Server.appendValidity(dst, start)
	dst = t.JA3.append(dst, start, `"ja3":{"hash":`)
	dst = t.JA3S.append(dst, start, `"ja3s":{"hash":`)
	dst = appendOptionalText(dst, start, `"ja4":`, t.JA4)
	if t.Client.Subject != nil {
		dst = append(appendComma(dst, start), `"client":{`...)
		inner := len(dst)
		dst = t.Client.appendName(dst, inner)
		dst = t.Client.appendNumbers(dst, inner)
		dst = t.Client.appendValidity(dst, inner)
		dst = append(dst, '}')
	}
	dst = appendTexts(dst, start, `"client_alpns":[`, t.ClientProtocols)
	dst = appendTexts(dst, start, `"server_alpns":[`, t.ServerProtocols)
	return append(dst, '}')
}

func (c *TLSCertificate) appendName(dst []byte, start int) []byte {
	if c.Subject == nil {
		return dst
	}
	dst = AppendText(append(appendComma(dst, start), `"subject":`...), c.Subject)
	return AppendText(append(dst, `,"issuerdn":`...), c.Issuer)
}

func (c *TLSCertificate) appendNumbers(dst []byte, start int) []byte {
	dst = appendOptionalText(dst, start, `"serial":`, c.Serial)
	return appendOptionalText(dst, start, `"fingerprint":`, c.Fingerprint)
}

func (c *TLSCertificate) appendValidity(dst []byte, start int) []byte {
	if c.Subject == nil {
		return dst
	}
	dst = appendCertTime(append(appendComma(dst, start), `"notbefore":"`...), c.NotBefore)
	return append(appendCertTime(append(dst, `","notafter":"`...), c.NotAfter), '"')
}

// appendCertTime writes a second in UTC without its zone, as EVE has it in
// certificates.
func appendCertTime(dst []byte, second int64) []byte {
	return time.Unix(second, 0).UTC().AppendFormat(dst, "2006-01-02T15:04:05")
}

func (f *TLSFingerprint) append(dst []byte, start int, name string) []byte {
	if len(f.Hash) == 0 {
		return dst
	}
	dst = AppendText(append(appendComma(dst, start), name...), f.Hash)
	dst = AppendText(append(dst, `,"string":`...), f.Text)
	return append(dst, '}')
}

// appendOptionalText writes a member unless its value is empty; start is where
// the object's members began.
func appendOptionalText(dst []byte, start int, name string, value []byte) []byte {
	if len(value) == 0 {
		return dst
	}
	return AppendText(append(appendComma(dst, start), name...), value)
}

// appendTexts writes a list, whose name ends in its bracket, unless it is empty.
func appendTexts(dst []byte, start int, name string, list [][]byte) []byte {
	if len(list) == 0 {
		return dst
	}
	dst = append(appendComma(dst, start), name...)
	for i, text := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendText(dst, text)
	}
	return append(dst, ']')
}
