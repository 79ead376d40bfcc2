package event

// FTP is one command with its replies.
type FTP struct {
	Envelope
	FTPRecord
}

// FTPRecord is the ftp object, which alerts carry too.
type FTPRecord struct {
	Command        string // empty for a reply without one
	Data           []byte
	CommandCut     bool // the line was longer than what is kept
	Codes, Replies [][]byte
	Port           uint16 // of the data connection that was agreed on; 0 is none
	Mode           string // active or passive; empty when the command agrees on none
	Answered       bool
	ReplyCut       bool
}

// AppendFTP appends the event without its closing brace; see Finish.
func (e *Encoder) AppendFTP(dst []byte, f *FTP) []byte {
	dst = e.appendEnvelope(dst, &f.Envelope, TypeFTP)
	return f.FTPRecord.append(append(dst, `,"ftp":`...))
}

// AppendFTPMember appends the member `"ftp":{…}` that alerts carry.
func (e *Encoder) AppendFTPMember(dst []byte, f *FTPRecord) []byte {
	return f.append(append(dst, `"ftp":`...))
}

func (f *FTPRecord) append(dst []byte) []byte {
	dst = append(dst, '{')
	start := len(dst)
	if f.Command != "" {
		dst = appendStringMember(dst, `"command":`, f.Command)
		dst = appendOptionalText(dst, start, `"command_data":`, f.Data)
		if len(f.Data) > 0 {
			dst = appendBoolMember(dst, `,"command_truncated":`, f.CommandCut)
		}
	}
	dst = appendTexts(dst, start, `"completion_code":[`, f.Codes)
	dst = appendTexts(dst, start, `"reply":[`, f.Replies)
	if f.Port != 0 {
		dst = appendUintMember(appendComma(dst, start), `"dynamic_port":`, uint64(f.Port))
	}
	if f.Mode != "" {
		dst = appendStringMember(appendComma(dst, start), `"mode":`, f.Mode)
	}
	answered := "no"
	switch {
	case f.Answered && f.ReplyCut:
		answered = "truncated"
	case f.Answered:
		answered = "yes"
	}
	dst = appendStringMember(appendComma(dst, start), `"reply_received":`, answered)
	dst = appendBoolMember(dst, `,"reply_truncated":`, f.ReplyCut)
	return append(dst, '}')
}
