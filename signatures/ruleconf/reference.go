package ruleconf

import (
	"strings"

	"spanwatch/signatures/rule"
)

// References maps the types of references to URL prefixes, safe to share once
// made.
type References struct {
	prefixes map[string]string // by type in lower case
}

// URL returns the address of a reference; false when its type is unknown.
// Types are known in any case.
func (r *References) URL(system, id string) (string, bool) {
	prefix, ok := r.prefixes[strings.ToLower(system)]
	return prefix + id, ok
}

// add keeps the first of several with one name.
func (r *References) add(system, prefix string) bool {
	system = strings.ToLower(system)
	if _, ok := r.prefixes[system]; ok {
		return false
	}
	if r.prefixes == nil {
		r.prefixes = make(map[string]string)
	}
	r.prefixes[system] = prefix
	return true
}

// ParseReferences reads lines of the form
//
//	config reference: type prefix
//
// file is the text's name in positions.
func ParseReferences(file string, text []byte) (*References, []*rule.Diagnostic) {
	var table References
	var diags []*rule.Diagnostic
	for line := range rule.Lines(file, text) {
		c := cursor{line: line}
		system, prefix, d := reference(&c)
		if d == nil && !table.add(system, prefix) {
			d = c.problem(0, CodeDuplicate, "reference type "+system+" is defined before", "the first definition counts", "")
			d.Warning = true
		}
		if d != nil {
			diags = append(diags, d)
		}
	}
	return &table, diags
}

func reference(c *cursor) (system, prefix string, d *rule.Diagnostic) {
	const form = "config reference: type prefix"
	if d := c.tooLong(); d != nil {
		return "", "", d
	}
	if !c.accept("config") || !c.accept("reference") || !c.accept(":") {
		return "", "", c.problem(c.at, CodeSyntax, "not a reference type", "the form is: "+form, "")
	}
	system, at := c.word()
	if system == "" || !isLetter(system[0]) {
		return "", "", c.problem(at, CodeName, "bad reference type", "letters, digits, - and _, a letter first", "")
	}
	if !c.done() && !isSpace(c.line.Text[c.at-1]) {
		return "", "", c.problem(c.at, CodeSyntax, "white space expected behind the type", "the form is: "+form, "")
	}
	if c.done() {
		return "", "", c.problem(c.at, CodeSyntax, "URL prefix missing", "the form is: "+form, "")
	}
	return system, c.rest(), nil
}

// DefaultReferences returns the reference types of public rulesets.
func DefaultReferences() *References {
	var table References
	for _, e := range defaultReferences {
		table.add(e.system, e.prefix)
	}
	return &table
}

// Prefixes as their owners publish them; several of the sites are gone, but
// rules still name them.
var defaultReferences = [...]struct{ system, prefix string }{
	{"url", "https://"},
	{"cve", "https://cve.mitre.org/cgi-bin/cvename.cgi?name="},
	{"bugtraq", "https://www.securityfocus.com/bid/"},
	{"bid", "https://www.securityfocus.com/bid/"},
	{"nessus", "https://www.tenable.com/plugins/nessus/"},
	{"mcafee", "https://vil.nai.com/vil/content/v_"},
	{"arachnids", "https://www.whitehats.com/info/IDS"},
	{"md5", "https://www.threatexpert.com/report.aspx?md5="},
	{"secunia", "https://www.secunia.com/advisories/"},
	{"exploitdb", "https://www.exploit-db.com/exploits/"},
	{"msft", "https://technet.microsoft.com/security/bulletin/"},
	{"et", "https://doc.emergingthreats.net/"},
	{"etpro", "https://doc.emergingthreatspro.com/"},
	{"telus", "https://"},
	{"xforce", "http://xforce.iss.net/xforce/xfdb/"},
	{"osvdb", "http://osvdb.org/show/osvdb/"},
	{"threatexpert", "http://www.threatexpert.com/report.aspx?md5="},
	{"openpacket", "https://www.openpacket.org/capture/grab/"},
	{"securitytracker", "http://securitytracker.com/id?"},
}
