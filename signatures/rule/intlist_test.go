package rule

import "testing"

func TestListsOfIntegers(t *testing.T) {
	type values = []uint64
	tests := []struct {
		name, value string
		yes, no     []values
	}{
		{"any value by default", ">3", []values{{1, 4}, {4}}, []values{{}, {1, 2}}},
		{"any value", ">3,any", []values{{1, 4}}, []values{{}, {1}}},
		{"all values, and there are some", ">3,all", []values{{4, 5}}, []values{{}, {4, 1}}},
		{"the older name of all", ">3,all1", []values{{4, 5}}, []values{{}, {4, 1}}},
		{"all values or none", ">3, all_or_absent", []values{{4, 5}, {}}, []values{{4, 1}}},
		{"any value or none", ">3,or_absent", []values{{1, 4}, {}}, []values{{1}}},
		{"the first", "4,0", []values{{4, 1}}, []values{{}, {1, 4}}},
		{"the third", "4,2", []values{{1, 1, 4}}, []values{{4, 4}, {1, 4, 1}}},
		{"the last", "4,-1", []values{{1, 4}, {4}}, []values{{}, {4, 1}}},
		{"the last but one", "4,-2", []values{{4, 1}}, []values{{4}, {1, 4}}},
		{"the second if there is one", "4,oob_or 1", []values{{1, 4}, {1}, {}}, []values{{4, 1}}},
		{"more than one match", ">3,nb>1", []values{{4, 5}, {1, 4, 5}}, []values{{}, {4, 1}}},
		{"no match", ">3,nb<1", []values{{}, {1, 2}}, []values{{4}}},
		{"exactly two matches", ">3,nb 2", []values{{4, 5, 1}}, []values{{4}, {4, 5, 6}}},
		{"a number of values", "count >2", []values{{1, 2, 3}}, []values{{}, {9, 9}}},
		{"a number of values, written together", "count=0", []values{{}}, []values{{1}}},
		{"a part from the front", ">3,any,1:3", []values{{1, 4, 1}, {9, 1, 4, 1}}, []values{{4, 1, 1}, {1, 4}, {}}},
		{"a part from the back", ">3,all,-2:-1", []values{{1, 4, 1}}, []values{{4, 1, 4}, {4}}},
		{"a part that is empty", ">3,all_or_absent,2:1", []values{{1, 1, 1}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := IntSyntax{Bits: 8}.ParseList(tt.value)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range tt.yes {
				if !l.Match(v) {
					t.Errorf("%q does not match %v", tt.value, v)
				}
			}
			for _, v := range tt.no {
				if l.Match(v) {
					t.Errorf("%q matches %v", tt.value, v)
				}
			}
		})
	}
}

func TestListsNeedAllValuesUnlessTheAnswerIsCertain(t *testing.T) {
	for value, want := range map[string]bool{"4": false, "4,any": false, "4,2": false, "4,-1": true, "4,all": true, "4,nb>1": true, "count>1": true, "4,any,0:2": true, "4,oob_or 1": true} {
		l, err := IntSyntax{Bits: 8}.ParseList(value)
		if err != nil {
			t.Fatal(err)
		}
		if l.NeedsAll() != want {
			t.Errorf("%q: NeedsAll is %v", value, l.NeedsAll())
		}
	}
}

func TestListsOfNames(t *testing.T) {
	l, err := opcodes.ParseList("!ping,all")
	if err != nil || l != (IntList{Value: Int{Mode: IntNotEqual, A: 9}, Kind: IndexAll}) {
		t.Errorf("got %+v, %v", l, err)
	}
}

func TestBadListsPointAtTheFault(t *testing.T) {
	tests := []struct {
		name, value, code string
		at                int
	}{
		{"a bad value", "x,all", CodeInteger, 0},
		{"an unknown index", "4, sll", CodeIndex, 3},
		{"an index too large", "4,1234567", CodeIndex, 2},
		{"a bad number of matches", "4,nb>x", CodeInteger, 5},
		{"a bad number of values", "count >=0", CodeAlwaysMatches, 6},
		{"a bad part", "4,any,3", CodeIndex, 6},
		{"a bad end of a part", "4,any,3:x", CodeIndex, 8},
		{"a fourth argument", "4,any,1:2,3", CodeIndex, 10},
		{"oob_or without a number", "4,oob_or", CodeIndex, 8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := IntSyntax{Bits: 8}.ParseList(tt.value)
			v, ok := err.(*ValueError)
			if !ok {
				t.Fatalf("%q: error %v", tt.value, err)
			}
			if v.Code != tt.code || v.At != tt.at {
				t.Errorf("%q: %s at %d (%v), want %s at %d", tt.value, v.Code, v.At, v, tt.code, tt.at)
			}
		})
	}
}
