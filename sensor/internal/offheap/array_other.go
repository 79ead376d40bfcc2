//go:build !linux

package offheap

// Array takes ordinary memory where it can not be mapped.
func Array[T any](n int, _ Pages) (array []T, release func(), err error) {
	return make([]T, n), func() {}, nil
}

// Discard clears elements.
func Discard[T any](array []T) { clear(array) }
