package main

import (
	"context"
	"fmt"
	"strings"

	"spanwatch/exporter/ecs"
	"spanwatch/exporter/event"
)

const schemaUsage = `usage: spanwatch schema eve|ecs

Prints the JSON Schema (draft 2020-12) of what sinks get: of EVE events, or of
documents in the Elastic Common Schema (schema: ecs of a sink). The version in
its $id grows: the minor number when a field is added, the major one when a field
is removed or changes its type.
`

// runSchema is the command schema.
func runSchema(_ context.Context, args []string) (int, error) {
	if len(args) != 1 || strings.HasPrefix(args[0], "-") {
		fmt.Print(schemaUsage)
		if len(args) == 1 && (args[0] == "-h" || args[0] == "--help") {
			return exitOK, nil
		}
		return exitUsage, nil
	}
	switch args[0] {
	case "eve":
		fmt.Print(event.Schema)
	case "ecs":
		text, err := ecs.Schema()
		if err != nil {
			return exitFailure, err
		}
		fmt.Println(text)
	default:
		return exitUsage, fmt.Errorf("%w: %q is neither eve nor ecs", errUsage, args[0])
	}
	return exitOK, nil
}
