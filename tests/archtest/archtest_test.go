// Package archtest holds the house rules that a compiler does not: who may
// import whom, checked for every target that weft is built for.
//
// The rules are data (rules.go); this file asks the go command what each
// package imports and prints the rule's reason where one is broken.
package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// targets are the platforms that weft ships for. A package that a target
// cannot build is not listed by the go command for it, so a rule is checked
// wherever it can be broken.
var targets = []struct{ goos, goarch string }{
	{"linux", "amd64"},
	{"js", "wasm"},
	{"wasip1", "wasm"},
}

// pkg is the part of `go list -json` that the rules look at.
type pkg struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Incomplete bool
	Error      *struct{ Err string }
}

func list(t *testing.T, goos, goarch string) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Standard,Imports,Incomplete,Error", module+"/...")
	cmd.Env = append(cmd.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var pkgs []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		// A package that this target leaves out entirely (build
		// constraints) has nothing to check; any other error is real.
		if p.Error != nil && !strings.Contains(p.Error.Err, "build constraints exclude all Go files") &&
			!strings.Contains(p.Error.Err, "no non-test Go files") {
			t.Errorf("%s on %s: %s", p.ImportPath, goos, p.Error.Err)
		}
		pkgs = append(pkgs, p)
	}
}

// TestImports checks every direct import of every package against the first
// rule whose folder the package lies in.
func TestImports(t *testing.T) {
	for _, tgt := range targets {
		t.Run(tgt.goos+"_"+tgt.goarch, func(t *testing.T) {
			checked := map[string]int{}
			for _, p := range list(t, tgt.goos, tgt.goarch) {
				rel := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
				r, ok := ruleFor(rel)
				if !ok {
					t.Errorf("%s lies in no room of the house: add a rule for it to tests/archtest/rules.go", p.ImportPath)
					continue
				}
				checked[r.folder]++
				for _, imp := range p.Imports {
					if reason := r.refuses(rel, imp); reason != "" {
						t.Errorf("%s imports %s: %s", rel, imp, reason)
					}
				}
			}
			for _, r := range rules {
				if checked[r.folder] == 0 && !r.mayBeAbsent(tgt.goos) {
					t.Errorf("no package below %s was listed for %s: the rule checks nothing", r.folder, tgt.goos)
				}
			}
		})
	}
}

// TestRules proves that the rules refuse what they are there to refuse: a
// check that cannot fail is worth nothing.
func TestRules(t *testing.T) {
	for _, c := range []struct {
		pkg, imp string
		refused  bool
	}{
		{"core/update", "fmt", true},
		{"core/update", "time", true},
		{"core/update", "encoding/binary", false},
		{"core/update", "math/rand/v2", true},
		{"core/update", module + "/core/lib0", false},
		{"core/lib0", module + "/core/update", true},
		{"core/provider", module + "/core/room", true},
		{"core/room", module + "/core/provider", true},
		{"core/codec", module + "/core/awareness", true},
		{"core/room", module + "/core/awareness", false},
		{"core/room", module + "/native/store", true},
		{"core/coretest", module + "/core/room", false},
		{"core/room", "github.com/coder/websocket", true},
		{"native/store", "github.com/dgraph-io/badger/v4", true},
		{"native/badgerstore", "github.com/dgraph-io/badger/v4", false},
		{"native/badgerstore", "github.com/coder/websocket", true},
		{"native/wsconn", "github.com/coder/websocket", false},
		{"native/client", "github.com/coder/websocket", true},
		{"native/client", module + "/native/wsconn", false},
		{"native/client", module + "/native/badgerstore", true},
		{"native/cmd/weft", module + "/native/badgerstore", false},
		{"native/htpasswd", "github.com/tg123/go-htpasswd", false},
		{"native/juggler", "github.com/tg123/go-htpasswd", true},
		{"native/juggler", "github.com/coder/websocket", true},
		{"native/juggler", module + "/native/wsconn", false},
		{"native/juggler/internal/tree", module + "/native/wsconn", true},
		{"native/juggler/internal/tree", "github.com/wI2L/jsondiff", true},
		{"server", "github.com/dgraph-io/badger/v4", true},
		{"server", "github.com/coder/websocket", true},
		{"server", module + "/native/badgerstore", true},
		{"server", module + "/native/store", false},
		{"wasm", "fmt", true},
		{"wasm", module + "/core/provider", false},
		{"wasm", module + "/core/room", true},
		{"native/store", module + "/tests/sim", true},
	} {
		r, ok := ruleFor(c.pkg)
		if !ok {
			t.Errorf("%s: no rule", c.pkg)
			continue
		}
		if got := r.refuses(c.pkg, c.imp); (got != "") != c.refused {
			t.Errorf("%s imports %s: refused %v (%s), want %v", c.pkg, c.imp, got != "", got, c.refused)
		}
	}
}
