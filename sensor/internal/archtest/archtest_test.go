package archtest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "spanwatch"

// root is the repository's top folder, seen from this package.
const root = "../../.."

// rule says what the packages of a folder may import beside the standard
// library and packages below themselves. Patterns are as the go command's:
// "a" is one package, "a/..." is it and all below, "a/*" is each below. The
// first rule whose folder matches holds, so the narrower come first.
type rule struct {
	folder string
	ours   []string // packages of this module
	theirs []string // modules of others
	why    string
}

var rules = []rule{
	{"bpf/...", nil, []string{"github.com/cilium/ebpf", "golang.org/x/sys"},
		"the kernel side knows nothing of what is done with its counts"},

	{"decoders/decoderstest", []string{"decoders"}, []string{"github.com/google/gopacket"},
		"it is the oracle and the packet builder of the decoders' tests"},
	{"decoders/app/registry", []string{"decoders", "decoders/app", "decoders/app/*"}, nil,
		"it is the list of all parsers and nothing more"},
	{"decoders/app/body", []string{"decoders/app"}, []string{"github.com/klauspost/compress", "github.com/andybalholm/brotli"}, "content codings know no protocol"},
	{"decoders/app/apptest", []string{"decoders", "decoders/app", "decoders/decoderstest"}, nil, "it is what the tests of all parsers share"},
	{"decoders/app/ber", nil, nil, "an encoding knows no protocol"},
	{"decoders/app/dce", nil, nil, "remote calls know neither transport nor pipe"},
	{"decoders/app/fingerprint", nil, nil, "fingerprints know no protocol"},
	{"decoders/app/file", []string{"decoders", "decoders/app"}, nil, "files know no protocol"},
	{"decoders/app/mime", []string{"decoders/app", "decoders/app/file"}, nil, "mail bodies know no protocol"},
	{"decoders/app/http2", []string{"decoders", "decoders/app", "decoders/app/body", "decoders/app/file"}, []string{"golang.org/x/net"},
		"a protocol must not know another protocol"},
	{"decoders/app/*", []string{"decoders", "decoders/app", "decoders/app/ber", "decoders/app/body", "decoders/app/dce", "decoders/app/file", "decoders/app/fingerprint", "decoders/app/mime"}, nil,
		"a protocol must not know another protocol"},
	{"decoders/app", []string{"decoders"}, nil, "the contract knows no protocol"},
	{"decoders/defrag", []string{"decoders"}, nil, "fragments become datagrams before anything else is known"},
	{"decoders", nil, nil, "bytes become packets with the standard library alone"},

	{"signatures/rule", nil, nil, "syntax knows no meaning"},
	{"signatures/ruleconf", []string{"signatures/rule"}, nil, "syntax knows no meaning"},
	{"signatures/keyword", []string{"signatures/...", "decoders", "decoders/app", "decoders/app/registry"}, []string{"golang.org/x/net/publicsuffix"},
		"detection knows neither events nor the machine"},
	{"signatures/...", []string{"signatures/...", "decoders", "decoders/app", "decoders/app/registry"}, nil,
		"detection knows neither events nor the machine"},

	{"exporter/event/...", []string{"exporter/event"}, nil, "the contract with consumers depends on nothing"},
	{"exporter/tlsclient", nil, nil, "it knows files and certificates"},
	{"exporter/jsonl", []string{"exporter", "exporter/event"}, []string{"github.com/klauspost/compress"}, "export knows neither packets nor rules"},
	{"exporter/link", []string{"exporter", "exporter/event"}, []string{"golang.org/x/sys"}, "a connection knows no format"},
	{"exporter/socket", []string{"exporter", "exporter/event", "exporter/link"}, nil, "export knows neither packets nor rules"},
	{"exporter/syslog", []string{"exporter", "exporter/event", "exporter/link", "exporter/tlsclient"}, nil, "export knows neither packets nor rules"},
	{"exporter/document", nil, nil, "a JSON tree knows no event"},
	{"exporter/schema", []string{"exporter/event"}, nil, "a list of fields knows no sink"},
	{"exporter/consumers", []string{"exporter/document", "exporter/ecs", "exporter/event", "exporter/schema"}, nil, "configurations of others know the schemas"},
	{"exporter/shape", []string{"exporter", "exporter/document", "exporter/ecs", "exporter/event", "exporter/schema"}, nil,
		"what a sink gets is decided before any sink"},
	{"exporter/ecs", []string{"exporter/document", "exporter/event", "exporter/schema"}, nil, "another shape of an event knows no sink"},
	{"exporter/metrics", []string{"exporter", "exporter/event"}, []string{"github.com/VictoriaMetrics/metrics"},
		"it is the one place of the metrics library"},
	{"exporter/kafka", []string{"exporter", "exporter/event", "exporter/spool", "exporter/tlsclient"}, []string{"github.com/segmentio/kafka-go"},
		"it is the one place of the Kafka client"},
	{"exporter/...", []string{"exporter", "exporter/event"}, nil, "export knows neither packets nor rules"},

	{"sensor/capture/afxdp", []string{"bpf", "sensor/capture/...", "decoders"}, []string{"golang.org/x/sys"},
		"it reads sockets and the programs that fill them"},
	{"sensor/capture/...", []string{"sensor/capture/...", "decoders"},
		[]string{"github.com/google/gopacket", "github.com/klauspost/compress", "github.com/pierrec/lz4", "golang.org/x/net", "golang.org/x/sys"},
		"it is the one place that reads capture files and devices"},
	{"sensor/enrich/...", nil, []string{"github.com/oschwald/geoip2-golang", "github.com/oschwald/maxminddb-golang"},
		"it is the one place of the GeoIP library"},
	{"sensor/config", nil, []string{"github.com/goccy/go-yaml"}, "settings are plain data"},
	{"sensor/internal/progress", nil, []string{"golang.org/x/term", "golang.org/x/sys"}, "a progress bar knows nothing of packets"},
	{"sensor/...", []string{"bpf/...", "decoders/...", "signatures/...", "exporter/...", "sensor/..."}, []string{"golang.org/x/term", "golang.org/x/sys"},
		"the machine wires the libraries together, by hand"},
}

