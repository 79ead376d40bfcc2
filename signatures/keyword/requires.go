package keyword

import (
	"slices"
	"strconv"
	"strings"

	"spanwatch/signatures/rule"
)

// CodeRequires marks the diagnostic of a rule that asks for something this
// engine does not have: the rule is skipped, which is no failure.
const CodeRequires = "requires-unmet"

// Features that rules may require, by Suricata's names. Without JA3 or JA4 the
// buffers of these fingerprints are not there.
const (
	FeatureJA3       = "ja3"
	FeatureJA4       = "ja4"
	FeatureFileStore = "output::file-store"
)

// languageVersion is the version of Suricata whose rule language this is.
var languageVersion = [3]int{8, 0, 7}

// setRequires is the keyword requires:
// `requires: feature X, keyword K, version >= 7.0.3 < 8 | >= 8.0.1`.
// Compile looks at it before all other options.
func setRequires(b *Builder, o *rule.Option) *rule.Diagnostic {
	versions := 0
	var unmet string
	for _, item := range splitList(o.Value) {
		word, rest := item, ""
		if i := strings.IndexAny(item, " \t<>"); i >= 0 {
			word, rest = item[:i], strings.TrimSpace(item[i:])
		}
		known := word == "feature" || word == "keyword" || word == "version"
		if known && rest == "" {
			return b.badValue(o, "bad requirement "+quoted(item))
		}
		switch word {
		case "feature":
			if !slices.Contains(b.env.Features, rest) {
				unmet = "feature " + rest
			}
		case "keyword":
			if _, ok := b.set.Lookup(rest); !ok {
				unmet = "keyword " + rest
			}
		case "version":
			if versions++; versions > 1 {
				return b.badValue(o, "requires has two version clauses")
			}
			met, ok := versionHolds(rest, languageVersion)
			if !ok {
				return b.badValue(o, "bad version requirement "+quoted(rest))
			}
			if !met {
				unmet = "version " + rest
			}
		default:
			unmet = item
		}
	}
	if unmet != "" {
		return b.fail(o, CodeRequires, "rule requires "+unmet, "this engine does not have it", "")
	}
	return nil
}

// versionHolds evaluates alternatives separated by |, each a conjunction of
// comparisons.
func versionHolds(text string, have [3]int) (met, ok bool) {
	for alternative := range strings.SplitSeq(text, "|") {
		fields := strings.Fields(spaceOperators(alternative))
		if len(fields) == 0 || len(fields)%2 != 0 {
			return false, false
		}
		all := true
		for i := 0; i < len(fields); i += 2 {
			want, valid := parseVersion(fields[i+1])
			if !valid {
				return false, false
			}
			c := compareVersions(have, want)
			switch fields[i] {
			case ">=":
				all = all && c >= 0
			case ">":
				all = all && c > 0
			case "<=":
				all = all && c <= 0
			case "<":
				all = all && c < 0
			default:
				return false, false
			}
		}
		met = met || all
	}
	return met, true
}

// spaceOperators sets comparison operators apart, so that ">=7" is two words.
func spaceOperators(s string) string {
	return strings.NewReplacer(">=", " >= ", "<=", " <= ", ">", " > ", "<", " < ").Replace(s)
}

func parseVersion(s string) (v [3]int, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) > 3 {
		return v, false
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 {
			return v, false
		}
		v[i] = n
	}
	return v, true
}

func compareVersions(a, b [3]int) int {
	for i := range a {
		if a[i] != b[i] {
			return a[i] - b[i]
		}
	}
	return 0
}
