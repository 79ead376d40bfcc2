//go:build cgo

package pcre

/*
#cgo LDFLAGS: -lpcre2-8
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdint.h>

// The address of the data is a number, so that cgo does not look at what the
// bytes lie in: it would panic where they are part of something with pointers.
#cgo noescape sw_match
#cgo nocallback sw_match
static int sw_match(const pcre2_code *code, uintptr_t data, size_t length, size_t start, pcre2_match_data *match, pcre2_match_context *context)
{
	return pcre2_match(code, (PCRE2_SPTR)data, length, start, 0, match, context);
}

static uint32_t sw_capture_count(const pcre2_code *code)
{
	uint32_t n = 0;
	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &n);
	return n;
}

static size_t sw_code_size(const pcre2_code *code)
{
	size_t n = 0, jit = 0;
	pcre2_pattern_info(code, PCRE2_INFO_SIZE, &n);
	pcre2_pattern_info(code, PCRE2_INFO_JITSIZE, &jit);
	return n + jit;
}
*/
import "C"

import (
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Engine names the implementation in use.
const Engine = "PCRE2"

// Regexp is a compiled pattern. Machine code is made of it at its first match: it
// takes several times the memory and the time of compiling, and of thousands of
// patterns in rules traffic meets some hundred.
type Regexp struct {
	code   *C.pcre2_code
	groups int
	ready  atomic.Bool // there is machine code, or none can be made
}

// making is held while machine code is made: it changes the compiled pattern, which
// is shared by workers.
var making sync.Mutex

func (r *Regexp) makeReady() {
	making.Lock()
	defer making.Unlock()
	if !r.ready.Load() {
		// A pattern that the JIT compiler does not take is interpreted.
		C.pcre2_jit_compile_8(r.code, C.PCRE2_JIT_COMPLETE)
		r.ready.Store(true)
	}
}

var options = [...]struct {
	flag   Flags
	option C.uint32_t
}{
	{Caseless, C.PCRE2_CASELESS}, {DotAll, C.PCRE2_DOTALL}, {Multiline, C.PCRE2_MULTILINE}, {Extended, C.PCRE2_EXTENDED},
	{Anchored, C.PCRE2_ANCHORED}, {DollarEndOnly, C.PCRE2_DOLLAR_ENDONLY}, {Ungreedy, C.PCRE2_UNGREEDY},
}

// Compile makes a Regexp of pattern, which may hold any bytes. It is not for
// the packet path.
func Compile(pattern string, flags Flags) (*Regexp, error) {
	var opts C.uint32_t
	for _, o := range options {
		if flags&o.flag != 0 {
			opts |= o.option
		}
	}
	text := []byte(pattern)
	if len(text) == 0 {
		text = []byte{0}
	}
	var code C.int
	var at C.PCRE2_SIZE
	re := C.pcre2_compile_8((*C.uchar)(&text[0]), C.PCRE2_SIZE(len(pattern)), opts, &code, &at, nil)
	if re == nil {
		return nil, patternError(int(at), message(code))
	}
	r := &Regexp{code: re, groups: int(C.sw_capture_count(re))}
	runtime.AddCleanup(r, func(re *C.pcre2_code) { C.pcre2_code_free_8(re) }, re)
	return r, nil
}

func message(code C.int) string {
	var text [256]C.uchar
	C.pcre2_get_error_message_8(code, &text[0], C.PCRE2_SIZE(len(text)))
	return strings.TrimSpace(C.GoString((*C.char)(unsafe.Pointer(&text[0]))))
}

// Groups returns the number of capture groups.
func (r *Regexp) Groups() int { return r.groups }

// Size returns the memory of the compiled pattern in bytes.
func (r *Regexp) Size() int { return int(C.sw_code_size(r.code)) }

// Scratch is the memory of matching: one worker's.
type Scratch struct {
	match   *C.pcre2_match_data
	context *C.pcre2_match_context
	spans   []C.size_t // the engine's own vector: pairs of from and to
	groups  int        // valid pairs in spans
}

// NewScratch makes a Scratch, good for every Regexp.
func NewScratch() *Scratch {
	s := &Scratch{match: C.pcre2_match_data_create_8(MaxGroups+1, nil), context: C.pcre2_match_context_create_8(nil)}
	C.pcre2_set_match_limit_8(s.context, MatchLimit)
	C.pcre2_set_depth_limit_8(s.context, RecursionLimit)
	s.spans = unsafe.Slice(C.pcre2_get_ovector_pointer_8(s.match), 2*(MaxGroups+1))
	type memory struct {
		match   *C.pcre2_match_data
		context *C.pcre2_match_context
	}
	runtime.AddCleanup(s, func(m memory) {
		C.pcre2_match_data_free_8(m.match)
		C.pcre2_match_context_free_8(m.context)
	}, memory{s.match, s.context})
	return s
}

// none stands for data of length 0, which must have an address.
var none [1]byte

// Match looks for r in data from start on; ^ and look-behind see the bytes
// before start. What matched is read with Scratch.Group until the next Match.
func (r *Regexp) Match(s *Scratch, data []byte, start int) Result {
	if start < 0 || start > len(data) {
		return NoMatch
	}
	p := unsafe.Pointer(unsafe.SliceData(data))
	if len(data) == 0 {
		p = unsafe.Pointer(&none)
	}
	if !r.ready.Load() {
		r.makeReady()
	}
	rc := C.sw_match(r.code, C.uintptr_t(uintptr(p)), C.size_t(len(data)), C.size_t(start), s.match, s.context)
	runtime.KeepAlive(r)
	runtime.KeepAlive(data)
	switch {
	case rc > 0:
		s.groups = int(rc)
		return Matched
	case rc == 0: // more groups than places
		s.groups = MaxGroups + 1
		return Matched
	case rc == C.PCRE2_ERROR_NOMATCH:
		return NoMatch
	}
	return GaveUp
}

// Group returns the place of group i of the last match, 0 being the whole.
func (s *Scratch) Group(i int) Span {
	if i >= s.groups || s.spans[2*i] == ^C.size_t(0) {
		return Span{-1, -1}
	}
	return Span{int(s.spans[2*i]), int(s.spans[2*i+1])}
}
