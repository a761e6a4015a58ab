//go:build !wasip1 && !js

package slim_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/weft-sync/weft/wasm/slim"
)

// program builds testdata/program once, as modules that ship are built.
var program = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "slim")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "program.wasm")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", file, "./testdata/program")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, &exec.Error{Name: "go build: " + string(out), Err: err}
	}
	return os.ReadFile(file)
})

func run(t *testing.T, cache wazero.CompilationCache, module []byte) string {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(cache))
	defer r.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	var stdout, stderr bytes.Buffer
	cfg := wazero.NewModuleConfig().WithStdout(&stdout).WithStderr(&stderr).WithSysNanotime().WithSysWalltime().WithSysNanosleep()
	if _, err := r.InstantiateWithConfig(ctx, module, cfg); err != nil {
		t.Fatalf("%v\n%s%s", err, stdout.String(), stderr.String())
	}
	return stdout.String()
}

func TestProgramRunsTheSame(t *testing.T) {
	module, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cache := wazero.NewCompilationCache()
	defer cache.Close(context.Background())
	want := run(t, cache, module)
	if !strings.Contains(want, "callers true goroutines") {
		t.Fatalf("the program did not come to its end:\n%s", want)
	}
	for _, mode := range []slim.Mode{slim.Repack, slim.Strip} {
		t.Run(mode.String(), func(t *testing.T) {
			out, report, err := slim.Shrink(module, mode)
			if err != nil {
				t.Fatal(err)
			}
			if report.Mode != mode {
				t.Fatalf("applied %v: %v", report.Mode, report.Refused)
			}
			t.Logf("%+v, %d -> %d bytes", report, len(module), len(out))
			if got := run(t, cache, out); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			again, _, err := slim.Shrink(out, slim.Repack)
			if err != nil || !bytes.Equal(again, out) {
				t.Errorf("repacking again changes the module (%v)", err)
			}
		})
	}
}
