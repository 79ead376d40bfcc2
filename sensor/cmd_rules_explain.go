package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"spanwatch/signatures"
)

// explainRules prints how the signatures of the sids were understood.
func explainRules(w io.Writer, rs *signatures.Ruleset, sids []uint32, asJSON bool) error {
	all := []signatures.Explanation{}
	for _, sid := range sids {
		found := rs.Explain(sid)
		if len(found) == 0 {
			return fmt.Errorf("no rule with sid %d is loaded; spanwatch rules check says which are not, and why", sid)
		}
		all = append(all, found...)
	}
	if asJSON {
		return writeJSON(w, all)
	}
	for i := range all {
		if i > 0 {
			fmt.Fprintln(w)
		}
		explain(w, &all[i])
	}
	return nil
}

func explain(w io.Writer, x *signatures.Explanation) {
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-13s %s\n", name, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(w, "%d:%d:%d %s\n", x.GID, x.SID, x.Rev, x.Msg)
	row("written at", "%s:%d", x.File, x.Line)
	row("rule", "%s", x.Text)
	row("action", "%s, severity %d", x.Action, x.Severity)
	row("type", "%s", x.Type)
	row("order", "%d of %d", x.Order, x.Of)
	row("direction", "%s", x.Direction)
	if len(x.Protocols) > 0 {
		row("protocols", "%s", strings.Join(x.Protocols, ", "))
	}
	if len(x.Flags) > 0 {
		row("flags", "%s", strings.Join(x.Flags, ", "))
	}
	for _, g := range x.Groups {
		row("looked for in", "%s", g)
	}
	if f := x.FastPattern; f != nil {
		nocase := ""
		if f.NoCase {
			nocase = " nocase"
		}
		row("fast pattern", "%s%s in %s, of %d signatures", f.Pattern, nocase, f.Buffer, f.Shared)
	} else {
		row("fast pattern", "none")
	}
	for _, e := range x.Engines {
		where := e.Name
		if e.Direction != "" {
			where += ", " + e.Direction
		}
		if e.Progress > 0 {
			where += fmt.Sprintf(", from progress %d", e.Progress)
		}
		row("asked of", "%s", where)
		for _, c := range e.Conditions {
			row("", "  %s", c)
		}
	}
	for _, s := range x.Slow {
		row("may be slow", "%s", s)
	}
}

// listedRule is one line of rules list.
type listedRule struct {
	GID      uint32 `json:"gid"`
	SID      uint32 `json:"sid"`
	Rev      uint32 `json:"rev"`
	Action   string `json:"action"`
	Severity uint8  `json:"severity"`
	Type     string `json:"type"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Msg      string `json:"msg"`
}

// listRules prints the signatures in the order in which they are inspected.
func listRules(w io.Writer, rs *signatures.Ruleset, asJSON bool) error {
	list := []listedRule{}
	for _, s := range rs.Signatures() {
		p := s.Position()
		list = append(list, listedRule{s.Gid(), s.Sid(), s.Rev(), s.Action().String(), s.Severity(), s.Type().String(), p.File, p.Line, strings.ToValidUTF8(s.Msg(), "?")})
	}
	if asJSON {
		return writeJSON(w, list)
	}
	for _, r := range list {
		if _, err := fmt.Fprintf(w, "%d:%d:%d\t%s\t%d\t%s\t%s:%d\t%s\n", r.GID, r.SID, r.Rev, r.Action, r.Severity, r.Type, r.File, r.Line, r.Msg); err != nil {
			return err
		}
	}
	return nil
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	return enc.Encode(v)
}

// parseSids reads 2001219 or 2001219,2001220.
func parseSids(text string) (sids []uint32, err error) {
	for word := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseUint(word, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%w: %q is no sid", errUsage, word)
		}
		sids = append(sids, uint32(n))
	}
	return sids, nil
}
