//go:build !wasm

package sim

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// TestSameTraceInWebAssembly compiles the trace program to wasip1, runs it under
// wazero, and compares each seed's trace with the native one: the machines decide
// the same in a page as on a server.
func TestSameTraceInWebAssembly(t *testing.T) {
	module := filepath.Join(t.TempDir(), "trace.wasm")
	build := exec.Command("go", "build", "-o", module, "./trace")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	code, err := os.ReadFile(module)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"trace"}
	var want bytes.Buffer
	for _, seed := range seeds(t, 10) {
		args = append(args, strconv.FormatUint(seed, 10))
		r := Run(seed, nil)
		fmt.Fprintf(&want, "%d %016x %d %d\n", r.Seed, r.Sum, r.Lines, len(r.Problems))
	}

	ctx := t.Context()
	r := wazero.NewRuntime(ctx)
	defer r.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	var got, problems bytes.Buffer
	cfg := wazero.NewModuleConfig().WithArgs(args...).WithStdout(&got).WithStderr(&problems)
	if _, err := r.InstantiateWithConfig(ctx, code, cfg); err != nil {
		t.Fatalf("%v\n%s", err, &problems)
	}
	if got.String() != want.String() {
		t.Errorf("seed, trace, events, problems in WebAssembly:\n%snatively:\n%s", &got, &want)
	}
}
