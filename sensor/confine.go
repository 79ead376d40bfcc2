package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"spanwatch/sensor/config"
	"spanwatch/sensor/privilege"
)

// needs are the capabilities without which cfg cannot be followed. What only
// makes counting better is not among them: accounting says why it does without.
func needs(cfg *config.Config) []privilege.Need {
	all := []privilege.Need{{Capability: privilege.NetRaw, For: "open packet sockets"}}
	if c := cfg.Capture.Accounting; c != "auto" && c != "off" || cfg.Capture.Method == methodAFXDP {
		instead := privilege.SetOf(privilege.SysAdmin)
		all = append(all,
			privilege.Need{Capability: privilege.BPF, For: "load programs that count packets", Instead: instead},
			privilege.Need{Capability: privilege.Perfmon, For: "have them look behind headers of variable length", Instead: instead},
			privilege.Need{Capability: privilege.NetAdmin, For: "attach them to interfaces"})
	}
	if cfg.Capture.FixOffloads {
		all = append(all, privilege.Need{Capability: privilege.NetAdmin, For: "switch receive offloads off"})
	}
	return all
}

// require returns an error that names what the process lacks, and how to give it.
func require(cfg *config.Config) error {
	if runtime.GOOS != "linux" {
		return nil
	}
	err := privilege.Require(needs(cfg)...)
	var missing *privilege.MissingError
	if errors.As(err, &missing) {
		return fmt.Errorf("%w\n%s", err, strings.TrimSpace(missing.Help()))
	}
	return err
}

// confine shuts the file system but for what the configuration names, and gives up
// all capabilities but those to come back to an interface that was removed and
// made anew (with CAP_DAC_OVERRIDE and its like, of root, go the rights to files
// of others). What is open and attached stays so.
func confine(cfg *config.Config, out, configFile string, w io.Writer) error {
	p := &cfg.Privileges
	if p.Landlock {
		c, err := privilege.Confine(reachable(cfg, out, configFile))
		if err != nil {
			return fmt.Errorf("privileges.landlock: %w", err)
		}
		if !c.Enforced() {
			fmt.Fprintf(w, "the file system stays open: %s\n", c.Reason)
		} else {
			fmt.Fprintf(w, "the file system is shut but for what the configuration names: written below %s\n", strings.Join(c.Write, ", "))
		}
	}
	if !p.Drop {
		return nil
	}
	var keep privilege.Set
	if p.Reattach {
		keep = privilege.SetOf(privilege.NetRaw, privilege.NetAdmin)
	}
	if cfg.Capture.FixOffloads {
		keep |= privilege.SetOf(privilege.NetAdmin) // they are switched on again at the end
	}
	d, err := privilege.Drop(keep)
	if err != nil {
		return fmt.Errorf("privileges.drop: %w", err)
	}
	fmt.Fprintf(w, "kept %s of the capabilities, and gave all others up\n", d.Kept)
	for _, dir := range writable(cfg, out) {
		if err := canWrite(dir); err != nil {
			return fmt.Errorf("%s cannot be written without the capabilities that were given up: %w (make it the user's that runs the sensor, or set privileges.drop to false)", dir, err)
		}
	}
	return nil
}

// system are the places that the Go runtime and its libraries read while at work:
// names and addresses, certificates, time zones, the process's own statistics.
var system = []string{"/etc", "/usr/share/zoneinfo", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
	"/etc/pki", "/usr/lib/ssl", "/run/systemd/resolve", "/run/resolvconf", "/proc", "/sys", "/dev/urandom"}

// reachable is the one place that says what the sensor may reach once it is at
// work: what the configuration names (see config.Path), and system. Files are
// allowed by their folder, since they may be replaced.
func reachable(cfg *config.Config, out, configFile string) privilege.Paths {
	paths := privilege.Paths{Read: system, Write: append(writable(cfg, out), "/dev/null")}
	for _, p := range cfg.Paths() {
		if p.Kind == config.PathRead {
			paths.Read = append(paths.Read, folder(p.Path))
		}
	}
	if configFile != "" {
		paths.Read = append(paths.Read, folder(configFile))
	}
	return paths
}

// writable are the folders in which the sensor makes files.
func writable(cfg *config.Config, out string) (dirs []string) {
	for _, p := range cfg.Paths() {
		switch {
		case p.Kind == config.PathFolder:
			dirs = append(dirs, absolute(p.Path))
		case p.Kind == config.PathOutput && p.Path != "-":
			path := p.Path
			if !filepath.IsAbs(path) {
				path = filepath.Join(out, path)
			}
			dirs = append(dirs, folder(path))
		}
	}
	if dir := ruleCacheDir(cfg.Rules.CacheDir); dir != "" {
		if _, err := os.Stat(dir); err == nil {
			dirs = append(dirs, absolute(dir))
		}
	}
	return dirs
}

// folder is that of a file, or of a pattern the deepest one that is no pattern.
func folder(path string) string {
	dir := filepath.Dir(absolute(path))
	for strings.ContainsAny(dir, "*?[{") {
		dir = filepath.Dir(dir)
	}
	return dir
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
