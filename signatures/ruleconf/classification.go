package ruleconf

import (
	"strconv"
	"strings"

	"spanwatch/signatures/rule"
)

// Classification is what a classtype stands for.
type Classification struct {
	Name     string // short name, lower case: what rules write
	Label    string // what alert.category says
	Priority uint8  // 1 is the gravest; a rule's own priority overrides it
	Pos      rule.Position
}

// Classifications is a table of classtypes, safe to share once made.
type Classifications struct {
	list   []Classification
	byName map[string]int
}

// Lookup finds a classtype by its short name, in any case.
func (c *Classifications) Lookup(name string) (Classification, bool) {
	i, ok := c.byName[strings.ToLower(name)]
	if !ok {
		return Classification{}, false
	}
	return c.list[i], true
}

// Names returns the short names in the file's order; for hints.
func (c *Classifications) Names() []string {
	names := make([]string, len(c.list))
	for i := range c.list {
		names[i] = c.list[i].Name
	}
	return names
}

// add keeps the first of several with one name.
func (c *Classifications) add(e Classification) bool {
	if _, ok := c.byName[e.Name]; ok {
		return false
	}
	if c.byName == nil {
		c.byName = make(map[string]int)
	}
	c.byName[e.Name] = len(c.list)
	c.list = append(c.list, e)
	return true
}

// ParseClassifications reads lines of the form
//
//	config classification: name,label,priority
//
// file is the text's name in positions.
func ParseClassifications(file string, text []byte) (*Classifications, []*rule.Diagnostic) {
	var table Classifications
	var diags []*rule.Diagnostic
	for line := range rule.Lines(file, text) {
		c := cursor{line: line}
		e, d := classification(&c)
		if d == nil && !table.add(e) {
			d = c.problem(0, CodeDuplicate, "classtype "+e.Name+" is defined before", "the first definition counts", "")
			d.Warning = true
		}
		if d != nil {
			diags = append(diags, d)
		}
	}
	return &table, diags
}

func classification(c *cursor) (Classification, *rule.Diagnostic) {
	const form = "config classification: name,label,priority"
	if d := c.tooLong(); d != nil {
		return Classification{}, d
	}
	if !c.accept("config") || !c.accept("classification") || !c.accept(":") {
		return Classification{}, c.problem(c.at, CodeSyntax, "not a classification", "the form is: "+form, "")
	}
	name, at := c.word()
	if name == "" || !isLetter(name[0]) {
		return Classification{}, c.problem(at, CodeName, "bad short name", "letters, digits, - and _, a letter first", "")
	}
	if !c.accept(",") {
		return Classification{}, c.problem(c.at, CodeSyntax, `"," expected behind the short name`, "the form is: "+form, "")
	}
	c.skipSpace()
	labelAt := c.at
	comma := strings.LastIndexByte(c.rest(), ',')
	if comma < 0 {
		return Classification{}, c.problem(c.at, CodeSyntax, "priority missing", "the form is: "+form, "")
	}
	label := strings.TrimRight(c.rest()[:comma], spaces)
	if label == "" {
		return Classification{}, c.problem(labelAt, CodeSyntax, "label missing", "the form is: "+form, "")
	}
	c.at += comma + 1
	text, at := c.until(',')
	priority, ok := number(text, 255)
	if !ok || priority == 0 {
		return Classification{}, c.problem(at, CodePriority, "bad priority "+strconv.Quote(text), "1 to 255", "")
	}
	return Classification{strings.ToLower(name), label, uint8(priority), c.line.At(0)}, nil
}

