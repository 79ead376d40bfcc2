//go:build cgo && linux && (amd64 || arm64)

package hyperscan

/*
#cgo LDFLAGS: -lhs
#include <hs/hs.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct {
	uint32_t pattern, end;
} sw_hit;

typedef struct {
	uint32_t n, room;
	sw_hit *list;
} sw_hits;

static int sw_on_match(unsigned int id, unsigned long long from, unsigned long long to, unsigned int flags, void *context)
{
	sw_hits *hits = context;
	(void)from; (void)flags;
	if (hits->n == hits->room)
		return 1;
	hits->list[hits->n++] = (sw_hit){id, (uint32_t)to};
	return 0;
}

// Compiling takes many times what the database needs in the end; glibc keeps it
// for later.
static void sw_trim(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

// Addresses are numbers so that cgo does not look up what they point into, which
// takes as long as scanning 50 bytes: scratch and hits are C's, and what is
// scanned holds no pointers.
#cgo noescape sw_scan
#cgo nocallback sw_scan
static int sw_scan(uintptr_t db, uintptr_t data, unsigned int length, uintptr_t scratch, uintptr_t hits)
{
	((sw_hits *)hits)->n = 0;
	return hs_scan((const hs_database_t *)db, (const char *)data, length, 0, (hs_scratch_t *)scratch, sw_on_match, (void *)hits);
}
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"
)

// Available says that the library is part of the build and runs here.
func Available() bool { return C.hs_valid_platform() == C.HS_SUCCESS }

// Version names the library, for keys of caches: a serialised Database is
// good for one version only.
func Version() string { return C.GoString(C.hs_version()) }

// Platform names the features of this processor that a Database is made for.
func Platform() string {
	var p C.hs_platform_info_t
	if C.hs_populate_platform(&p) != C.HS_SUCCESS {
		return "unknown"
	}
	return fmt.Sprintf("%s-%d-%x", runtime.GOARCH, p.tune, p.cpu_features)
}

// Trim gives back to the system what the C library keeps of memory that was
// freed, by anybody.
func Trim() { C.sw_trim() }

// Database is a compiled set of patterns.
type Database struct {
	db       *C.hs_database_t
	patterns int
}

// Compile makes the Database of patterns; Scan reports their indexes. It
// takes seconds for tens of thousands.
func Compile(patterns []Pattern) (*Database, error) {
	if !Available() {
		return nil, ErrUnavailable
	}
	if len(patterns) == 0 {
		return nil, errors.New("hyperscan: no patterns")
	}
	n := len(patterns)
	expressions := (**C.char)(C.calloc(C.size_t(n), C.size_t(unsafe.Sizeof(uintptr(0)))))
	defer C.free(unsafe.Pointer(expressions))
	texts := unsafe.Slice(expressions, n)
	flags, ids := make([]C.uint, n), make([]C.uint, n)
	var text []byte
	for i := range patterns {
		text = appendExpression(text[:0], patterns[i].Bytes)
		texts[i] = C.CString(string(text))
		defer C.free(unsafe.Pointer(texts[i]))
		ids[i] = C.uint(i)
		flags[i] = C.HS_FLAG_SINGLEMATCH
		if patterns[i].NoCase {
			flags[i] |= C.HS_FLAG_CASELESS
		}
	}
	var db *C.hs_database_t
	var fault *C.hs_compile_error_t
	if C.hs_compile_multi(expressions, &flags[0], &ids[0], C.uint(n), C.HS_MODE_BLOCK, nil, &db, &fault) != C.HS_SUCCESS {
		defer C.hs_free_compile_error(fault)
		return nil, fmt.Errorf("hyperscan: pattern %d: %s", int(fault.expression), C.GoString(fault.message))
	}
	C.sw_trim()
	return newDatabase(db, n), nil
}

// appendExpression writes bytes as an expression that means just them. The
// library has a function for literals too, but Vectorscan's refuses those that
// begin with a zero byte.
func appendExpression(dst, literal []byte) []byte {
	const digits = "0123456789abcdef"
	for _, c := range literal {
		dst = append(dst, '\\', 'x', digits[c>>4], digits[c&15])
	}
	return dst
}

func newDatabase(db *C.hs_database_t, patterns int) *Database {
	d := &Database{db, patterns}
	runtime.AddCleanup(d, func(db *C.hs_database_t) { C.hs_free_database(db) }, db)
	return d
}

// Serialize returns the Database as bytes for Deserialize.
func (d *Database) Serialize() ([]byte, error) {
	var text *C.char
	var size C.size_t
	if rc := C.hs_serialize_database(d.db, &text, &size); rc != C.HS_SUCCESS {
		return nil, fmt.Errorf("hyperscan: serialise: error %d", int(rc))
	}
	defer C.free(unsafe.Pointer(text))
	runtime.KeepAlive(d)
	return C.GoBytes(unsafe.Pointer(text), C.int(size)), nil
}

// Deserialize is the inverse of Serialize. It fails for bytes that are
// damaged, or of another version or processor. patterns is the number of
// patterns that the Database was compiled of.
func Deserialize(text []byte, patterns int) (*Database, error) {
	if len(text) == 0 {
		return nil, errors.New("hyperscan: nothing to deserialise")
	}
	var db *C.hs_database_t
	if rc := C.hs_deserialize_database((*C.char)(unsafe.Pointer(&text[0])), C.size_t(len(text)), &db); rc != C.HS_SUCCESS {
		return nil, fmt.Errorf("hyperscan: deserialise: error %d", int(rc))
	}
	return newDatabase(db, patterns), nil
}

// Size returns the memory of the Database in bytes.
func (d *Database) Size() int {
	var size C.size_t
	C.hs_database_size(d.db, &size)
	return int(size)
}

// Patterns returns the number of patterns.
func (d *Database) Patterns() int { return d.patterns }

// Scratch is the memory of scanning: one goroutine's.
type Scratch struct{ *memory }

type memory struct {
	scratch *C.hs_scratch_t
	hits    *C.sw_hits
}

// NewScratch makes a Scratch, to be fitted to each Database it is used with.
func NewScratch() *Scratch {
	s := &Scratch{&memory{hits: (*C.sw_hits)(C.calloc(1, C.sizeof_sw_hits))}}
	runtime.AddCleanup(s, (*memory).free, s.memory)
	return s
}

func (m *memory) free() {
	C.hs_free_scratch(m.scratch)
	C.free(unsafe.Pointer(m.hits.list))
	C.free(unsafe.Pointer(m.hits))
}

// Fit makes s large enough for d. It is to be called once before s is used
// with d.
func (s *Scratch) Fit(d *Database) error {
	if rc := C.hs_alloc_scratch(d.db, &s.scratch); rc != C.HS_SUCCESS {
		return fmt.Errorf("hyperscan: scratch: error %d", int(rc))
	}
	if room := C.uint32_t(d.patterns); room > s.hits.room {
		C.free(unsafe.Pointer(s.hits.list))
		s.hits.list = (*C.sw_hit)(C.malloc(C.size_t(room) * C.sizeof_sw_hit))
		s.hits.room = room
	}
	runtime.KeepAlive(d)
	return nil
}

// Scan returns the patterns that occur in data, each once with its first end,
// in no order. The slice is valid until the next Scan with s.
func (d *Database) Scan(s *Scratch, data []byte) ([]Hit, error) {
	if len(data) == 0 {
		return nil, nil
	}
	rc := C.sw_scan(address(unsafe.Pointer(d.db)), address(unsafe.Pointer(unsafe.SliceData(data))), C.uint(len(data)),
		address(unsafe.Pointer(s.scratch)), address(unsafe.Pointer(s.hits)))
	runtime.KeepAlive(data)
	runtime.KeepAlive(d)
	runtime.KeepAlive(s)
	if rc != C.HS_SUCCESS {
		return nil, scanError(rc)
	}
	return unsafe.Slice((*Hit)(unsafe.Pointer(s.hits.list)), int(s.hits.n)), nil
}

func address(p unsafe.Pointer) C.uintptr_t { return C.uintptr_t(uintptr(p)) }

func scanError(rc C.int) error { return fmt.Errorf("hyperscan: scan: error %d", int(rc)) }
