package main

import (
	"context"
	"flag"
	"fmt"
	"os"
)

const configUsage = `usage: spanwatch config check|dump [--config FILE] [--set KEY=VALUE]…

check  reads the configuration and reports every fault with its line and column
dump   prints the effective configuration with a comment on every setting; without
       --config that is the reference of all defaults
`

func runConfig(_ context.Context, args []string) (int, error) {
	fs := flag.NewFlagSet("config", flag.ContinueOnError)
	fs.Usage = func() { fmt.Print(configUsage) }
	var cf configFlags
	cf.register(fs)
	verbs, err := parseMixed(fs, args)
	if err != nil {
		return flagStatus(err)
	}
	if len(verbs) != 1 || verbs[0] != "check" && verbs[0] != "dump" {
		return exitUsage, fmt.Errorf("%w: want check or dump; see spanwatch config --help", errUsage)
	}
	c, err := cf.load()
	if err != nil {
		return exitUsage, err
	}
	if verbs[0] == "dump" {
		_, err := os.Stdout.Write(c.Dump())
		return exitOK, err
	}
	fmt.Println("configuration is good")
	return exitOK, nil
}
