package capture

import (
	"errors"
	"fmt"

	"spanwatch/decoders"
)

// ErrNoLibpcap is returned for a filter expression by a sensor that was built
// without cgo, and so without libpcap, which compiles such expressions.
var ErrNoLibpcap = errors.New("built without libpcap, which compiles filter expressions")

// FilterError is returned for a filter expression that does not compile.
type FilterError struct {
	Expression string
	Link       decoders.LinkType // what it was compiled for
	Err        error             // libpcap's words, or ErrNoLibpcap
}

func (e *FilterError) Error() string {
	return fmt.Sprintf("filter %q for link type %s: %v", e.Expression, LinkTypeName(e.Link), e.Err)
}

func (e *FilterError) Unwrap() error { return e.Err }

// filter holds a BPF expression compiled for each link type that was met: where
// the IP header is depends on it.
type filter struct {
	expression string
	compiled   []linkProgram
	refused    uint64
}

// linkProgram is the expression for one link type. Without instructions, because
// it did not compile, it refuses all.
type linkProgram struct {
	link decoders.LinkType
	run  program
}

// add compiles the expression for a link type.
func (f *filter) add(link decoders.LinkType) error {
	for i := range f.compiled {
		if f.compiled[i].link == link {
			return nil
		}
	}
	p, err := compileFilter(link, f.expression)
	if err == nil {
		err = p.verify()
	}
	if err != nil {
		p = nil
		err = &FilterError{Expression: f.expression, Link: link, Err: err}
	}
	f.compiled = append(f.compiled, linkProgram{link: link, run: p})
	return err
}

// pick moves the frames that the expression accepts to the front and returns
// them. The error, a *FilterError, tells of a link type met for the first time
// for which the expression does not compile; its frames are refused.
func (f *filter) pick(frames []decoders.Frame) ([]decoders.Frame, error) {
	var fault error
	n := 0
	var current *linkProgram
	for i := range frames {
		fr := &frames[i]
		if current == nil || current.link != fr.Link {
			var err error
			if current, err = f.find(fr.Link); err != nil {
				fault = err
			}
		}
		if !current.run.run(fr.Data, fr.WireLen) {
			f.refused++
			continue
		}
		if n != i {
			frames[n] = *fr
		}
		n++
	}
	return frames[:n], fault
}

// find returns the program for a link type, compiling it if it is a new one.
func (f *filter) find(link decoders.LinkType) (*linkProgram, error) {
	err := f.add(link)
	for i := range f.compiled {
		if f.compiled[i].link == link {
			return &f.compiled[i], err
		}
	}
	return nil, err
}
