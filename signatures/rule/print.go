package rule

// arrows by Direction.
var arrows = [...]string{OneWay: "->", BothWays: "<>", Transactional: "=>"}

// String returns the rule on one line in canonical spacing. Parsing it gives
// the same rule, but for Text and positions.
func (r *Rule) String() string {
	return string(r.Append(make([]byte, 0, len(r.Text)+32)))
}

// Append appends String to dst.
func (r *Rule) Append(dst []byte) []byte {
	dst = append(dst, r.Action...)
	dst = append(dst, ' ')
	dst = append(dst, r.Proto...)
	if r.Hook != "" {
		dst = append(append(dst, ':'), r.Hook...)
	}
	dst = append(append(dst, ' '), r.Src.Written...)
	dst = append(append(dst, ' '), r.SrcPorts.Written...)
	dst = append(append(dst, ' '), arrows[r.Direction]...)
	dst = append(append(dst, ' '), r.Dst.Written...)
	dst = append(append(dst, ' '), r.DstPorts.Written...)
	dst = append(dst, " ("...)
	for i := range r.Options {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = r.Options[i].append(dst)
	}
	return append(dst, ')')
}

// String returns the option with its semicolon.
func (o *Option) String() string { return string(o.append(nil)) }

func (o *Option) append(dst []byte) []byte {
	dst = append(dst, o.Name...)
	if !o.HasValue {
		return append(dst, ';')
	}
	dst = append(append(dst, ':'), o.Value...)
	if n := len(o.Value); n > 0 && o.Value[n-1] == '\\' {
		dst = append(dst, ' ') // else the backslash would escape the semicolon
	}
	return append(dst, ';')
}
