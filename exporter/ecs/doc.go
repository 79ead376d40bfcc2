// Package ecs turns an EVE event into one of the Elastic Common Schema, for
// sinks that are told schema: ecs.
//
//	{"src_ip":…,"alert":{"severity":2,…},"flow_id":…}
//	   │ table of README.md: src_ip → source.ip, alert.severity → event.severity, …
//	   ▼
//	{"source":{"ip":…},"event":{"kind":"alert","severity":2,…},"spanwatch":{"flow_id":…}}
//
// Nothing is lost: what ECS has no field for stays as it was, below spanwatch,
// which is where ECS wants fields of a product's own. What ECS demands and EVE
// does not have (event.kind, event.category, related.ip, …) is made from the
// event. README.md has the whole mapping, generated from the table in this
// package; Schema is the JSON Schema of the result.
//
// Field names, types and their meaning are those of ECS 9.4
// (elastic.co/docs/reference/ecs).
package ecs
