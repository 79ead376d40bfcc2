package ecs

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"spanwatch/exporter/document"
	"spanwatch/exporter/event"
)

// route is a row of the mapping with its paths taken apart.
type route struct {
	move
	below []string // names of from behind the first
	to    []string
}

// routes lists the rows by the member of the root that they begin at.
func routes(table []move) map[string][]route {
	out := map[string][]route{}
	for _, m := range table {
		from := strings.Split(m.from, ".")
		out[from[0]] = append(out[from[0]], route{m, from[1:], strings.Split(m.to, ".")})
	}
	return out
}

var envelopeRoutes, detailRoutes = routes(envelope), routes(details)

// madePaths are the fields of computed, taken apart.
var madePaths = func() map[string][]string {
	out := map[string][]string{}
	for _, m := range computed {
		out[m.to] = strings.Split(m.to, ".")
	}
	return out
}()

// Converter rewrites events, one at a time. The zero value is ready.
type Converter struct {
	doc *document.Doc
	out document.Node
	buf []byte // of rewritten scalars
}

// Convert rearranges d, an EVE event of type t, and returns the node that is
// the ECS document; d's root is then its member spanwatch. Until the next call,
// d holds bytes of the Converter.
func (c *Converter) Convert(d *document.Doc, t event.Type) document.Node {
	c.doc, c.buf = d, c.buf[:0]
	c.out = d.New(document.Object, nil)
	c.follow(envelopeRoutes, t)
	c.beforeDetails(t)
	c.follow(detailRoutes, t)
	c.afterDetails(t)
	if !d.Empty(document.Root) {
		d.Attach(c.out, []byte(own), document.Root)
	}
	return c.out
}

// follow moves what the routes of the root's members name.
func (c *Converter) follow(by map[string][]route, t event.Type) {
	next := document.None
	for n := c.doc.First(document.Root); n != document.None; n = next {
		next = c.doc.Next(n)
		list := by[string(c.doc.Name(n))]
		for i := range list {
			if r := &list[i]; r.only == anyType || r.only == t {
				c.move(r, n)
			}
		}
	}
}

// move takes a value at or below a member of the root to its field, unless
// that has one already.
func (c *Converter) move(r *route, member document.Node) {
	d := c.doc
	var parents [8]document.Node
	parents[0] = document.Root
	n := member
	for i, name := range r.below {
		parents[i+1] = n
		if n = d.Child(n, name); n == document.None {
			return
		}
	}
	if c.has(r.to) || !c.rewrite(n, r.form) {
		return
	}
	gone := n
	for i := len(r.below); i >= 0; i-- {
		d.Remove(parents[i], gone)
		if i == 0 || !d.Empty(parents[i]) {
			break
		}
		gone = parents[i] // an emptied object is of no use
	}
	c.put(r.to, n)
}

func (c *Converter) has(to []string) bool {
	n := c.out
	for _, name := range to {
		if n = c.doc.Child(n, name); n == document.None {
			return false
		}
	}
	return true
}

// put attaches a value at a path of the output.
func (c *Converter) put(to []string, value document.Node) {
	at := c.out
	for _, name := range to[:len(to)-1] {
		next := c.doc.Child(at, name)
		if next == document.None {
			next = c.doc.New(document.Object, nil)
			c.doc.Attach(at, []byte(name), next)
		}
		at = next
	}
	c.doc.Attach(at, []byte(to[len(to)-1]), value)
}

func (c *Converter) set(path string, k document.Kind, raw []byte) {
	c.put(madePaths[path], c.doc.New(k, raw))
}

func (c *Converter) setText(path, text string) { c.set(path, document.String, c.quote([]byte(text))) }

func (c *Converter) setTexts(path string, texts ...string) {
	list := c.doc.New(document.Array, nil)
	for _, s := range texts {
		c.doc.Attach(list, nil, c.doc.New(document.String, c.quote([]byte(s))))
	}
	c.put(madePaths[path], list)
}

// quote keeps text, which needs no escapes, as a JSON string.
func (c *Converter) quote(text []byte) []byte {
	start := len(c.buf)
	c.buf = append(c.buf, '"')
	c.buf = append(c.buf, text...)
	c.buf = append(c.buf, '"')
	return c.buf[start:len(c.buf):len(c.buf)]
}

// at is the value at a path of what is left of the event.
func (c *Converter) at(path ...string) document.Node {
	n := document.Root
	for _, name := range path {
		n = c.doc.Child(n, name)
	}
	return n
}

// beforeDetails makes what needs members that the details take away.
func (c *Converter) beforeDetails(t event.Type) {
	if t == event.TypeAlert {
		if n := c.at("alert", "signature"); c.isText(n) {
			c.set("message", document.String, c.doc.Raw(n))
		}
	}
	c.relatedIPs()
	var hosts [][]byte
	for _, path := range [][]string{{"http", "hostname"}, {"tls", "sni"}, {"dns", "rrname"}} {
		hosts = c.gather(hosts, c.at(path...))
	}
	if q := c.at("dns", "queries"); q != document.None {
		for n := c.doc.First(q); n != document.None; n = c.doc.Next(n) {
			hosts = c.gather(hosts, c.doc.Child(n, "rrname"))
		}
	}
	c.setRaws("related.hosts", hosts)
	var hashes [][]byte
	for _, name := range []string{"md5", "sha1", "sha256"} {
		hashes = c.gather(hashes, c.at("fileinfo", name))
	}
	c.setRaws("related.hash", hashes)
	c.dns()
}

