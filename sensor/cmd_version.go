package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker for a release (-X main.version=…).
var version = "devel"

func runVersion(context.Context, []string) (int, error) {
	fmt.Printf("spanwatch %s, revision %s, %s %s/%s\n", version, revision(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return exitOK, nil
}

// revision is the commit that was built, when the go tool recorded one.
func revision() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "unknown"
}
