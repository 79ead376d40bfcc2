package main

import "fmt"

// variant is a set of options that families are run with.
type variant struct {
	name    string
	options []string
}

const protocols, htp = "app-layer.protocols.", "app-layer.protocols.http.libhtp.default-config."

// variants are settings that change what rules see, one at a time.
func variants() []variant {
	return []variant{
		{"midstream", []string{"stream.midstream=true"}},
		{"async", []string{"stream.midstream=true", "stream.async-oneside=true"}},
	}
}

// chosenVariants are those of the names; without one the common configuration.
func chosenVariants(names []string) ([]variant, error) {
	if len(names) == 0 {
		return []variant{{}}, nil
	}
	all := variants()
	if len(names) == 1 && names[0] == "all" {
		return all, nil
	}
	var chosen []variant
	for _, name := range names {
		found := false
		for _, v := range all {
			if v.name == name {
				chosen, found = append(chosen, v), true
			}
		}
		if !found {
			return nil, fmt.Errorf("no variant is called %q", name)
		}
	}
	return chosen, nil
}
