package http1

// Method is a request method that HTTP and WebDAV define; libhtp's list.
type Method uint8

// Methods whose requests and responses are special.
const (
	MethodUnknown Method = iota
	MethodHEAD
	MethodGET
	MethodPUT
	MethodPOST
	MethodCONNECT
)

// methods are the known ones, those with a constant first. INVALID is there
// because libhtp has it.
var methods = [...]string{
	"", "HEAD", "GET", "PUT", "POST", "CONNECT",
	"DELETE", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK",
	"VERSION-CONTROL", "CHECKOUT", "UNCHECKOUT", "CHECKIN", "UPDATE", "LABEL", "REPORT", "MKWORKSPACE", "MKACTIVITY",
	"BASELINE-CONTROL", "MERGE", "INVALID",
}

// methodOf finds a method; case counts.
func methodOf(name []byte) Method {
	for i := 1; i < len(methods); i++ {
		if string(name) == methods[i] {
			return Method(i)
		}
	}
	return MethodUnknown
}

// startsMethod reports whether b is the start of a method's name.
func startsMethod(b []byte) bool {
	for _, m := range methods[1:] {
		if len(b) <= len(m) && string(b) == m[:len(b)] {
			return true
		}
	}
	return false
}
