package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Versions of Kafka that are tested.
const (
	Version4 = "4.1.0"
	Version3 = "3.9.1"
)

// ErrUnavailable says that this machine cannot run Kafka.
var ErrUnavailable = errors.New("kafkatest: no Kafka here")

// Root returns the repository's top folder: the one with go.mod, above the
// working folder.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("kafkatest: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("kafkatest: no go.mod above %s", dir)
		}
		dir = up
	}
}

// Jars returns a folder with the jars of a version, which it fetches by Maven
// the first time. tools adds kafka-producer-perf-test and its like. Without
// Java, Maven or network the error is ErrUnavailable.
func Jars(ctx context.Context, version string, tools bool) (string, error) {
	for _, program := range []string{"java", "mvn"} {
		if _, err := exec.LookPath(program); err != nil {
			return "", fmt.Errorf("%w: %s is not installed", ErrUnavailable, program)
		}
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	name := "kafka-" + version
	if tools {
		name += "-tools"
	}
	dir := filepath.Join(root, ".cache", name)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", fmt.Errorf("kafkatest: %w", err)
	}
	// Half a set of jars must not be taken for a whole one.
	part, err := os.MkdirTemp(filepath.Dir(dir), name+".part")
	if err != nil {
		return "", fmt.Errorf("kafkatest: %w", err)
	}
	defer os.RemoveAll(part)
	args := []string{
		"-q", "-B", "-ntp", "-f", filepath.Join(root, "exporter", "kafka", "broker", "pom.xml"), "dependency:copy-dependencies",
		"-DincludeScope=runtime", "-Dkafka.version=" + version, "-DoutputDirectory=" + part,
	}
	if tools {
		args = append(args, "-Ptools")
	}
	if out, err := exec.CommandContext(ctx, "mvn", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: mvn: %v\n%s", ErrUnavailable, err, out)
	}
	if err := os.Rename(part, dir); err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("kafkatest: %w", err)
	}
	return dir, nil
}
