//go:build !js && !wasip1

package vectors

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/wasm/abi"
)

// TestModule runs the cases on the module that ships, under wazero.
func TestModule(t *testing.T) {
	Run(t, load(t, find(t)))
}

// find returns the module's file: $WEFT_MODULE, or what was built for the npm
// package, or one that is built now.
func find(t *testing.T) string {
	if file := os.Getenv("WEFT_MODULE"); file != "" {
		return file
	}
	const shipped = "../../jsbridge/dist/provider.wasm"
	if _, err := os.Stat(shipped); err == nil {
		return shipped
	}
	file := filepath.Join(t.TempDir(), "provider.wasm")
	build := exec.Command("go", "run", "./wasm/build", "-o", file)
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return file
}

// module is an instance of the module, used as wasm/abi says.
type module struct {
	ctx                    context.Context
	memory                 api.Memory
	inbuf, outbuf, compute api.Function
}

func load(t *testing.T, file string) *module {
	code, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	r := wazero.NewRuntime(ctx)
	t.Cleanup(func() { r.Close(context.WithoutCancel(ctx)) })
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	cfg := wazero.NewModuleConfig().WithStartFunctions("_initialize").WithStderr(os.Stderr).WithSysNanotime().WithSysWalltime()
	m, err := r.InstantiateWithConfig(ctx, code, cfg)
	if err != nil {
		t.Fatal(err)
	}
	f := m.ExportedFunction
	if v, err := f("abi").Call(ctx); err != nil || v[0] != abi.Version {
		t.Fatalf("the module speaks ABI %v, want %d (%v)", v, abi.Version, err)
	}
	return &module{ctx, m.Memory(), f("inbuf"), f("outbuf"), f("compute")}
}

// call computes op of some arguments.
func (m *module) call(op abi.Op, args ...[]byte) ([]byte, error) {
	var in []byte
	for _, a := range args {
		in = lib0.AppendBytes(in, a)
	}
	at, err := m.inbuf.Call(m.ctx, uint64(len(in)))
	if err != nil {
		return nil, err
	}
	if !m.memory.Write(uint32(at[0]), in) {
		return nil, errors.New("the in-buffer is outside of the memory")
	}
	r, err := m.compute.Call(m.ctx, uint64(op), uint64(len(in)))
	if err != nil {
		return nil, err
	}
	at, err = m.outbuf.Call(m.ctx)
	if err != nil {
		return nil, err
	}
	n := int32(r[0])
	out, ok := m.memory.Read(uint32(at[0]), uint32(max(n, -n)))
	switch {
	case !ok:
		return nil, errors.New("the out-buffer is outside of the memory")
	case n < 0:
		return nil, errors.New(string(out))
	}
	return append([]byte(nil), out...), nil
}

func (m *module) Merge(updates [][]byte) ([]byte, error) { return m.call(abi.OpMerge, updates...) }
func (m *module) Diff(u, sv []byte) ([]byte, error)      { return m.call(abi.OpDiff, u, sv) }
func (m *module) StateVector(u []byte) ([]byte, error)   { return m.call(abi.OpStateVector, u) }
func (m *module) Validate(u []byte) error                { _, err := m.call(abi.OpValidate, u); return err }
