package event

import _ "embed"

// SchemaID is the $id of Schema. Its last part is the version: the minor
// number grows when a member is added, the major one when a member is removed
// or changes its type.
const SchemaID = "urn:spanwatch:event:1.3"

// SchemaVersion is the version in SchemaID, for Kafka headers.
const SchemaVersion = "1.3"

// Schema is the JSON Schema (draft 2020-12) of all events.
//
//go:embed schema.json
var Schema string