func (c *Converter) isText(n document.Node) bool {
	return n != document.None && c.doc.Kind(n) == document.String
}

// gather adds the string at n, if it is a new one.
func (c *Converter) gather(list [][]byte, n document.Node) [][]byte {
	if !c.isText(n) || len(c.doc.Raw(n)) == len(`""`) {
		return list
	}
	raw := c.doc.Raw(n)
	if slices.ContainsFunc(list, func(x []byte) bool { return bytes.Equal(x, raw) }) {
		return list
	}
	return append(list, raw)
}

func (c *Converter) setRaws(path string, raws [][]byte) {
	if len(raws) == 0 {
		return
	}
	list := c.doc.New(document.Array, nil)
	for _, raw := range raws {
		c.doc.Attach(list, nil, c.doc.New(document.String, raw))
	}
	c.put(madePaths[path], list)
}

// relatedIPs gathers the addresses of an event. Source and destination have
// been moved by now.
func (c *Converter) relatedIPs() {
	var ips, resolved [][]byte
	for _, side := range []string{"source", "destination"} {
		ips = c.gather(ips, c.doc.Child(c.doc.Child(c.out, side), "ip"))
	}
	for _, kind := range []string{"A", "AAAA"} {
		list := c.at("dns", "grouped", kind)
		if list == document.None {
			continue
		}
		for n := c.doc.First(list); n != document.None; n = c.doc.Next(n) {
			resolved = c.gather(resolved, n)
			ips = c.gather(ips, n)
		}
	}
	c.setRaws("dns.resolved_ip", resolved)
	c.setRaws("related.ip", ips)
}

func (c *Converter) dns() {
	if q := c.at("dns", "queries"); q != document.None && !c.doc.Empty(q) {
		first := c.doc.First(q)
		if n := c.doc.Child(first, "rrname"); c.isText(n) {
			c.set("dns.question.name", document.String, c.doc.Raw(n))
		}
		if n := c.doc.Child(first, "rrtype"); c.isText(n) {
			c.set("dns.question.type", document.String, c.doc.Raw(n))
		}
	}
	var flags []string
	for _, f := range []string{"aa", "tc", "rd", "ra"} {
		if c.at("dns", f) != document.None {
			flags = append(flags, strings.ToUpper(f))
		}
	}
	if len(flags) > 0 {
		c.setTexts("dns.header_flags", flags...)
	}
}

// afterDetails makes what the event's type and its moved members tell.
func (c *Converter) afterDetails(t event.Type) {
	c.setText("ecs.version", Version)
	c.setText("event.module", own)
	c.setText("event.dataset", own+"."+t.String())
	c.setText("observer.type", "ids")
	c.setText("observer.product", own)
	kind, category := "event", []string{"network"}
	kinds := []string{"info"}
	switch t {
	case event.TypeAlert:
		kind, category = "alert", append(category, "intrusion_detection")
		kinds = append(kinds, "allowed")
		if n := c.doc.Child(c.doc.Child(c.out, "event"), "action"); n != document.None && string(c.doc.Raw(n)) == `"blocked"` {
			kinds[1] = "denied"
		}
	case event.TypeFlow, event.TypeNetflow:
		kinds = []string{"connection", "end"}
		if n := c.at("flow", "interval", "final"); n != document.None && string(c.doc.Raw(n)) == "false" {
			kinds[1] = "info"
		}
		c.sums()
	case event.TypeStats:
		kind, category = "metric", nil
	case event.TypeEngine:
		category, kinds = []string{"configuration"}, []string{"change"}
		if n := c.at("engine", "result"); n != document.None && string(c.doc.Raw(n)) == `"failed"` {
			kinds = []string{"error"}
		}
	case event.TypeAnomaly:
	case event.TypeFileInfo:
		category = append(category, "file")
	default:
		kinds = []string{"connection", "protocol"}
		switch t {
		case event.TypeHTTP:
			category = append(category, "web")
		case event.TypeSMTP:
			category = append(category, "email")
		}
	}
	c.setText("event.kind", kind)
	if category != nil {
		c.setTexts("event.category", category...)
	}
	c.setTexts("event.type", kinds...)
	c.vlans()
	if c.doc.Child(c.out, "threat") != document.None {
		c.setText("threat.framework", "MITRE ATT&CK")
	}
}

// sums adds both directions of a flow up.
func (c *Converter) sums() {
	for _, name := range []string{"bytes", "packets"} {
		var sum uint64
		for _, side := range []string{"source", "destination"} {
			n := c.doc.Child(c.doc.Child(c.out, side), name)
			if n == document.None {
				continue
			}
			v, err := strconv.ParseUint(string(c.doc.Raw(n)), 10, 64)
			if err != nil {
				return
			}
			sum += v
		}
		c.set("network."+name, document.Number, strconv.AppendUint(nil, sum, 10))
	}
}

func (c *Converter) vlans() {
	list := c.at("vlan")
	if list == document.None {
		return
	}
	n := c.doc.First(list)
	for _, path := range []string{"network.vlan.id", "network.inner.vlan.id"} {
		if n == document.None || c.doc.Kind(n) != document.Number {
			return
		}
		c.set(path, document.String, c.quote(c.doc.Raw(n)))
		n = c.doc.Next(n)
	}
}