// testOnly lists modules that only test files may import, from anywhere.
var testOnly = []string{
	"github.com/google/gopacket",
	"github.com/santhosh-tekuri/jsonschema",
	"github.com/maxmind/mmdbwriter",
	"github.com/goccy/go-yaml",
	"github.com/klauspost/compress",
	"github.com/cilium/ebpf",
}

// testPackages are written for tests, so that their code counts as test code.
var testPackages = []string{"exporter/event/eventtest", "sensor/internal/geotest"}

type source struct {
	path    string // of the file, from the root
	pkg     string // folder, from the root
	imports []string
	doc     bool
	test    bool
	name    string // package clause
}

func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if strings.HasPrefix(d.Name(), ".") && rel != "." || rel == "testdata" || d.Name() == "testdata" || rel == "bin" || rel == "out" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		s := source{path: rel, pkg: filepath.ToSlash(filepath.Dir(rel)), doc: f.Doc != nil && !strings.HasPrefix(f.Doc.Text(), "Code generated"),
			test: strings.HasSuffix(rel, "_test.go"), name: f.Name.Name}
		for _, im := range f.Imports {
			p, err := strconv.Unquote(im.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, p)
		}
		out = append(out, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 20 {
		t.Fatalf("only %d Go files found: the walk is broken", len(out))
	}
	return out
}

func within(pkg, folder string) bool { return pkg == folder || strings.HasPrefix(pkg, folder+"/") }

func matches(pattern, pkg string) bool {
	if folder, ok := strings.CutSuffix(pattern, "/..."); ok {
		return within(pkg, folder)
	}
	if folder, ok := strings.CutSuffix(pattern, "/*"); ok {
		return strings.HasPrefix(pkg, folder+"/")
	}
	return pkg == pattern
}

func TestImportRule(t *testing.T) {
	for _, s := range sources(t) {
		i := slices.IndexFunc(rules, func(r rule) bool { return matches(r.folder, s.pkg) })
		if i < 0 {
			t.Errorf("%s: no rule says what %s may import", s.path, s.pkg)
			continue
		}
		for _, im := range s.imports {
			if reason := forbidden(s, rules[i], im); reason != "" {
				t.Errorf("%s imports %s: %s", s.path, im, reason)
			}
		}
	}
}

