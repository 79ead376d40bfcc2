package rule

import "slices"

// bound is an end of a range: an address or a port. Addresses of the two
// families are two spaces that never touch; Compare puts IPv4 first.
type bound[B any] interface {
	comparable
	Compare(B) int
	Next() B // the one behind it; the zero value or a lower one at the end
	Prev() B
}

// span is a range with both ends included.
type span[B bound[B]] struct{ from, to B }

// merge sorts spans and joins those that overlap or touch, in place.
func merge[B bound[B]](spans []span[B]) []span[B] {
	slices.SortFunc(spans, func(a, b span[B]) int { return a.from.Compare(b.from) })
	n := 0
	for _, s := range spans {
		if n > 0 {
			last := &spans[n-1]
			if s.from.Compare(last.to) <= 0 || last.to.Next() == s.from {
				if s.to.Compare(last.to) > 0 {
					last.to = s.to
				}
				continue
			}
		}
		spans[n] = s
		n++
	}
	return spans[:n]
}

// subtract returns what of include is not in exclude; both are merged, and so
// is the result.
func subtract[B bound[B]](include, exclude []span[B]) []span[B] {
	var left []span[B]
	for _, s := range include {
		for len(exclude) > 0 && exclude[0].to.Compare(s.from) < 0 {
			exclude = exclude[1:]
		}
		rest := s
		gone := false
		for _, x := range exclude {
			if x.from.Compare(s.to) > 0 {
				break
			}
			if x.from.Compare(rest.from) > 0 {
				left = append(left, span[B]{rest.from, x.from.Prev()})
			}
			if x.to.Compare(rest.to) >= 0 {
				gone = true
				break
			}
			rest.from = x.to.Next()
		}
		if !gone {
			left = append(left, rest)
		}
	}
	return left
}
