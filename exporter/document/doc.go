// Package document holds one event as a tree that can be edited: what stands
// between the encoder, which writes every event once, and a sink that wants
// it in another shape.
//
//	body ──Parse──► Doc (nodes over the body's bytes) ──Remove, Set, Move──► Append ──► new body
//
// A Doc is used again for the next event: its nodes are indices into one
// slice, names and scalars are the bytes of the text that was parsed, which
// must live until Append is done. Nothing is unescaped: a name compares by its
// bytes, as our encoder writes names without escapes. Find looks up a single
// member without building anything.
//
// The text comes from our own encoder; anything else is an error, never a
// panic. A Doc is for one goroutine.
package document
