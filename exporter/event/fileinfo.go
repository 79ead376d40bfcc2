package event

// FileState is fileinfo.state.
type FileState string

// File states.
const (
	FileClosed    FileState = "CLOSED"    // seen to its end
	FileTruncated FileState = "TRUNCATED" // ended early, or beyond what is looked at
	FileError     FileState = "ERROR"
	FileUnknown   FileState = "UNKNOWN"
)

// FileInfo is a file that was carried by some protocol. Its addresses are those
// of the file's way: the source sent it.
type FileInfo struct {
	Envelope
	// App is the record of the file's transaction as members of the root
	// object, as in Alert.App.
	App []byte

	Filename []byte
	Magic    []byte
	Gaps     bool // bytes are missing; there are no hashes then
	State    FileState
	// Hashes in lower-case hexadecimal; nil where not computed.
	MD5, SHA1, SHA256 []byte
	SIDs              []uint32 // of rules that asked for the file
	Stored            bool
	Size              uint64 // bytes seen
	HasRange          bool
	Start, End        uint64 // of a part of the file (Content-Range)
}

// AppendFileInfo appends the event without its closing brace; see Finish.
func (e *Encoder) AppendFileInfo(dst []byte, f *FileInfo) []byte {
	saved := f.HasTx
	f.HasTx = false // tx_id stands in the fileinfo object
	dst = e.appendEnvelope(dst, &f.Envelope, TypeFileInfo)
	f.HasTx = saved
	if len(f.App) > 0 {
		dst = append(append(dst, ','), f.App...)
	}
	return AppendFileObject(append(dst, `,"fileinfo":`...), f)
}

// AppendFileObject appends what is said of a file, which alerts have in `files`.
func AppendFileObject(dst []byte, f *FileInfo) []byte {
	dst = append(dst, '{')
	start := len(dst)
	if f.Filename != nil {
		dst = AppendText(append(dst, `"filename":`...), f.Filename)
	}
	if len(f.SIDs) > 0 {
		dst = append(appendComma(dst, start), `"sid":[`...)
		for i, sid := range f.SIDs {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendUintMember(dst, "", uint64(sid))
		}
		dst = append(dst, ']')
	}
	if f.Magic != nil {
		dst = AppendText(append(appendComma(dst, start), `"magic":`...), f.Magic)
	}
	dst = appendBoolMember(appendComma(dst, start), `"gaps":`, f.Gaps)
	dst = appendOptionalString(dst, `,"state":`, string(f.State))
	dst = appendHash(dst, `,"md5":"`, f.MD5)
	dst = appendHash(dst, `,"sha1":"`, f.SHA1)
	dst = appendHash(dst, `,"sha256":"`, f.SHA256)
	dst = appendBoolMember(dst, `,"stored":`, f.Stored)
	dst = appendUintMember(dst, `,"size":`, f.Size)
	if f.HasRange {
		dst = appendUintMember(dst, `,"start":`, f.Start)
		dst = appendUintMember(dst, `,"end":`, f.End)
	}
	if f.HasTx {
		dst = appendUintMember(dst, `,"tx_id":`, f.TxID)
	}
	return append(dst, '}')
}

func appendHash(dst []byte, name string, sum []byte) []byte {
	if len(sum) == 0 {
		return dst
	}
	dst = append(append(dst, name...), sum...)
	return append(dst, '"')
}
