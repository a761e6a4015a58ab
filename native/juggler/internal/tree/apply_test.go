package tree

import (
	"errors"
	"strings"
	"testing"
)

func TestApply(t *testing.T) {
	for _, tc := range []struct{ doc, patch, want string }{ // want "" is a refusal
		{`1`, `[]`, `1`},
		{`{"a":1}`, `[{"op":"add","path":"/b","value":[null]}]`, `{"a":1,"b":[null]}`},
		{`{"a":1}`, `[{"op":"add","path":"/a","value":2}]`, `{"a":2}`},
		{`[1,2]`, `[{"op":"add","path":"/1","value":9}]`, `[1,9,2]`},
		{`[1,2]`, `[{"op":"add","path":"/2","value":9}]`, `[1,2,9]`},
		{`[1,2]`, `[{"op":"add","path":"/-","value":9}]`, `[1,2,9]`},
		{`[1,2]`, `[{"op":"add","path":"/3","value":9}]`, ``},
		{`[1,2]`, `[{"op":"add","path":"/01","value":9}]`, ``},
		{`[1,2]`, `[{"op":"add","path":"/+1","value":9}]`, ``},
		{`[1,2]`, `[{"op":"add","path":"/-1","value":9}]`, ``},
		{`[1,2]`, `[{"op":"add","path":"/","value":9}]`, ``},
		{`[1,2]`, `[{"op":"replace","path":"/-","value":9}]`, ``},
		{`[1,2]`, `[{"op":"remove","path":"/99999999999999999999"}]`, ``},
		{`{"":{"":1}}`, `[{"op":"replace","path":"//","value":2}]`, `{"":{"":2}}`},
		{`{"a/b":{"m~n":1}}`, `[{"op":"remove","path":"/a~1b/m~0n"}]`, `{"a/b":{}}`},
		{`{"~1":1}`, `[{"op":"remove","path":"/~01"}]`, `{}`},
		{`{"a":{"b":1}}`, `[{"op":"move","from":"/a/b","path":"/c"}]`, `{"a":{},"c":1}`},
		{`{"a":{"b":1}}`, `[{"op":"move","from":"/a","path":"/a/b"}]`, ``},
		{`{"a":{"b":1}}`, `[{"op":"move","from":"/a","path":"/a"}]`, `{"a":{"b":1}}`},
		{`{"a":1,"ab":2}`, `[{"op":"move","from":"/a","path":"/ab"}]`, `{"ab":1}`},
		{`[1,2,3]`, `[{"op":"move","from":"/0","path":"/2"}]`, `[2,3,1]`},
		{`{"a":{"b":1}}`, `[{"op":"copy","from":"/a","path":"/a/c"}]`, `{"a":{"b":1,"c":{"b":1}}}`},
		{`{"a":1}`, `[{"op":"test","path":"/a","value":1.0}]`, `{"a":1}`},
		{`{"a":100}`, `[{"op":"test","path":"/a","value":1e2}]`, `{"a":100}`},
		{`{"a":0.10}`, `[{"op":"test","path":"/a","value":10E-2}]`, `{"a":0.10}`},
		{`{"a":0}`, `[{"op":"test","path":"/a","value":-0.0e9}]`, `{"a":0}`},
		{`{"a":1}`, `[{"op":"test","path":"/a","value":true}]`, ``},
		{`{"a":12345678901234567890}`, `[{"op":"test","path":"/a","value":12345678901234567891}]`, ``},
		{`{"a":[{"b":1}]}`, `[{"op":"test","path":"","value":{"a":[{"b":1.0}]}}]`, `{"a":[{"b":1}]}`},

		// The root, as hat-json's and the JavaScript client's patches treat it.
		{`1`, `[{"op":"add","path":"","value":[]}]`, `[]`},
		{`{"a":1}`, `[{"op":"remove","path":""}]`, `null`},
		{`{"a":1}`, `[{"op":"move","from":"/a","path":""}]`, `1`},
		{`{"a":[2]}`, `[{"op":"copy","from":"/a","path":""}]`, `[2]`},

		// All or nothing.
		{`{"a":1}`, `[{"op":"replace","path":"/a","value":2},{"op":"remove","path":"/b"}]`, ``},
		{`null`, `[{"op":"add","path":"/a","value":1}]`, ``},
		{`{"a":1}`, `[{"op":"add","path":"/a/b","value":1}]`, ``},
		{`{"a":1}`, `[{"op":"remove","path":"/x/y"}]`, ``},
		{`[1]`, `[{"op":"remove","path":"/x"}]`, ``},

		// What is no patch.
		{`1`, `{}`, ``},
		{`1`, `[1]`, ``},
		{`1`, `[{"path":""}]`, ``},
		{`1`, `[{"op":"Add","path":"","value":1}]`, ``},
		{`1`, `[{"op":"constructor","path":"","value":1}]`, ``},
		{`1`, `[{"op":"add","path":"a","value":1}]`, ``},
		{`1`, `[{"op":"add","path":1,"value":1}]`, ``},
		{`1`, `[{"op":"add","path":""}]`, ``},
		{`{"a":1}`, `[{"op":"move","path":"/b"}]`, ``},
		{`{"a":1}`, `[{"op":"copy","from":null,"path":"/b"}]`, ``},
	} {
		p, err := ParsePatch(parse(t, tc.patch))
		var n *Node
		if err == nil {
			n, err = p.Apply(parse(t, tc.doc), noLimit)
		}
		if _, ok := errors.AsType[*PatchError](err); err != nil && !ok {
			t.Errorf("%s on %s: %v is no PatchError", tc.patch, tc.doc, err)
		}
		if tc.want == "" {
			if err == nil {
				t.Errorf("%s on %s makes %s, want an error", tc.patch, tc.doc, n.JSON())
			}
		} else if err != nil || string(n.JSON()) != tc.want {
			t.Errorf("%s on %s makes %s, %v; want %s", tc.patch, tc.doc, show(n), err, tc.want)
		}
	}
}

