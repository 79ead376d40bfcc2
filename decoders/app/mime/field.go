package mime

// Field is a header field of the mail that is kept.
type Field uint8

// Fields, and OtherField for those that are not kept.
const (
	OtherField Field = iota
	From
	To
	Cc
	Subject
	Date
	MessageID
	XMailer
	Received
	ReplyTo
	Bcc
	UserAgent
	XOriginatingIP
	InReplyTo
	References
	Importance
	Priority
	Sensitivity
	Organization
	ContentMD5
	Relays
	FieldCount // number of fields, OtherField included

	// Fields about the body are evaluated for each part, not kept.
	contentType
	contentDisposition
	contentTransferEncoding
)

var fieldNames = [...]string{
	From: "from", To: "to", Cc: "cc", Subject: "subject", Date: "date", MessageID: "message-id",
	XMailer: "x-mailer", Received: "received", ReplyTo: "reply-to", Bcc: "bcc", UserAgent: "user-agent",
	XOriginatingIP: "x-originating-ip", InReplyTo: "in-reply-to", References: "references",
	Importance: "importance", Priority: "priority", Sensitivity: "sensitivity", Organization: "organization",
	ContentMD5: "content-md5", Relays: "relays",
	contentType: "content-type", contentDisposition: "content-disposition",
	contentTransferEncoding: "content-transfer-encoding",
}

// String returns the field's name in lower case.
func (f Field) String() string {
	if int(f) < len(fieldNames) {
		return fieldNames[f]
	}
	return ""
}

// fieldByName finds a name in any case; a list this short is faster to walk
// than to hash.
func fieldByName(name []byte) Field {
	for f := From; int(f) < len(fieldNames); f++ {
		if equalFold(name, fieldNames[f]) {
			return f
		}
	}
	return OtherField
}

// equalFold compares with text in lower-case ASCII.
func equalFold(b []byte, lower string) bool {
	return len(b) == len(lower) && len(lower) > 0 && hasPrefixFold(b, lower)
}

func hasPrefixFold(b []byte, lower string) bool {
	if len(b) < len(lower) {
		return false
	}
	for i := range len(lower) {
		if toLower(b[i]) != lower[i] {
			return false
		}
	}
	return true
}

func toLower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

// NextAddress cuts the first address off a list as in To and Cc: at commas that
// are not in quotes. Empty entries are passed over; false when none is left.
func NextAddress(list []byte) (address, rest []byte, ok bool) {
	for len(list) > 0 {
		end := addressEnd(list)
		address = trimSpace(list[:end])
		list = list[min(end+1, len(list)):]
		if len(address) > 0 {
			return address, list, true
		}
	}
	return nil, nil, false
}

func addressEnd(list []byte) int {
	quoted := false
	for i := 0; i < len(list); i++ {
		switch c := list[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case c == ',' && !quoted:
			return i
		}
	}
	return len(list)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func trimSpace(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}
