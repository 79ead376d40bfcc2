package event

// SSH is one SSH connection as its banners and key exchange show it.
type SSH struct {
	Envelope
	SSHRecord
}

// SSHRecord is the ssh object, which alerts carry too.
type SSHRecord struct{ Client, Server SSHSide }

// SSHSide is what one side said; without Proto it said nothing.
type SSHSide struct {
	Proto, Software []byte
	Hassh           TLSFingerprint
}

// AppendSSH appends the event without its closing brace; see Finish.
func (e *Encoder) AppendSSH(dst []byte, s *SSH) []byte {
	dst = e.appendEnvelope(dst, &s.Envelope, TypeSSH)
	return s.SSHRecord.append(append(dst, `,"ssh":`...))
}

// AppendSSHMember appends the member `"ssh":{…}` that alerts carry.
func (e *Encoder) AppendSSHMember(dst []byte, s *SSHRecord) []byte {
	return s.append(append(dst, `"ssh":`...))
}

func (s *SSHRecord) append(dst []byte) []byte {
	dst = append(dst, '{')
	start := len(dst)
	dst = s.Client.append(dst, start, `"client":{`)
	dst = s.Server.append(dst, start, `"server":{`)
	return append(dst, '}')
}

func (s *SSHSide) append(dst []byte, start int, name string) []byte {
	if s.Proto == nil {
		return dst
	}
	dst = append(appendComma(dst, start), name...)
	inner := len(dst)
	dst = AppendText(append(dst, `"proto_version":`...), s.Proto)
	dst = appendOptionalText(dst, inner, `"software_version":`, s.Software)
	dst = s.Hassh.append(dst, inner, `"hassh":{"hash":`)
	return append(dst, '}')
}
