package event

import "encoding/base64"

// HTTP is one request with its response. Members that were not seen are empty
// and left out.
type HTTP struct {
	Envelope
	HTTPRecord
}

// HTTPRecord is the http object, which alerts and file records carry too.
// Texts are bytes from the wire.
type HTTPRecord struct {
	Hostname     []byte
	Port         uint16 // of the Host header; 0 without
	URL          []byte
	UserAgent    []byte
	ContentType  []byte
	Referer      []byte
	Method       []byte
	Protocol     []byte
	HasStatus    bool
	Status       uint16
	StatusText   []byte // a status that is no number
	Redirect     []byte
	XFF          []byte
	ContentRange ContentRange
	Length       uint64 // of the response body as decoded
	HasLength    bool

	RequestHeaders, ResponseHeaders []HTTPHeader // http events only

	RequestBody, ResponseBody []byte // what is at hand of them, decoded; alerts only
}

// HTTPHeader is one header line.
type HTTPHeader struct{ Name, Value []byte }

// ContentRange is the header of that name, RFC 9110 section 14.4; without Raw
// there is none.
type ContentRange struct {
	Raw               []byte
	Start, End, Size  int64
	HasSpan, HasTotal bool
}

// AppendHTTP appends the event without its closing brace; see Finish.
func (e *Encoder) AppendHTTP(dst []byte, h *HTTP) []byte {
	dst = e.appendEnvelope(dst, &h.Envelope, TypeHTTP)
	dst = append(dst, `,"http":`...)
	return h.HTTPRecord.append(dst, true)
}

// AppendHTTPMember appends the member `"http":{…}` that alerts and file records
// carry.
func (e *Encoder) AppendHTTPMember(dst []byte, h *HTTPRecord) []byte {
	dst = h.append(append(dst, `"http":`...), false)
	if len(h.RequestBody)+len(h.ResponseBody) == 0 {
		return dst
	}
	dst = dst[:len(dst)-1]
	dst = appendBody(dst, `"http_request_body":"`, `,"http_request_body_printable":`, h.RequestBody)
	dst = appendBody(dst, `"http_response_body":"`, `,"http_response_body_printable":`, h.ResponseBody)
	return append(dst, '}')
}

// appendBody appends a body.
func appendBody(dst []byte, name, printable string, body []byte) []byte {
	if len(body) == 0 {
		return dst
	}
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(dst, name...)
	dst = base64.StdEncoding.AppendEncode(dst, body)
	dst = append(dst, '"')
	return appendPrintable(append(dst, printable...), body)
}

func (h *HTTPRecord) append(dst []byte, headers bool) []byte {
	dst = append(dst, '{')
	start := len(dst)
	text := func(name string, value []byte) {
		if value == nil {
			return
		}
		dst = AppendText(append(appendComma(dst, start), name...), value)
	}
	text(`"hostname":`, h.Hostname)
	if h.Port != 0 {
		dst = appendUintMember(appendComma(dst, start), `"http_port":`, uint64(h.Port))
	}
	text(`"url":`, h.URL)
	text(`"http_user_agent":`, h.UserAgent)
	text(`"xff":`, h.XFF)
	text(`"http_content_type":`, h.ContentType)
	if h.ContentRange.Raw != nil {
		dst = h.ContentRange.append(append(appendComma(dst, start), `"content_range":`...))
	}
	text(`"http_refer":`, h.Referer)
	text(`"http_method":`, h.Method)
	text(`"protocol":`, h.Protocol)
	if h.HasStatus {
		dst = appendUintMember(appendComma(dst, start), `"status":`, uint64(h.Status))
	}
	text(`"status_string":`, h.StatusText)
	text(`"redirect":`, h.Redirect)
	if h.HasLength {
		dst = appendUintMember(appendComma(dst, start), `"length":`, h.Length)
	}
	if headers {
		dst = appendHeaders(dst, start, `"request_headers":[`, h.RequestHeaders)
		dst = appendHeaders(dst, start, `"response_headers":[`, h.ResponseHeaders)
	}
	return append(dst, '}')
}

func (r *ContentRange) append(dst []byte) []byte {
	dst = AppendText(append(dst, `{"raw":`...), r.Raw)
	if r.HasSpan {
		dst = appendUintMember(dst, `,"start":`, uint64(r.Start))
		dst = appendUintMember(dst, `,"end":`, uint64(r.End))
	}
	if r.HasTotal {
		dst = appendUintMember(dst, `,"size":`, uint64(r.Size))
	}
	return append(dst, '}')
}

func appendHeaders(dst []byte, start int, name string, list []HTTPHeader) []byte {
	if len(list) == 0 {
		return dst
	}
	dst = append(appendComma(dst, start), name...)
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendText(append(dst, `{"name":`...), list[i].Name)
		dst = AppendText(append(dst, `,"value":`...), list[i].Value)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}
