package pcre

import "strings"

// GroupNames returns the names of a valid pattern's capture groups, in their
// order, empty for those without one: (?P<name>…), (?<name>…), (?'name'…).
func GroupNames(pattern string) []string {
	var names []string
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '[':
			i = classEnd(pattern, i)
		case '(':
			if name, ok := groupName(pattern[i+1:]); ok {
				names = append(names, name)
			}
		}
	}
	return names
}

// classEnd returns the index of the bracket that closes a class.
func classEnd(pattern string, i int) int {
	i++
	if i < len(pattern) && pattern[i] == '^' {
		i++
	}
	for first := i; i < len(pattern); i++ {
		switch {
		case pattern[i] == '\\':
			i++
		case pattern[i] == ']' && i > first:
			return i
		case strings.HasPrefix(pattern[i:], "[:"):
			if end := strings.Index(pattern[i:], ":]"); end > 0 {
				i += end + 1
			}
		}
	}
	return i
}

// groupName reads what follows a parenthesis; ok is false when it opens no
// capture group.
func groupName(rest string) (name string, ok bool) {
	if strings.HasPrefix(rest, "*") {
		return "", false
	}
	rest, special := strings.CutPrefix(rest, "?")
	if !special {
		return "", true
	}
	rest = strings.TrimPrefix(rest, "P")
	if rest == "" || rest[0] != '<' && rest[0] != '\'' || len(rest) > 1 && (rest[1] == '=' || rest[1] == '!') {
		return "", false
	}
	name, _, ok = strings.Cut(rest[1:], map[byte]string{'<': ">", '\'': "'"}[rest[0]])
	return name, ok
}
