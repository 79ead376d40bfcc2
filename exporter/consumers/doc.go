// Package consumers holds no code: its folders have configurations for what
// reads spanwatch's events, and its tests check them against the schemas. See
// README.md.
package consumers
