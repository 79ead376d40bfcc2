package event

// FTPData is one transfer over a data connection. ParentID of its envelope is
// the flow of the control connection.
type FTPData struct {
	Envelope
	FTPDataRecord
}

// FTPDataRecord is the ftp_data object, which alerts and fileinfo events carry
// too.
type FTPDataRecord struct {
	Filename []byte // as the client wrote it; nil for a list
	Command  string
}

// AppendFTPData appends the event without its closing brace; see Finish.
func (e *Encoder) AppendFTPData(dst []byte, f *FTPData) []byte {
	dst = e.appendEnvelope(dst, &f.Envelope, TypeFTPData)
	return f.FTPDataRecord.append(append(dst, `,"ftp_data":`...))
}

// AppendFTPDataMember appends the member `"ftp_data":{…}` that alerts carry.
func (e *Encoder) AppendFTPDataMember(dst []byte, f *FTPDataRecord) []byte {
	return f.append(append(dst, `"ftp_data":`...))
}

func (f *FTPDataRecord) append(dst []byte) []byte {
	dst = append(dst, '{')
	if f.Filename != nil {
		dst = append(AppendText(append(dst, `"filename":`...), f.Filename), ',')
	}
	dst = append(dst, `"command":`...)
	return append(AppendString(dst, f.Command), '}')
}
