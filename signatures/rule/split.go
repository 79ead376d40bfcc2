package rule

import "strings"

// Arg is one of several arguments in an option's value.
type Arg struct {
	Text string // without white space around it; quotes and escapes kept
	At   int    // offset in the value
}

// SplitArgs cuts value at every sep that is outside double quotes and has no
// backslash before it. There is always at least one argument; empty ones are
// kept, for the keyword to refuse.
func SplitArgs(value string, sep byte) []Arg {
	args := make([]Arg, 0, 4)
	from, quoted := 0, false
	for i := 0; i < len(value); i++ {
		switch {
		case value[i] == '\\':
			i++
		case value[i] == '"':
			quoted = !quoted
		case value[i] == sep && !quoted:
			args = append(args, arg(value, from, i))
			from = i + 1
		}
	}
	return append(args, arg(value, from, len(value)))
}

func arg(value string, from, to int) Arg {
	text, front := trim(value[from:to])
	return Arg{Text: text, At: from + front}
}

// SplitWords cuts value at white space outside double quotes.
func SplitWords(value string) []Arg {
	var words []Arg
	for i := 0; i < len(value); {
		if isSpace(value[i]) {
			i++
			continue
		}
		from, quoted := i, false
		for ; i < len(value) && (quoted || !isSpace(value[i])); i++ {
			switch {
			case value[i] == '\\' && i+1 < len(value):
				i++
			case value[i] == '"':
				quoted = !quoted
			}
		}
		words = append(words, Arg{Text: value[from:i], At: from})
	}
	return words
}

// KeyValue is a pair of the metadata keyword.
type KeyValue struct {
	Key, Value string
	At         int // offset of the key in the option's value
}

// Metadata cuts the value of metadata into pairs: commas separate pairs, the
// first white space of a pair separates key and value. A key alone has the
// empty value; keys may repeat.
func Metadata(value string) ([]KeyValue, error) {
	pairs := make([]KeyValue, 0, strings.Count(value, ",")+1)
	for from := 0; from <= len(value); {
		to := len(value)
		if i := strings.IndexByte(value[from:], ','); i >= 0 {
			to = from + i
		}
		text, front := trim(value[from:to])
		if text == "" {
			return nil, &ValueError{At: min(from, max(len(value)-1, 0)), Code: CodeMetadata, What: "empty pair", Why: "a pair is: key, white space, value"}
		}
		pair := KeyValue{Key: text, At: from + front}
		if i := strings.IndexAny(text, " \t"); i >= 0 {
			pair.Key = text[:i]
			pair.Value, _ = trim(text[i:])
		}
		pairs = append(pairs, pair)
		from = to + 1
	}
	return pairs, nil
}

// Reference cuts the value of reference into its type, a name of
// reference.config, and the identifier behind the first comma, with \; and the
// like resolved.
func Reference(value string) (system, id string, err error) {
	comma := strings.IndexByte(value, ',')
	if comma < 0 {
		return "", "", &ValueError{At: 0, Code: CodeReference, What: "reference without an identifier", Why: "a reference is: type, comma, identifier", Hint: "as in url,example.com/advisory"}
	}
	system, _ = trim(value[:comma])
	id, front := trim(value[comma+1:])
	if system == "" {
		return "", "", &ValueError{At: 0, Code: CodeReference, What: "reference without a type"}
	}
	if id == "" {
		return "", "", &ValueError{At: min(comma+1+front, len(value)-1), Code: CodeReference, What: "reference without an identifier"}
	}
	if strings.IndexByte(id, '\\') >= 0 {
		id = strings.NewReplacer(`\;`, ";", `\:`, ":", `\"`, `"`, `\\`, `\`).Replace(id)
	}
	return system, id, nil
}