func isLetter(b byte) bool { return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' }

// DefaultClassifications returns the classtypes of public rulesets with the
// labels and priorities that consumers of alerts know them by.
func DefaultClassifications() *Classifications {
	var table Classifications
	for _, e := range defaultClassifications {
		table.add(e)
	}
	return &table
}

var defaultClassifications = [...]Classification{
	{Name: "not-suspicious", Label: "Not Suspicious Traffic", Priority: 3},
	{Name: "unknown", Label: "Unknown Traffic", Priority: 3},
	{Name: "bad-unknown", Label: "Potentially Bad Traffic", Priority: 2},
	{Name: "attempted-recon", Label: "Attempted Information Leak", Priority: 2},
	{Name: "successful-recon-limited", Label: "Information Leak", Priority: 2},
	{Name: "successful-recon-largescale", Label: "Large Scale Information Leak", Priority: 2},
	{Name: "attempted-dos", Label: "Attempted Denial of Service", Priority: 2},
	{Name: "successful-dos", Label: "Denial of Service", Priority: 2},
	{Name: "attempted-user", Label: "Attempted User Privilege Gain", Priority: 1},
	{Name: "unsuccessful-user", Label: "Unsuccessful User Privilege Gain", Priority: 1},
	{Name: "successful-user", Label: "Successful User Privilege Gain", Priority: 1},
	{Name: "attempted-admin", Label: "Attempted Administrator Privilege Gain", Priority: 1},
	{Name: "successful-admin", Label: "Successful Administrator Privilege Gain", Priority: 1},
	{Name: "rpc-portmap-decode", Label: "Decode of an RPC Query", Priority: 2},
	{Name: "shellcode-detect", Label: "Executable code was detected", Priority: 1},
	{Name: "string-detect", Label: "A suspicious string was detected", Priority: 3},
	{Name: "suspicious-filename-detect", Label: "A suspicious filename was detected", Priority: 2},
	{Name: "suspicious-login", Label: "An attempted login using a suspicious username was detected", Priority: 2},
	{Name: "system-call-detect", Label: "A system call was detected", Priority: 2},
	{Name: "tcp-connection", Label: "A TCP connection was detected", Priority: 4},
	{Name: "trojan-activity", Label: "A Network Trojan was detected", Priority: 1},
	{Name: "unusual-client-port-connection", Label: "A client was using an unusual port", Priority: 2},
	{Name: "network-scan", Label: "Detection of a Network Scan", Priority: 3},
	{Name: "denial-of-service", Label: "Detection of a Denial of Service Attack", Priority: 2},
	{Name: "non-standard-protocol", Label: "Detection of a non-standard protocol or event", Priority: 2},
	{Name: "protocol-command-decode", Label: "Generic Protocol Command Decode", Priority: 3},
	{Name: "web-application-activity", Label: "access to a potentially vulnerable web application", Priority: 2},
	{Name: "web-application-attack", Label: "Web Application Attack", Priority: 1},
	{Name: "misc-activity", Label: "Misc activity", Priority: 3},
	{Name: "misc-attack", Label: "Misc Attack", Priority: 2},
	{Name: "icmp-event", Label: "Generic ICMP event", Priority: 3},
	{Name: "inappropriate-content", Label: "Inappropriate Content was Detected", Priority: 1},
	{Name: "policy-violation", Label: "Potential Corporate Privacy Violation", Priority: 1},
	{Name: "default-login-attempt", Label: "Attempt to login by a default username and password", Priority: 2},
	{Name: "targeted-activity", Label: "Targeted Malicious Activity was Detected", Priority: 1},
	{Name: "exploit-kit", Label: "Exploit Kit Activity Detected", Priority: 1},
	{Name: "external-ip-check", Label: "Device Retrieving External IP Address Detected", Priority: 2},
	{Name: "domain-c2", Label: "Domain Observed Used for C2 Detected", Priority: 1},
	{Name: "pup-activity", Label: "Possibly Unwanted Program Detected", Priority: 2},
	{Name: "credential-theft", Label: "Successful Credential Theft Detected", Priority: 1},
	{Name: "social-engineering", Label: "Possible Social Engineering Attempted", Priority: 2},
	{Name: "coin-mining", Label: "Crypto Currency Mining Activity Detected", Priority: 2},
	{Name: "command-and-control", Label: "Malware Command and Control Activity Detected", Priority: 1},
}
