package output

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"spanwatch/exporter/event"
	"spanwatch/exporter/shape"
	"spanwatch/sensor/config"
)

// shapeOf is what a section says about the events of its sink.
func shapeOf(section, schema string, f *config.Filter, r *config.Redact) (shape.Options, []config.Fault) {
	o := shape.Options{ECS: schema == "ecs"}
	var faults []config.Fault
	fault := func(key, format string, args ...any) {
		faults = append(faults, config.Fault{Path: section + "." + key, What: fmt.Sprintf(format, args...)})
	}
	o.Filter.Severity = f.Severity
	for i, name := range f.Types {
		if t, ok := typeNamed(name); ok {
			o.Filter.Types = append(o.Filter.Types, t)
		} else {
			fault(fmt.Sprintf("filter.types[%d]", i), "unknown event type %q; known: %v", name, event.Types())
		}
	}
	for _, list := range []struct {
		key  string
		text []string
		to   *[]netip.Prefix
	}{{"networks", f.Networks, &o.Filter.Networks}, {"exclude-networks", f.ExcludeNetworks, &o.Filter.NotNetworks}} {
		for i, text := range list.text {
			p, err := parsePrefix(text)
			if err != nil {
				fault(fmt.Sprintf("filter.%s[%d]", list.key, i), "%v", err)
				continue
			}
			*list.to = append(*list.to, p)
		}
	}
	for name, text := range f.Sample {
		t, ok := typeNamed(name)
		if !ok {
			fault("filter.sample."+name, "unknown event type; known: %v", event.Types())
			continue
		}
		share, err := strconv.ParseFloat(text, 64)
		if err != nil || !(share > 0 && share <= 1) {
			fault("filter.sample."+name, "%q: %v", text, shape.ErrSample)
			continue
		}
		if o.Filter.Sample == nil {
			o.Filter.Sample = map[event.Type]float64{}
		}
		o.Filter.Sample[t] = share
	}
	redact(&o.Redaction, r, fault)
	if len(faults) == 0 {
		for _, err := range each(o.Validate()) {
			fault("redact", "%v", err)
		}
	}
	return o, faults
}

func redact(to *shape.Redaction, r *config.Redact, fault func(key, format string, args ...any)) {
	to.Hash = r.Action == "hash"
	for i, name := range r.Profiles {
		if !slices.Contains(shape.Profiles(), shape.Profile(name)) {
			fault(fmt.Sprintf("redact.profiles[%d]", i), "%q is none of %v", name, shape.Profiles())
			continue
		}
		to.Profiles = append(to.Profiles, shape.Profile(name))
	}
	for i, path := range r.Fields {
		if err := shape.CheckField(path, to.Hash); err != nil {
			fault(fmt.Sprintf("redact.fields[%d]", i), "%s %v", path, err)
			continue
		}
		to.Fields = append(to.Fields, path)
	}
	if !to.Hash {
		if r.KeyFile != "" || r.KeyEnv != "" {
			fault("redact.action", "is not hash, but there is a key")
		}
		return
	}
	switch {
	case r.KeyFile != "" && r.KeyEnv != "":
		fault("redact.key-file", "and key-env exclude each other")
	case r.KeyFile != "":
		key, err := os.ReadFile(r.KeyFile)
		if err != nil {
			fault("redact.key-file", "%v", err)
		}
		to.Key = key
	case r.KeyEnv != "":
		key, ok := os.LookupEnv(r.KeyEnv)
		if !ok {
			fault("redact.key-env", "%s is not set", r.KeyEnv)
		}
		to.Key = []byte(key)
	}
}

func typeNamed(name string) (event.Type, bool) {
	i := slices.IndexFunc(event.Types(), func(t event.Type) bool { return t.String() == name })
	if i < 0 {
		return event.TypeNone, false
	}
	return event.Types()[i], true
}

// parsePrefix takes an address as the prefix of its full length.
func parsePrefix(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, err
		}
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.ParsePrefix(text)
}
