package main

import (
	"bufio"
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A family is the rules about one part of the language: a file of families/
// with templates, one a line. Lines that begin with #: say how it is run:
//
//	#: repeat 20                   rules of each template that follows, 10 without it
//	#: fresh                       each capture has a Suricata of its own: state of hosts matters
//	#: option NAME=VALUE           of Suricata, for both; DIR/ in it is the folder of the rules
//	#: file NAME 30 TEMPLATE       a file beside the rules with 30 lines
//	#: lines NAME TEXT             a further line of it, as it is
type family struct {
	name      string
	repeat    int
	fresh     bool
	options   []string
	files     []familyFile
	templates []familyTemplate
}

type familyTemplate struct {
	line, repeat int
	*template
}

// familyFile is one beside the rules.
type familyFile struct {
	name  string
	count int
	*template
}

//go:embed families/*.rules
var familyTexts embed.FS

// families reads those of the names, all without one.
func families(names []string) (all []*family, err error) {
	files, err := fs.Glob(familyTexts, "families/*.rules")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".rules")
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		text, err := familyTexts.ReadFile(file)
		if err != nil {
			return nil, err
		}
		f, err := parseFamily(name, text)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	if len(names) > 0 && len(all) < len(names) {
		return nil, fmt.Errorf("of the families %v only %d are known", names, len(all))
	}
	return all, nil
}

func parseFamily(name string, text []byte) (*family, error) {
	f := &family{name: name, repeat: 10}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		var err error
		if said, ok := strings.CutPrefix(line, "#:"); ok {
			err = f.directive(strings.TrimSpace(said))
		} else if line != "" && line[0] != '#' {
			var t *template
			t, err = parseTemplate(line)
			f.templates = append(f.templates, familyTemplate{n, f.repeat, t})
		}
		if err != nil {
			return nil, fmt.Errorf("family %s, line %d: %w", name, n, err)
		}
	}
	return f, lines.Err()
}

func (f *family) directive(said string) (err error) {
	word, rest, _ := strings.Cut(said, " ")
	switch word {
	case "repeat":
		f.repeat, err = strconv.Atoi(rest)
	case "fresh":
		f.fresh = true
	case "option":
		f.options = append(f.options, rest)
	case "file", "lines":
		var made familyFile
		made.name, rest, _ = strings.Cut(rest, " ")
		made.count = 1
		if word == "file" {
			var count string
			count, rest, _ = strings.Cut(rest, " ")
			if made.count, err = strconv.Atoi(count); err != nil {
				return err
			}
		}
		made.template, err = parseTemplate(rest)
		f.files = append(f.files, made)
	default:
		err = fmt.Errorf("unknown directive %q", word)
	}
	return err
}

// madeRule is one of a family: line is that of its template.
type madeRule struct {
	line int
	text string
}

// make writes rules and files; scale multiplies how many of each template.
// Rules that came before are left out.
func (f *family) make(g *generator, scale float64) (rules []madeRule, files map[string][]byte, err error) {
	seen := map[string]bool{}
	for _, t := range f.templates {
		n := max(t.turns, int(float64(t.repeat)*scale))
		for turn := range n {
			text, err := t.expand(g, turn)
			if err != nil {
				return nil, nil, fmt.Errorf("family %s, line %d: %w", f.name, t.line, err)
			}
			if seen[text] {
				continue
			}
			seen[text] = true
			sid := len(rules) + 1
			open, rest, ok := strings.Cut(text, "(")
			if !ok {
				return nil, nil, fmt.Errorf("family %s, line %d: no rule", f.name, t.line)
			}
			text = fmt.Sprintf("%s(msg:\"%s %d\"; %s", open, f.name, t.line, rest)
			if !strings.Contains(text, "sid:") {
				text = strings.TrimSuffix(text, ")") + fmt.Sprintf(" sid:%d;)", sid)
			}
			rules = append(rules, madeRule{t.line, text})
		}
	}
	files = map[string][]byte{}
	for _, file := range f.files {
		for turn := range file.count {
			line, err := file.expand(g, turn)
			if err != nil {
				return nil, nil, fmt.Errorf("family %s, file %s: %w", f.name, file.name, err)
			}
			files[file.name] = append(append(files[file.name], line...), '\n')
		}
	}
	return rules, files, nil
}
