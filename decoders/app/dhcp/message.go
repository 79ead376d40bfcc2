package dhcp

const (
	fixedLen   = 236 // of the fixed part (RFC 2131 section 2)
	cookie     = "\x63\x82\x53\x63"
	maxOptions = 128
)

// Options that are looked at (RFC 2132).
const (
	optionPad          = 0
	optionSubnetMask   = 1
	optionRouter       = 3
	optionDNSServer    = 6
	optionHostname     = 12
	optionRequestedIP  = 50
	optionLeaseTime    = 51
	optionType         = 53
	optionParams       = 55
	optionRenewal      = 58
	optionRebinding    = 59
	optionVendorClass  = 60
	optionClientID     = 61
	optionEnd          = 255
	clientIDIsHardware = 1
)

// option is one of a message.
type option struct {
	code byte
	data []byte
}

// isMessage reports whether a datagram is a message: fixed part, cookie.
func isMessage(data []byte) bool {
	return len(data) >= fixedLen+len(cookie) && (data[0] == 1 || data[0] == 2) && string(data[fixedLen:][:len(cookie)]) == cookie
}

// appendOptions takes the options of a message apart. malformed says that one
// is longer than the message, or shorter than it can be; cut that the list has
// no end.
func appendOptions(dst []option, data []byte) (list []option, malformed, cut bool) {
	for len(data) > 0 {
		code := data[0]
		switch code {
		case optionPad:
			data = data[1:]
			continue
		case optionEnd:
			return dst, malformed, false
		}
		if len(data) < 2 || len(data) < 2+int(data[1]) {
			return dst, true, true
		}
		o := option{code, data[2 : 2+int(data[1])]}
		data = data[2+int(data[1]):]
		if n := leastLen[code]; len(o.data) < int(n) {
			malformed = true
			continue
		}
		if len(dst) < maxOptions {
			dst = append(dst, o)
		}
	}
	return dst, malformed, true
}

// leastLen is how long the data of an option is at least.
var leastLen = [256]uint8{
	optionSubnetMask: 4, optionRouter: 4, optionDNSServer: 4, optionRequestedIP: 4, optionLeaseTime: 4, optionType: 1,
	optionRenewal: 4, optionRebinding: 4, optionClientID: 2,
}

var typeNames = [...]string{
	1: "discover", 2: "offer", 3: "request", 4: "decline", 5: "ack", 6: "nak", 7: "release", 8: "inform",
}

// paramNames are options that a client asks for, as EVE names them; others are
// not told of.
var paramNames = map[byte]string{
	1: "subnet_mask", 3: "router", 6: "dns_server", 15: "domain", 35: "arp_timeout", 42: "ntp_server", 66: "tftp_server_name",
	150: "tftp_server_ip",
}
