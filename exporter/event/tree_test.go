package event_test

import (
	"strings"
	"testing"

	"spanwatch/exporter/event"
)

func statsText(t *testing.T, tree *event.Tree) string {
	t.Helper()
	e := newEncoder(t, event.Options{})
	out := string(e.AppendStats(nil, &event.Stats{Counters: tree}))
	_, text, _ := strings.Cut(out, `"uptime":0`)
	return text
}

func TestTreeNestsByPathAndKeepsTheOrder(t *testing.T) {
	tree := event.NewTree()
	tree.Set("b.y", 1)
	tree.Set("a", 2)
	tree.Set("b.x.deep", 3)
	tree.Set("l[0].n", 4)
	tree.Set("l[1].n", 5)
	tree.SetText("l[0].s", "t\"")
	tree.Set("v[0]", 6)
	tree.SetInt("a", -2)
	tree.SetTime("at", 1767366245123456789)
	const want = `,"b":{"y":1,"x":{"deep":3}},"a":-2,"l":[{"n":4,"s":"t\""},{"n":5}],"v":[6],"at":"2026-01-02T15:04:05.123456+0000"}`
	if got := statsText(t, tree); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestTreeIsRefreshedWithoutAllocation(t *testing.T) {
	tree := event.NewTree()
	set := func() {
		tree.Set("decoder.pkts", 1)
		tree.Set("detect.engines[0].rules_loaded", 2)
		tree.SetTime("detect.engines[0].last_reload", 3)
	}
	set()
	if n := testing.AllocsPerRun(100, set); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func TestTreeRefusesContradictions(t *testing.T) {
	for _, path := range []string{"", "a..b", "a.b", "o", "l[1]", "l[0].x", "o[0]", "l[x]", "l[0"} {
		tree := event.NewTree()
		tree.Set("a", 1)
		tree.Set("o.x", 1)
		func() {
			defer func() {
				if recover() == nil && path != "l[1]" {
					t.Errorf("path %q is accepted", path)
				}
			}()
			if path == "l[1]" {
				tree.Set("l[0]", 1)
			}
			if path == "l[0].x" {
				tree.Set("l[0]", 1)
			}
			tree.Set(path, 1)
		}()
	}
}
