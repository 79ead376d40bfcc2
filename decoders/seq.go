package decoders

// Seq is a TCP sequence number: a point on a circle of 2³² (RFC 9293 section
// 3.4). Only these methods compare them, so that nobody forgets the wrap.
type Seq uint32

// Less reports whether s comes before t, looking half the circle ahead.
func (s Seq) Less(t Seq) bool { return int32(s-t) < 0 }

// LessEq reports whether s is t or comes before it.
func (s Seq) LessEq(t Seq) bool { return int32(s-t) <= 0 }

// Add moves s forward by n bytes.
func (s Seq) Add(n uint32) Seq { return s + Seq(n) }

// Sub returns the signed distance from t to s in bytes.
func (s Seq) Sub(t Seq) int32 { return int32(s - t) }

// InWindow reports whether s lies in [start, start+size).
func (s Seq) InWindow(start Seq, size uint32) bool { return uint32(s-start) < size }
