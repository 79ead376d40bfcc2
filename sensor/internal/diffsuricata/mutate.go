package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"spanwatch/signatures/rule"
)

// mutated takes a real rule, has it look for what captures hold, and changes
// some of its options. "" when the rule is of a kind that cannot be mutated.
func (g *generator) mutated(sid int) string {
	r := parseOne(g.base[g.IntN(len(g.base))])
	if r == nil {
		return ""
	}
	b := g.bufferOf(r.Proto, "")
	var options []string
	c := chain{generator: g}
	if b != nil {
		c.data = g.sample(b)
	}
	for _, o := range r.Options {
		if dropped[o.Name] {
			continue
		}
		if other := g.bufferOf(r.Proto, o.Name); other != nil && o.Name != "" {
			c.data, c.moved = g.sample(other), false
		}
		text := o.Name
		if o.HasValue {
			text += ":" + o.Value
		}
		switch {
		case o.Name == "content" && len(c.data) > 0 && !g.oneIn(6):
			text = g.retext(&c, o.Value)
		case o.Name == "pcre" && g.oneIn(2):
			if len(c.data) == 0 || !c.moved {
				continue
			}
			text = c.pcre()
		case g.oneIn(12):
			continue // without it
		case g.oneIn(5) && o.HasValue:
			text = o.Name + ":" + g.nudge(o.Value)
		case o.Name == "flow" && g.oneIn(4):
			text = "flow:" + pick(g, "established", "to_server", "to_client", "stateless", "not_established", "to_server,established")
		}
		options = append(options, text)
		if o.Name == "content" && g.oneIn(10) {
			options = append(options, pick(g, "nocase", "startswith", "endswith", "isdataat:1,relative", "isdataat:!1,relative"))
		}
	}
	if len(options) == 0 {
		return ""
	}
	return assemble(r.Proto, options, sid)
}

// dropped are options that say nothing of the packet, or too much of others.
var dropped = map[string]bool{
	"msg": true, "sid": true, "rev": true, "gid": true, "classtype": true, "reference": true, "metadata": true, "threshold": true,
	"detection_filter": true, "flowbits": true, "flowint": true, "xbits": true, "hostbits": true, "tag": true, "target": true,
	"priority": true, "noalert": true, "iprep": true, "geoip": true, "dataset": true, "datarep": true, "requires": true,
	"filemd5": true, "filesha1": true, "filesha256": true, "luajit": true, "lua": true,
}

// parseOne reads one rule with any address and port.
func parseOne(line string) *rule.Rule {
	f := rule.Read("rule", []byte(line+"\n"), rule.DefaultVars(), rule.Options{})
	if len(f.Rules) != 1 {
		return nil
	}
	return f.Rules[0]
}

// bufferOf returns one with samples that a rule of proto means by an option's
// name; the empty name is the payload.
func (g *generator) bufferOf(proto, name string) *buffer {
	old := strings.ReplaceAll(name, "_", ".")
	for _, b := range g.buffers {
		if name == "" && b.keyword == "" && (b.proto == "udp") == (proto == "udp" || proto == "dns") || name != "" && (b.keyword == name || b.keyword == old) {
			return b
		}
	}
	return nil
}

// retext puts a piece of the sample in the place of a content's text.
func (g *generator) retext(c *chain, value string) string {
	start, end := c.slice(10)
	not := ""
	if strings.HasPrefix(value, "!") != g.oneIn(10) {
		not = "!"
	} else {
		c.moved, c.cursor = true, end
	}
	return "content:" + not + quoted(c.data[start:end])
}

var numeral = regexp.MustCompile(`\d+`)

// nudge changes one number of a value a little.
func (g *generator) nudge(value string) string {
	if strings.ContainsAny(value, `"`) {
		return value
	}
	places := numeral.FindAllStringIndex(value, -1)
	if len(places) == 0 {
		return value
	}
	at := places[g.IntN(len(places))]
	n, err := strconv.Atoi(value[at[0]:at[1]])
	if err != nil {
		return value
	}
	return value[:at[0]] + strconv.Itoa(max(0, n+g.IntN(5)-2)) + value[at[1]:]
}

// without returns the rules that lack one option of text, or a run of options
// that belong together, each with a sid of its own from first on.
func without(text string, first int) (smaller []string) {
	r := parseOne(text)
	if r == nil {
		return nil
	}
	var options []string
	for _, o := range r.Options {
		if o.Name == "sid" || o.Name == "rev" || o.Name == "msg" {
			continue
		}
		if o.HasValue {
			options = append(options, o.Name+":"+o.Value)
		} else {
			options = append(options, o.Name)
		}
	}
	for n := 1; n <= 3; n++ {
		for i := 0; i+n <= len(options) && len(options) > n; i++ {
			less := slices.Delete(slices.Clone(options), i, i+n)
			smaller = append(smaller, assemble(r.Proto, less, first+len(smaller)))
		}
	}
	return smaller
}

// shape names a rule by its options without their values, to tell findings of
// one kind from those of another.
func shape(text string) string {
	r := parseOne(text)
	if r == nil {
		return text
	}
	names := []string{r.Proto}
	for _, o := range r.Options {
		switch o.Name {
		case "sid", "rev", "msg":
		case "flow", "isdataat", "byte_test", "byte_jump", "content", "pcre":
			name := o.Name
			if strings.HasPrefix(o.Value, "!") {
				name += "!"
			}
			if o.Name == "flow" {
				name += ":" + o.Value
			}
			if o.Name == "pcre" {
				name += o.Value[strings.LastIndex(o.Value, "/"):]
			}
			names = append(names, name)
		default:
			names = append(names, o.Name)
		}
	}
	return fmt.Sprint(names)
}
