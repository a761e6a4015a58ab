package tree

import (
	"errors"
	"strings"
	"testing"
)

// The expectations are what hat.json's Storage does.
func TestSet(t *testing.T) {
	for _, tc := range []struct {
		doc   string
		path  Path
		value string
		want  string
	}{
		{`1`, nil, `{"a":1}`, `{"a":1}`},
		{`null`, Path{"a"}, `1`, `{"a":1}`},
		{`null`, Path{"a", 0, "b"}, `1`, `{"a":[{"b":1}]}`},
		{`null`, Path{"a", Path{0, []any{"b"}}, Path{}}, `1`, `{"a":[{"b":1}]}`},
		{`{"a":1,"c":2}`, Path{"b"}, `3`, `{"a":1,"b":3,"c":2}`},
		{`{"a":{"b":1,"c":[1]}}`, Path{"a", "c", 0}, `2`, `{"a":{"b":1,"c":[2]}}`},
		// Wrong-typed parents are replaced.
		{`{"a":[1]}`, Path{"a", "b"}, `2`, `{"a":{"b":2}}`},
		{`{"a":{"b":1}}`, Path{"a", 0}, `2`, `{"a":[2]}`},
		{`"text"`, Path{1}, `2`, `[null,2]`},
		// Past the ends.
		{`[1]`, Path{3}, `2`, `[1,null,null,2]`},
		{`[1]`, Path{1}, `2`, `[1,2]`},
		{`[1,2]`, Path{-1}, `3`, `[1,3]`},
		{`[1,2]`, Path{-2}, `3`, `[3,2]`},
		{`[1,2]`, Path{-3}, `3`, `[3,1,2]`},
		{`[1]`, Path{-4}, `3`, `[3,null,null,1]`},
		{`null`, Path{-2, "a"}, `3`, `[{"a":3},null]`},
		{`[[1]]`, Path{-2, 0}, `3`, `[[3],[1]]`},
	} {
		n := parse(t, tc.doc)
		got, err := n.Set(tc.path, parse(t, tc.value))
		if err != nil || string(got.JSON()) != tc.want {
			t.Errorf("%s set %v to %s: %s, %v; want %s", tc.doc, tc.path, tc.value, show(got), err, tc.want)
		}
		if string(n.JSON()) != tc.doc {
			t.Errorf("%s became %s", tc.doc, n.JSON())
		}
	}
}

func TestGet(t *testing.T) {
	n := parse(t, `{"a":[1,{"b":null}],"":2}`)
	for _, tc := range []struct {
		path Path
		want string // "" if there is no such part
	}{
		{nil, `{"":2,"a":[1,{"b":null}]}`},
		{Path{""}, `2`},
		{Path{"a", 0}, `1`},
		{Path{"a", Path{1, "b"}}, `null`},
		{Path{"a", -1, "b"}, `null`},
		{Path{"a", -2}, `1`},
		{Path{"a", -3}, ``},
		{Path{"a", 2}, ``},
		{Path{"a", "0"}, ``},
		{Path{0}, ``},
		{Path{"", "x"}, ``},
	} {
		got, ok, err := n.Get(tc.path)
		if err != nil || ok != (tc.want != "") || ok && string(got.JSON()) != tc.want {
			t.Errorf("at %v: %s, %v, %v; want %s", tc.path, show(got), ok, err, tc.want)
		}
	}
}

func TestRemove(t *testing.T) {
	for _, tc := range []struct {
		doc  string
		path Path
		want string
	}{
		{`{"a":1}`, nil, `null`},
		{`{"a":1}`, Path{"a"}, `{}`},
		{`{"a":[1,{"b":2,"c":3}]}`, Path{"a", 1, "b"}, `{"a":[1,{"c":3}]}`},
		{`[1,2,3]`, Path{-1}, `[1,2]`},
		{`[1,2,3]`, Path{0}, `[2,3]`},
		{`[1]`, Path{1}, `[1]`},
		{`[1]`, Path{-2}, `[1]`},
		{`{"a":1}`, Path{"b"}, `{"a":1}`},
		{`{"a":1}`, Path{"a", "b", 3}, `{"a":1}`},
		{`{"a":1}`, Path{0}, `{"a":1}`},
	} {
		n := parse(t, tc.doc)
		got, err := n.Remove(tc.path)
		if err != nil || string(got.JSON()) != tc.want {
			t.Errorf("%s without %v: %s, %v; want %s", tc.doc, tc.path, show(got), err, tc.want)
		}
		if tc.doc == tc.want && got != n {
			t.Errorf("%s without %v: a new tree for no change", tc.doc, tc.path)
		}
	}
}

func TestPathsThatAreNone(t *testing.T) {
	for _, p := range []Path{{true}, {1.0}, {nil}, {"a", Path{false}}, {[]string{"a"}}, {1 << 30}, {-1 << 30}} {
		if got, err := Null.Set(p, trueNode); !errors.Is(err, ErrPath) {
			t.Errorf("Set %v: %s, %v", p, show(got), err)
		}
		if _, big := p[0].(int); big {
			continue
		}
		if _, _, err := Null.Get(p); !errors.Is(err, ErrPath) {
			t.Errorf("Get %v: %v", p, err)
		}
		if _, err := Null.Remove(p); !errors.Is(err, ErrPath) {
			t.Errorf("Remove %v: %v", p, err)
		}
	}
}

func TestDepth(t *testing.T) {
	deep := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
	n := parse(t, deep)
	if _, err := Parse([]byte("[" + deep + "]")); !errors.Is(err, ErrTooDeep) {
		t.Errorf("parsed one deeper: %v", err)
	}
	if _, err := Null.Set(Path{"a"}, n); !errors.Is(err, ErrTooDeep) {
		t.Errorf("set one deeper: %v", err)
	}
	long := make(Path, MaxDepth+1)
	for i := range long {
		long[i] = 0
	}
	if _, err := Null.Set(long, Null); !errors.Is(err, ErrTooDeep) {
		t.Errorf("a path one deeper: %v", err)
	}
	if _, err := Parse([]byte(strings.Repeat("[", 1_000_000))); err == nil {
		t.Error("a million brackets are a document")
	}
}

func TestJSON(t *testing.T) {
	for _, tc := range []struct{ text, want string }{ // want "" is a refusal
		{`{"b":1,"a":[true,false,null]}`, `{"a":[true,false,null],"b":1}`},
		{`{"a":1,"a":2}`, `{"a":2}`}, // the last one counts
		{"[1.0, 1e400 ,-0,0.1E+2]", `[1.0,1e400,-0,0.1E+2]`},
		{`"\u017e\ud83e\uddf5\n\"\\/\u0001"`, "\"ž🧵\\n\\\"\\\\/\\u0001\""},
		{`"<&>"`, `"<&>"`},
		{`"\ud800"`, "\"\ufffd\""},
		{`""`, `""`},
		{` {} `, `{}`},
		{``, ``}, {`{`, ``}, {`1 2`, ``}, {`NaN`, ``}, {`[01]`, ``}, {`{1:2}`, ``}, {`'a'`, ``}, {`[1,]`, ``}, {`nul`, ``},
	} {
		n, err := Parse([]byte(tc.text))
		if tc.want == "" {
			if err == nil {
				t.Errorf("%s is read as %s", tc.text, n.JSON())
			}
		} else if err != nil || string(n.JSON()) != tc.want {
			t.Errorf("%s is written as %s, %v; want %s", tc.text, show(n), err, tc.want)
		}
	}
}
