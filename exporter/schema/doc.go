// Package schema reads the sensor's JSON Schemas as a flat list of fields:
//
//	{"properties":{"flow":{"$ref":…}}}  ──Flatten──►  flow.start string, flow.interval.seq integer, …
//
// It serves what has to know which fields exist without validating anything:
// field paths in an operator's configuration, the templates for consumers, and
// the promise that a field is neither removed nor retyped within a major
// version (Breaks). It understands the part of JSON Schema that our schemas
// use, and fails on a reference that it can not follow. Validation is for a
// real validator, in tests.
package schema
