package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"spanwatch/sensor/config"
	"spanwatch/sensor/output"
)

// list is a flag that may be given several times.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(v string) error {
	*l = append(*l, v)
	return nil
}

// parseMixed parses flags that may stand before, between and behind the
// positional arguments, which it returns. "--" ends the flags, "-" is
// positional.
func parseMixed(fs *flag.FlagSet, args []string) ([]string, error) {
	fs.SetOutput(io.Discard) // errors are returned; help is printed below
	var positional []string
	for len(args) > 0 {
		if err := fs.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				fs.SetOutput(os.Stdout)
				fs.Usage()
				return nil, err
			}
			return nil, fmt.Errorf("%w: %w", errUsage, err)
		}
		rest := fs.Args()
		if consumed := len(args) - len(rest); consumed > 0 && args[consumed-1] == "--" {
			return append(positional, rest...), nil
		}
		if len(rest) == 0 {
			break
		}
		positional = append(positional, rest[0])
		args = rest[1:]
	}
	return positional, nil
}

// configFlags are the options by which every command takes its configuration.
type configFlags struct {
	path string
	set  list
}

func (c *configFlags) register(fs *flag.FlagSet) {
	fs.StringVar(&c.path, "config", "", "configuration `FILE` (spanwatch config dump prints one with every default)")
	fs.StringVar(&c.path, "c", "", "short for --config")
	fs.Var(&c.set, "set", "override one setting, `KEY=VALUE` with a dotted key; may be repeated")
}

func (c *configFlags) load() (*config.Config, error) {
	return config.Load(c.path, c.set, output.Check, checkCapture)
}

// flagStatus is the exit status for an error of parseMixed; asking for help is
// none.
func flagStatus(err error) (int, error) {
	if errors.Is(err, flag.ErrHelp) {
		return exitOK, nil
	}
	return exitUsage, err
}
