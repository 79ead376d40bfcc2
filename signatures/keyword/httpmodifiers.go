package keyword

import (
	"spanwatch/signatures/rule"
)

// contentModifiers are the older keywords that move the content before them
// into a buffer, and the buffer.
var contentModifiers = [...][2]string{
	{"http_uri", "http.uri"}, {"http_raw_uri", "http.uri.raw"}, {"http_method", "http.method"}, {"http_header", "http.header"},
	{"http_raw_header", "http.header.raw"}, {"http_cookie", "http.cookie"}, {"http_user_agent", "http.user_agent"},
	{"http_host", "http.host"}, {"http_raw_host", "http.host.raw"}, {"http_client_body", "http.request_body"},
	{"http_server_body", "file.data"}, {"http_stat_code", "http.stat_code"}, {"http_stat_msg", "http.stat_msg"},
}

// modifierKeywords makes a keyword of every content modifier.
func modifierKeywords() []Keyword {
	var keywords []Keyword
	for _, m := range contentModifiers {
		keywords = append(keywords, Keyword{Name: m[0], Kind: KindModifier, Argument: None, Syntax: `content:"…"; ` + m[0] + " (as " + m[1] + ")",
			Setup: func(b *Builder, o *rule.Option) *rule.Diagnostic { return b.moveContent(o, m[1]) }})
	}
	return keywords
}

// moveContent moves the last content of the payload into a buffer's list.
// What is relative there refers to the content before it in that list.
func (b *Builder) moveContent(o *rule.Option, buffer string) *rule.Diagnostic {
	if b.lastSource != nil {
		return b.fail(o, "bad-combination", o.Name+" after a sticky buffer", "the content is in that buffer already", "name the buffer before the content: "+buffer+";")
	}
	from, i, d := b.lastContent(o)
	if d != nil {
		return d
	}
	if !from.Payload() {
		return b.fail(o, "duplicate-option", "the content before "+o.Name+" is in a buffer already", "", "")
	}
	if buffer == "file.data" {
		if d := b.bodyOfResponse(o); d != nil {
			return d
		}
	}
	to, d := b.sourceByName(o, buffer)
	if d != nil {
		return d
	}
	n := from.Chain.nodes[i]
	from.Chain.nodes = append(from.Chain.nodes[:i], from.Chain.nodes[i+1:]...)
	b.addNode(to, n)
	return nil
}

// setUricontent is the keyword uricontent: content of http.uri.
func setUricontent(b *Builder, o *rule.Option) *rule.Diagnostic {
	if d := setContent(b, o); d != nil {
		return d
	}
	return b.moveContent(o, "http.uri")
}

// sourceByName returns the list of a buffer that another keyword stands for.
func (b *Builder) sourceByName(o *rule.Option, name string) (*List, *rule.Diagnostic) {
	s := b.set.source(name)
	return b.sourceList(o, s, s.Dirs)
}

// setResponseBody is the sticky buffer http.response_body: file.data of a
// response of HTTP.
func setResponseBody(b *Builder, o *rule.Option) *rule.Diagnostic {
	if d := b.bodyOfResponse(o); d != nil {
		return d
	}
	return b.useSource(o, b.set.source("file.data"))
}

// bodyOfResponse restricts a rule that names the body of a response by an older
// word, which is the file of a response.
func (b *Builder) bodyOfResponse(o *rule.Option) *rule.Diagnostic {
	if d := b.needApps(o, httpProtos); d != nil {
		return d
	}
	return b.narrow(o, DirToClient)
}
