// Package archtest holds the tests by which the repository checks its own
// shape: who may import whom, one package comment per package, and what lies
// at the top level. It has no code of its own.
//
// The tests read source files themselves: a subprocess `go list` would be
// invisible to the test cache, which then answers "ok (cached)" after a
// forbidden import was added.
package archtest