// TestAPatchOfCopiesCannotFillTheMemory doubles a document with each operation.
func TestAPatchOfCopiesCannotFillTheMemory(t *testing.T) {
	ops := strings.TrimSuffix(strings.Repeat(`{"op":"copy","from":"/a","path":"/a/-"},`, 200), ",")
	p, err := ParsePatch(parse(t, "["+ops+"]"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Apply(parse(t, `{"a":["0123456789"]}`), 1<<20)
	if pe, ok := errors.AsType[*PatchError](err); !ok || pe.Index > 20 {
		t.Errorf("%v, want a refusal after about sixteen operations", err)
	}
	deeper, err := ParsePatch(parse(t, `[{"op":"copy","from":"","path":"/0"}]`))
	if err != nil {
		t.Fatal(err)
	}
	n := parse(t, `[]`)
	for range MaxDepth {
		if n, err = deeper.Apply(n, noLimit); err != nil {
			break
		}
	}
	if err == nil {
		_, err = deeper.Apply(n, noLimit)
	}
	if err == nil {
		t.Error("a document became deeper than MaxDepth")
	}
}

func FuzzApply(f *testing.F) {
	f.Add(`{"a":[1,{"b":null}]}`, `[{"op":"move","from":"/a/1","path":"/c"},{"op":"add","path":"/a/-","value":2}]`)
	f.Add(`[1]`, `[{"op":"copy","from":"","path":"/0"},{"op":"test","path":"/0/0","value":1e0}]`)
	f.Add(`null`, `[{"op":"replace","path":"","value":{"~":{"/":0}}},{"op":"remove","path":"/~0/~1"}]`)
	f.Fuzz(func(t *testing.T, doc, patch string) {
		a, err := Parse([]byte(doc))
		if err != nil {
			return
		}
		if same := parse(t, string(a.JSON())); !Equal(a, same) {
			t.Fatalf("%q is written as %s", doc, a.JSON())
		}
		n, err := Parse([]byte(patch))
		if err != nil {
			return
		}
		p, err := ParsePatch(n)
		if err != nil {
			return
		}
		b, err := p.Apply(a, 1<<20)
		if err != nil {
			return
		}
		if got, err := Diff(a, b).Apply(a, noLimit); err != nil || !Equal(got, b) {
			t.Fatalf("%s -> %s: the difference makes %s, %v", a.JSON(), b.JSON(), show(got), err)
		}
	})
}
