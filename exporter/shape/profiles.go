package shape

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"spanwatch/exporter/document"
	"spanwatch/exporter/schema"
)

// Names of members, wherever events have them.
var (
	// evidenceNames hold bytes of packets and streams, and what rules captured
	// from them.
	evidenceNames = []string{"payload", "payload_printable", "packet", "stream_payload", "flowvars", "pktvars"}
	// bodyNames hold bodies of HTTP messages.
	bodyNames = []string{"http_request_body", "http_request_body_printable", "http_response_body", "http_response_body_printable", "body"}
	// secretNames hold what lets its holder in.
	secretNames = []string{"password", "passwd", "passphrase", "secret", "token", "community", "authorization", "cookie", "set_cookie"}
)

// named makes rules for all members of the schema that have one of some names,
// so that a protocol that is added later is covered as well.
func named(fields []schema.Field, names []string, bound bool) (rules []rule) {
	for _, f := range fields {
		path := steps(f.Path)
		if f.Path == "tftp.packet" || f.Path == "rdp.cookie" { // the kind of a request and the name of a user, which EVE calls so
			continue
		}
		if slices.Contains(names, path[len(path)-1]) {
			rules = append(rules, rule{path: path, bound: bound})
		}
	}
	return rules
}

// profile returns the rules of a profile; ok is false for an unknown one.
func profile(p Profile, fields []schema.Field) (rules []rule, ok bool) {
	evidence, bodies := named(fields, evidenceNames, true), named(fields, bodyNames, true)
	switch p {
	case ProfilePayload:
		return evidence, true
	case ProfileHTTPBody:
		return slices.Concat(bodies, whenever(isHTTP, evidence)), true
	case ProfileCredentials:
		return slices.Concat(credentials, named(fields, secretNames, false), bodies, evidence), true
	}
	return nil, false
}

// whenever makes rules hold for some events only.
func whenever(when func(*document.Doc) bool, rules []rule) []rule {
	out := slices.Clone(rules)
	for i := range out {
		out[i].when = when
	}
	return out
}

func isHTTP(d *document.Doc) bool {
	if d.Child(document.Root, "http") != document.None {
		return true
	}
	text, _ := d.Text(d.Child(document.Root, "app_proto"))
	return bytes.HasPrefix(text, []byte("http"))
}

// credentials are the places where protocols have secrets.
var credentials = []rule{
	{path: []string{"ftp", "command_data"}, each: isSecretCommand},
	{path: []string{"http", "request_headers", "[]", "value"}, each: isSecretHeader},
	{path: []string{"http", "response_headers", "[]", "value"}, each: isSecretHeader},
	{path: []string{"http", "url"}, edit: cutSecrets},
	{path: []string{"http", "http_refer"}, edit: cutSecrets},
	{path: []string{"http", "redirect"}, edit: cutSecrets},
	{path: []string{"pop3", "request", "args"}, each: isSecretRequest},
	{path: []string{"rfb", "authentication", "vnc", "response"}}, // with the challenge it tells the password (56 bits at most)
}

// isSecretCommand knows the FTP commands whose argument is a secret, RFC 959
// section 4.1.1 and RFC 2228 section 3.
func isSecretCommand(d *document.Doc, ftp document.Node) bool {
	name, _ := d.Text(d.Child(ftp, "command"))
	return slices.Contains([]string{"PASS", "ACCT", "ADAT"}, strings.ToUpper(string(name)))
}

// isSecretRequest knows the POP3 commands whose arguments are secrets: a
// password, a digest of one, or what SASL makes of it.
func isSecretRequest(d *document.Doc, request document.Node) bool {
	name, _ := d.Text(d.Child(request, "command"))
	return slices.Contains([]string{"PASS", "APOP", "AUTH"}, strings.ToUpper(string(name)))
}

// secretHeaders are fields whose value lets its holder in.
var secretHeaders = []string{
	"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-auth-token", "x-csrf-token", "x-amz-security-token",
}

func isSecretHeader(d *document.Doc, header document.Node) bool {
	name, ok := d.Text(d.Child(header, "name"))
	return !ok || slices.Contains(secretHeaders, strings.ToLower(string(name)))
}

// secretParts finds secrets in a URL: the password of its user part, and the
// values of parameters that are called like one.
var secretParts = regexp.MustCompile(`(?i)(//[^/?#@:"\\]*:)([^/?#@"\\]+)(@)|` +
	`([?&;](?:[a-z0-9_.\-]*(?:password|passwd|passphrase|secret|token|api[_\-]?key|apikey|session(?:id)?|signature)|pwd|pass|auth|sid|code)=)((?:\\.|[^&;#"\\])*)`)

// cutSecrets replaces the secrets of a URL by stars, or hashes.
func cutSecrets(r *redactor, n document.Node) {
	raw := r.doc.Raw(n)
	if r.doc.Kind(n) != document.String || !secretParts.Match(raw) {
		return
	}
	var out []byte
	at := 0
	for _, m := range secretParts.FindAllSubmatchIndex(raw, -1) {
		from, to := m[4], m[5] // the password
		if from < 0 {
			from, to = m[10], m[11] // the parameter's value
		}
		if from == to {
			continue
		}
		out = append(out, raw[at:from]...)
		if r.mac != nil {
			out = append(out, r.digest(append(append([]byte{'"'}, raw[from:to]...), '"'))...)
		} else {
			out = append(out, "***"...)
		}
		at = to
	}
	out = append(out, raw[at:]...)
	r.replace(n, out[1:len(out)-1])
}
