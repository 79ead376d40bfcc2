package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// backportsFile is the source list that is added where a tool comes from a
// suite that the machine does not know.
const backportsFile = "/etc/apt/sources.list.d/spanwatch-bench-%s.sources"

// provide sees to it that every tool is there: ours must have been built, the
// others are installed if they may be.
func provide(tools []tool, install bool) error {
	for _, t := range tools {
		if _, err := exec.LookPath(t.program); err == nil {
			continue
		}
		switch {
		case t.extra:
			return fmt.Errorf("%s: %s names its program", t.name, suricata8Env)
		case t.debian == "":
			return fmt.Errorf("%s is not there; make build", t.program)
		case !install:
			return fmt.Errorf("%s is not installed (Debian package %s); run without -install=false, or leave it out with -tools", t.program, t.debian)
		}
		if err := installPackage(t); err != nil {
			return fmt.Errorf("install %s: %w; -tools leaves it out", t.debian, err)
		}
	}
	return nil
}

// installPackage installs a tool's Debian package, as root.
func installPackage(t tool) error {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return err
	}
	var sudo []string
	if os.Geteuid() != 0 {
		if _, err := exec.LookPath("sudo"); err != nil {
			return errors.New("neither root nor sudo")
		}
		sudo = []string{"sudo"}
	}
	argv := []string{"env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "--no-install-recommends"}
	if t.suite != "" {
		known, err := exec.Command("apt-cache", "policy").Output()
		if err != nil {
			return err
		}
		if !strings.Contains(string(known), t.suite) {
			list := fmt.Sprintf(backportsFile, t.suite)
			fmt.Printf("adding %s: %s is there in a version to compare with\n", list, t.debian)
			if err := sudoWrite(sudo, list, fmt.Sprintf("Types: deb\nURIs: http://deb.debian.org/debian\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n", t.suite)); err != nil {
				return err
			}
		}
		argv = append(argv, "-t", t.suite)
	}
	fmt.Printf("installing %s, to measure %s\n", t.debian, t.name)
	for _, step := range [][]string{{"apt-get", "update", "-q"}, append(argv, t.debian)} {
		full := append(append([]string(nil), sudo...), step...)
		if out, err := exec.Command(full[0], full[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(full, " "), err, out)
		}
	}
	return nil
}

// sudoWrite writes a file that only root may write.
func sudoWrite(sudo []string, path, text string) error {
	argv := append(append([]string(nil), sudo...), "tee", path)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin = strings.NewReader(text)
	return cmd.Run()
}
