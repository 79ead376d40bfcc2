package ecs

import (
	"bytes"

	"spanwatch/exporter/document"
)

// opcodes are the names of DNS opcodes (IANA, DNS OpCodes).
var opcodes = [...]string{0: "QUERY", 1: "IQUERY", 2: "STATUS", 4: "NOTIFY", 5: "UPDATE", 6: "DSO"}

// answerNames are ECS's names of the members of a DNS answer.
var answerNames = map[string]string{"rrname": "name", "rrtype": "type", "rdata": "data"}

// rewrite changes the value at n to its form. It returns false, and changes
// nothing, when the value has no such form; it then stays where it is.
func (c *Converter) rewrite(n document.Node, f form) bool {
	d := c.doc
	switch f {
	case asIs:
		return true
	case asText:
		if d.Kind(n) != document.Number {
			return false
		}
		d.SetRaw(n, document.String, c.quote(d.Raw(n)))
		return true
	case asList:
		if d.Kind(n) != document.String {
			return false
		}
		value := d.New(d.Kind(n), d.Raw(n))
		d.SetRaw(n, document.Array, nil)
		d.Attach(n, nil, value)
		return true
	case asNetwork:
		if d.Kind(n) != document.Number {
			return false
		}
		d.SetRaw(n, document.String, c.quote(append([]byte("ipv"), d.Raw(n)...)))
		return true
	case asOpcode:
		code := d.Raw(n)
		if d.Kind(n) != document.Number || len(code) != 1 || code[0] < '0' || int(code[0]-'0') >= len(opcodes) || opcodes[code[0]-'0'] == "" {
			return false
		}
		d.SetRaw(n, document.String, c.quote([]byte(opcodes[code[0]-'0'])))
		return true
	case asAnswers:
		if d.Kind(n) != document.Array {
			return false
		}
		for a := d.First(n); a != document.None; a = d.Next(a) {
			for m := d.First(a); m != document.None; m = d.Next(m) {
				if name, ok := answerNames[string(d.Name(m))]; ok {
					d.Rename(m, []byte(name))
				}
			}
		}
		return true
	}
	text, ok := d.Text(n)
	if !ok {
		return false
	}
	text, ok = c.rewriteText(text, f)
	if ok {
		d.SetRaw(n, document.String, c.quote(text))
	}
	return ok
}

func (c *Converter) rewriteText(text []byte, f form) ([]byte, bool) {
	switch f {
	case asLower:
		return bytes.ToLower(text), true
	case asTime:
		text, ok := bytes.CutSuffix(text, []byte("+0000"))
		return append(bytes.Clone(text), 'Z'), ok
	case asUTC:
		return append(bytes.Clone(text), 'Z'), true
	case asMAC:
		return bytes.ToUpper(bytes.ReplaceAll(text, []byte(":"), []byte("-"))), true
	case asHash:
		return bytes.ToUpper(bytes.ReplaceAll(text, []byte(":"), nil)), true
	case asProtocol:
		return text, string(text) != "failed" && string(text) != "unknown"
	case asQuery:
		switch string(text) {
		case "request", "query":
			return []byte("query"), true
		case "response", "answer":
			return []byte("answer"), true
		}
		return nil, false
	case asVersion:
		for _, prefix := range []string{"HTTP/", "TLS ", "TLSv", "TLS"} {
			if rest, ok := bytes.CutPrefix(text, []byte(prefix)); ok && len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' {
				return rest, true
			}
		}
	}
	return nil, false
}
