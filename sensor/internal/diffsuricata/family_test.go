package main

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestATemplateHasEachOfItsAlternatives(t *testing.T) {
	g := &generator{Rand: rand.New(rand.NewPCG(1, 2))}
	tpl, err := parseTemplate(`{*a|b{*1|2}} {x|y\|{3..4}}\{\}`)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for turn := range 40 {
		text, err := tpl.expand(g, turn)
		if err != nil {
			t.Fatal(err)
		}
		seen[text] = true
	}
	for _, want := range []string{"a x{}", "b1 x{}", "b2 y|3{}", "a y|4{}"} {
		if !seen[want] {
			t.Errorf("%q is not made: %v", want, seen)
		}
	}
	if tpl.turns != 4 {
		t.Errorf("%d turns", tpl.turns)
	}
}

func TestABadTemplateIsAnError(t *testing.T) {
	for _, text := range []string{"{a|b", "@tcp"} {
		if _, err := parseTemplate(text); err == nil {
			t.Errorf("%q is read", text)
		}
	}
	g := &generator{Rand: rand.New(rand.NewPCG(1, 2))}
	tpl, _ := parseTemplate("content:@none@;")
	if _, err := tpl.expand(g, 0); err == nil {
		t.Error("a buffer without samples has one")
	}
}

// TestFamiliesMakeTheSameRulesOfTheSameSeed and mostly such as load.
func TestFamiliesMakeTheSameRulesOfTheSameSeed(t *testing.T) {
	all, err := families(nil)
	if err != nil || len(all) == 0 {
		t.Fatalf("%d families: %v", len(all), err)
	}
	samples := buffers()
	captures, err := expand([]string{"../../../testdata/pcap"})
	if err != nil {
		t.Fatal(err)
	}
	if err := harvest(context.Background(), samples, captures, nil); err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		var texts [2]string
		for i := range texts {
			g := &generator{Rand: rand.New(rand.NewPCG(7, 1)), buffers: samples}
			rules, files, err := f.make(g, 0.3)
			if err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			for _, r := range rules {
				text.WriteString(r.text + "\n")
			}
			for _, made := range f.files {
				text.Write(files[made.name])
			}
			if texts[i] = text.String(); len(rules) < 10 {
				t.Errorf("%s: %d rules", f.name, len(rules))
			}
		}
		if texts[0] != texts[1] {
			t.Errorf("%s: two runs of one seed differ", f.name)
		}
	}
}
