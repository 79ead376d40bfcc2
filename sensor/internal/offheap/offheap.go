// Package offheap makes arrays outside of Go's heap, for tables whose size is
// their bound and of which a sensor commonly uses a small part.
//
// A large array on the heap counts as live from the start, used or not, and the
// garbage collector waits until the heap has grown by a share of what is live:
// garbage of the size of the whole table would pile up. Outside, the kernel
// gives memory page by page as it is touched, and huge pages where asked.
//
//	Array[T](n, Huge) ─► n zeroed T, release()
//	Discard(array)    ─► zeroed again, its memory is the system's until touched
//
// The collector does not look into it: T must hold no pointers.
package offheap

// Pages says which pages an array is to have.
type Pages bool

// Kinds of pages. Huge ones save address translation where access is random, and
// take memory in steps of 2 MiB.
const (
	Small Pages = false
	Huge  Pages = true
)
