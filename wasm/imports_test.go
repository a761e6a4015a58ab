//go:build !wasip1 && !js

package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// forbidden packages cost each page tens of thousands of bytes, or bring a clock or
// a goroutine into a module that must have neither. Bytes of brotli, measured by
// adding each to a small module.
var forbidden = map[string]string{
	"fmt":           "138 KB",
	"time":          "42 KB, even for Duration alone, and a clock",
	"context":       "73 KB",
	"os":            "69 KB",
	"io/fs":         "comes with os",
	"syscall":       "comes with os and time",
	"encoding/json": "257 KB",
	"math/rand":     "43 KB; the host seeds a generator of our own",
	"crypto/rand":   "111 KB",
	"crypto/sha256": "107 KB",
	"log":           "147 KB",
	"log/slog":      "282 KB",
	"regexp":        "106 KB",
	"runtime/debug": "71 KB",
	"unique":        "23 KB",
	"compress/gzip": "92 KB",
	"text/template": "reflection over everything",
	"net":           "there is no network in there",
}

// TestImports prints what the module is linked from and fails on what would cost a
// page too much.
func TestImports(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", ".")
	cmd.Env = append(cmd.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	deps := strings.Fields(string(out))
	slices.Sort(deps)
	t.Logf("the module is linked from %d packages:\n%s", len(deps), strings.Join(deps, "\n"))
	for _, d := range deps {
		if cost, bad := forbidden[d]; bad {
			t.Errorf("%s is linked into the module: %s", d, cost)
		}
	}
	for _, tree := range []string{"core/room", "core/crdt", "native", "server"} {
		prefix := "github.com/weft-sync/weft/" + tree
		if i := slices.IndexFunc(deps, func(d string) bool { return d == prefix || strings.HasPrefix(d, prefix+"/") }); i >= 0 {
			t.Errorf("%s is linked into the module: a page loads the provider and nothing else", deps[i])
		}
	}
}

// The runtime's own imports are all that a host has to offer.
func TestModuleImportsOnlyWASI(t *testing.T) {
	each(t, func(t *testing.T, m *module) {
		var names []string
		for _, f := range compiled[strings.TrimPrefix(t.Name(), "TestModuleImportsOnlyWASI/")].ImportedFunctions() {
			module, name, _ := f.Import()
			if module != "wasi_snapshot_preview1" {
				t.Errorf("imports %s.%s", module, name)
			}
			names = append(names, name)
		}
		slices.Sort(names)
		// jsbridge/src/module.ts and docs/wire/abi.md know these.
		want := []string{
			"args_get", "args_sizes_get", "clock_time_get", "environ_get", "environ_sizes_get",
			"fd_write", "poll_oneoff", "proc_exit", "random_get", "sched_yield",
		}
		if !slices.Equal(names, want) {
			t.Errorf("imports %v, want %v", names, want)
		}
	})
}