func TestImportRuleForbids(t *testing.T) {
	for name, c := range map[string]struct {
		from, to string
		test     bool
		allowed  bool
	}{
		"a library the machine":               {from: "decoders", to: "spanwatch/sensor/flow"},
		"a protocol another protocol":         {from: "decoders/app/dns", to: "spanwatch/decoders/app/http1"},
		"detection an event":                  {from: "signatures", to: "spanwatch/exporter/event"},
		"export a packet":                     {from: "exporter/jsonl", to: "spanwatch/decoders"},
		"syntax the decoders":                 {from: "signatures/rule", to: "spanwatch/decoders"},
		"decoders a logger":                   {from: "decoders", to: "log/slog"},
		"anybody an unlisted module":          {from: "sensor/flow", to: "github.com/pkg/errors"},
		"product code a test module":          {from: "sensor/flow", to: "github.com/google/gopacket/layers"},
		"a test gopacket, rightly":            {from: "sensor/flow", to: "github.com/google/gopacket/layers", test: true, allowed: true},
		"the registry a protocol, rightly":    {from: "decoders/app/registry", to: "spanwatch/decoders/app/dns", allowed: true},
		"the machine a library, rightly":      {from: "sensor/pipeline", to: "spanwatch/signatures", allowed: true},
		"a test the packet builder, rightly":  {from: "signatures", to: "spanwatch/decoders/decoderstest", test: true, allowed: true},
		"a package one below itself, rightly": {from: "sensor/capture", to: "spanwatch/sensor/capture/pcapfile", allowed: true},
	} {
		i := slices.IndexFunc(rules, func(r rule) bool { return matches(r.folder, c.from) })
		reason := forbidden(source{pkg: c.from, test: c.test}, rules[i], c.to)
		if (reason == "") != c.allowed {
			t.Errorf("%s: allowed %v, want %v (%s)", name, reason == "", c.allowed, reason)
		}
	}
}

// forbidden returns why s must not import im; empty when it may.
func forbidden(s source, r rule, im string) string {
	if slices.ContainsFunc(testPackages, func(p string) bool { return within(s.pkg, p) }) {
		s.test = true
	}
	if ours, ok := strings.CutPrefix(im, module+"/"); ok {
		switch {
		case within(ours, "sensor") && !within(s.pkg, "sensor"):
			return "nobody imports the machine"
		case within(ours, s.pkg),
			s.test && strings.HasSuffix(ours, "test"),
			slices.ContainsFunc(r.ours, func(p string) bool { return matches(p, ours) }):
			return ""
		}
		return r.why
	}
	if !strings.Contains(strings.Split(im, "/")[0], ".") {
		return forbiddenStd(s, im)
	}
	named := func(m string) bool { return within(im, m) }
	if slices.ContainsFunc(r.theirs, named) || s.test && slices.ContainsFunc(testOnly, named) {
		return ""
	}
	return r.why
}

// forbiddenStd keeps the clock, the network and logging out of the packages
// whose results must depend on packets alone.
func forbiddenStd(s source, im string) string {
	pure := within(s.pkg, "decoders") || within(s.pkg, "signatures") || within(s.pkg, "sensor/flow") || within(s.pkg, "sensor/analytics")
	if !pure || s.test || within(s.pkg, "decoders/decoderstest") {
		return ""
	}
	if slices.Contains([]string{"net/http", "log", "log/slog", "math/rand", "math/rand/v2", "os/exec"}, im) {
		return "results must depend on packets alone"
	}
	return ""
}

// TestNoClockInPacketPath looks for time.Now itself, since the package time is
// needed for durations.
func TestNoClockInPacketPath(t *testing.T) {
	checked := 0
	for _, s := range sources(t) {
		if s.test || !(within(s.pkg, "decoders") || within(s.pkg, "signatures") || within(s.pkg, "sensor/flow") || within(s.pkg, "sensor/analytics")) || within(s.pkg, "decoders/decoderstest") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, s.path))
		if err != nil {
			t.Fatal(err)
		}
		checked++
		for _, call := range []string{"time.Now(", "time.Since(", "time.Sleep("} {
			if strings.Contains(string(text), call) {
				t.Errorf("%s calls %s…): packet time only", s.path, call)
			}
		}
	}
	if checked < 10 {
		t.Fatalf("only %d files checked", checked)
	}
}

func TestEveryPackageHasOneComment(t *testing.T) {
	docs := map[string][]string{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		if _, seen := docs[s.pkg]; !seen {
			docs[s.pkg] = nil
		}
		if s.doc {
			docs[s.pkg] = append(docs[s.pkg], s.path)
		}
	}
	for pkg, files := range docs {
		if len(files) != 1 {
			t.Errorf("%s has %d package comments %v, want one", pkg, len(files), files)
		}
	}
}

func TestTopLevelIsTheAgreedOne(t *testing.T) {
	want := []string{"sensor", "bpf", "decoders", "signatures", "exporter", "testdata", "go.mod", "go.sum", "Makefile", "README.md", "LICENSE"}
	built := []string{"bin", "out"} // ignored by git, made by make
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(want, e.Name()) && !slices.Contains(built, e.Name()) {
			t.Errorf("%s does not belong at the top level", e.Name())
		}
	}
	for _, w := range want {
		if !slices.Contains(names, w) {
			t.Errorf("%s is missing at the top level", w)
		}
	}
}
