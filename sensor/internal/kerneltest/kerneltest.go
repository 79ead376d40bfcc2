// Package kerneltest holds the tests that compare the accounting programs of
// package bpf with the decoders: every packet of every capture at hand goes
// through both and must give the same flow, the same counts, or the same reason
// for none. It has no code of its own; neither library may know the other.
package kerneltest
