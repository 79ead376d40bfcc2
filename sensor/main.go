// Command spanwatch is a network sensor that a NOC and a SOC can share: it
// turns frames into exact flow records, Suricata-compatible alerts and protocol
// records, and metrics.
//
//	spanwatch run -i INTERFACE [-r RULES…] [-o DIR]  capture live
//	spanwatch replay FILE… [-r RULES…] [-o DIR]     read capture files
//	spanwatch rules check|explain|list              say which rules load, and how they are understood
//	spanwatch kafka verify|topics                   what has arrived in Kafka
//	spanwatch schema eve|ecs                       the JSON Schema of events
//	spanwatch config check|dump                     the configuration
//
// Each command is one cmd_*.go file: options in, exit status out. What they
// wire together is in package pipeline.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Exit statuses.
const (
	exitOK      = 0
	exitFailure = 1 // nothing useful was done
	exitUsage   = 2 // the command line or the configuration is wrong
	exitFaulty  = 3 // done, but some input was faulty and was left out
)

// command is one verb of the command line. run gets the arguments behind it.
type command struct {
	name, summary string
	run           func(ctx context.Context, args []string) (int, error)
}

var commands = []command{
	{"run", "capture from interfaces and write events", runRun},
	{"replay", "read capture files and write events", runReplay},
	{"rules", "check, explain and list rules", runRules},
	{"kafka", "check what has arrived in Kafka, list or make topics", runKafka},
	{"config", "check or print the configuration", runConfig},
	{"schema", "print the JSON Schema of events", runSchema},
	{"version", "say which build this is", runVersion},
}

// errUsage marks errors of the command line, which end with exitUsage.
var errUsage = errors.New("usage")

// garbage is the process's collector.
var garbage = newCollector()

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args []string) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage()
		if len(args) == 0 {
			return exitUsage
		}
		return exitOK
	}
	for _, c := range commands {
		if c.name != args[0] {
			continue
		}
		status, err := c.run(ctx, args[1:])
		if err != nil {
			fmt.Fprintf(os.Stderr, "spanwatch %s: %v\n", c.name, err)
		}
		return status
	}
	fmt.Fprintf(os.Stderr, "spanwatch: unknown command %q; spanwatch help lists them\n", args[0])
	return exitUsage
}

func usage() {
	fmt.Println("spanwatch: a network sensor for NOC and SOC\n\nusage: spanwatch COMMAND [options]\n\ncommands:")
	for _, c := range commands {
		fmt.Printf("  %-8s %s\n", c.name, c.summary)
	}
	fmt.Println("\nspanwatch COMMAND --help says more.")
}
