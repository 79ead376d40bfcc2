package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Dump returns the configuration as YAML with a comment on every setting, so
// that `spanwatch config dump` is also the reference. Loading it again gives
// the same configuration.
func (c *Config) Dump() []byte {
	var b strings.Builder
	dumpStruct(&b, reflect.ValueOf(c).Elem(), "")
	return []byte(b.String())
}

func dumpStruct(b *strings.Builder, v reflect.Value, indent string) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		fmt.Fprintf(b, "%s# %s%s\n", indent, f.Tag.Get("doc"), bounds(f.Tag))
		fmt.Fprintf(b, "%s%s:", indent, f.Tag.Get("yaml"))
		dumpValue(b, v.Field(i), indent)
	}
}

func bounds(tag reflect.StructTag) string {
	low, high, oneof := tag.Get("min"), tag.Get("max"), tag.Get("oneof")
	switch {
	case oneof != "":
		return " [" + strings.ReplaceAll(oneof, ",", " | ") + "]"
	case low != "" && high != "":
		return " [" + low + " … " + high + "]"
	case low != "":
		return " [≥ " + low + "]"
	case high != "":
		return " [≤ " + high + "]"
	}
	return ""
}

func dumpValue(b *strings.Builder, v reflect.Value, indent string) {
	switch v.Kind() {
	case reflect.Struct:
		b.WriteByte('\n')
		dumpStruct(b, v, indent+"  ")
	case reflect.Map:
		if v.Len() == 0 {
			b.WriteString(" {}\n")
			return
		}
		b.WriteByte('\n')
		m := map[string]reflect.Value{}
		for it := v.MapRange(); it.Next(); {
			m[it.Key().String()] = it.Value()
		}
		for _, k := range slices.Sorted(maps.Keys(m)) {
			fmt.Fprintf(b, "%s  %s:", indent, strconv.Quote(k))
			dumpValue(b, m[k], indent+"  ")
		}
	case reflect.Slice:
		items := make([]string, v.Len())
		for i := range items {
			items[i] = scalarYAML(v.Index(i))
		}
		b.WriteString(" [" + strings.Join(items, ", ") + "]\n")
	default:
		b.WriteString(" " + scalarYAML(v) + "\n")
	}
}

func scalarYAML(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return x.String()
	case string:
		return strconv.Quote(x)
	}
	return fmt.Sprint(v.Interface())
}
