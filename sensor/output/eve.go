package output

import (
	"os"
	"path/filepath"

	"spanwatch/exporter/jsonl"
	"spanwatch/sensor/config"
)

// openEve opens the file of JSON lines, or standard output.
func openEve(c *config.Config, r *Run) ([]opened, error) {
	path := c.Output.Eve.Path
	switch {
	case path == "":
		return nil, nil
	case path == "-":
		return []opened{{sink: jsonl.NewStream("stdout", os.Stdout), where: "standard output"}}, nil
	case !filepath.IsAbs(path):
		path = filepath.Join(r.Folder, path)
	}
	sink, err := jsonl.Open(path, !c.Output.Eve.Append)
	if err != nil {
		return nil, err
	}
	return []opened{{sink: sink, where: path}}, nil
}
