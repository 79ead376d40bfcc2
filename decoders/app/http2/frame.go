package http2

// Types of frames (RFC 9113 section 6).
const (
	typeData         = 0
	typeHeaders      = 1
	typePriority     = 2
	typeRstStream    = 3
	typeSettings     = 4
	typePushPromise  = 5
	typePing         = 6
	typeGoAway       = 7
	typeWindowUpdate = 8
	typeContinuation = 9
)

// Flags of frames.
const (
	flagEndStream  = 0x01 // DATA, HEADERS
	flagAck        = 0x01 // SETTINGS, PING
	flagEndHeaders = 0x04
	flagPadded     = 0x08
	flagPriority   = 0x20
)

const (
	frameHeaderLen = 9
	preface        = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" // RFC 9113 section 3.4
	// maxFrame is the longest frame, other than DATA, that is read; as much as
	// Suricata handles whole.
	maxFrame = 65535
)

// header is the header of a frame.
type header struct {
	length int
	kind   uint8
	flags  uint8
	stream uint32
}

func parseHeader(b []byte) header {
	return header{
		length: int(b[0])<<16 | int(b[1])<<8 | int(b[2]), kind: b[3], flags: b[4],
		stream: be32(b[5:]) & 0x7fffffff,
	}
}

func (h header) has(flag uint8) bool { return h.flags&flag != 0 }

func be32(b []byte) uint32 {
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

// unpadded takes the padding off the content of a frame; false when there is
// more of it than content.
func (h header) unpadded(b []byte) ([]byte, bool) {
	if !h.has(flagPadded) {
		return b, true
	}
	if len(b) == 0 || int(b[0]) >= len(b) {
		return nil, false
	}
	return b[1 : len(b)-int(b[0])], true
}

// setting is a parameter of SETTINGS.
type setting struct {
	id    uint16
	value uint32
}

const settingTableSize = 1

// settingNames are the parameters that are told of (RFC 9113 section 6.5.2,
// RFC 8441, RFC 9218), in the words of EVE.
var settingNames = [...]string{
	1: "SETTINGSHEADERTABLESIZE", 2: "SETTINGSENABLEPUSH", 3: "SETTINGSMAXCONCURRENTSTREAMS", 4: "SETTINGSINITIALWINDOWSIZE",
	5: "SETTINGSMAXFRAMESIZE", 6: "SETTINGSMAXHEADERLISTSIZE", 8: "SETTINGSENABLECONNECTPROTOCOL", 9: "SETTINGSNORFC7540PRIORITIES",
}

// settingWords are the parameters as rules write them.
var settingWords = map[string]uint64{
	"settings_header_table_size": 1, "settings_enable_push": 2, "settings_max_concurrent_streams": 3, "settings_initial_window_size": 4,
	"settings_max_frame_size": 5, "settings_max_header_list_size": 6, "settings_enable_connect_protocol": 8, "settings_no_rfc7540_priorities": 9,
}

// errorNames are the error codes (RFC 9113 section 7): as rules write them, as
// EVE has them in RST_STREAM and in GOAWAY.
var errorNames = [...][3]string{
	{"no_error", "NoError", "NOERROR"},
	{"protocol_error", "ProtocolError", "PROTOCOLERROR"},
	{"internal_error", "InternalError", "INTERNALERROR"},
	{"flow_control_error", "FlowControlError", "FLOWCONTROLERROR"},
	{"settings_timeout", "SettingsTimeout", "SETTINGSTIMEOUT"},
	{"stream_closed", "StreamClosed", "STREAMCLOSED"},
	{"frame_size_error", "FrameSizeError", "FRAMESIZEERROR"},
	{"refused_stream", "RefusedStream", "REFUSEDSTREAM"},
	{"cancel", "Cancel", "CANCEL"},
	{"compression_error", "CompressionError", "COMPRESSIONERROR"},
	{"connect_error", "ConnectError", "CONNECTERROR"},
	{"enhance_your_calm", "EnhanceYourCalm", "ENHANCEYOURCALM"},
	{"inadequate_security", "InadequateSecurity", "INADEQUATESECURITY"},
	{"http_1_1_required", "Http11Required", "HTTP11REQUIRED"},
}

// kindWords are the types of frames as rules write them.
var kindWords = map[string]uint64{
	"data": typeData, "headers": typeHeaders, "priority": typePriority, "rststream": typeRstStream, "settings": typeSettings,
	"pushpromise": typePushPromise, "ping": typePing, "goaway": typeGoAway, "windowupdate": typeWindowUpdate,
	"continuation": typeContinuation,
}

func errorWords() map[string]uint64 {
	words := map[string]uint64{}
	for code, names := range errorNames {
		words[names[0]] = uint64(code)
	}
	return words
}
