//go:build !wasip1 && !js

package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/weft-sync/weft/wasm/abi"
)

// The modules under test, built as they ship: the one that pages load, and its
// twin before shrinking. Everything here runs against both.
var modules = map[string][]byte{"shipped": nil, "plain": nil}

var runtime wazero.Runtime

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "weft-wasm")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		shipped, plain := filepath.Join(dir, "provider.wasm"), filepath.Join(dir, "debug.wasm")
		out, err := exec.Command("go", "run", "./build", "-o", shipped, "-debug", plain).CombinedOutput()
		if err != nil {
			panic(fmt.Sprintf("wasm/build: %v\n%s", err, out))
		}
		fmt.Printf("%s", out)
		ctx := context.Background()
		runtime = wazero.NewRuntime(ctx)
		defer runtime.Close(ctx)
		wasi_snapshot_preview1.MustInstantiate(ctx, runtime)
		for name, file := range map[string]string{"shipped": shipped, "plain": plain} {
			if modules[name], err = os.ReadFile(file); err != nil {
				panic(err)
			}
		}
		return m.Run()
	}())
}

// lookAtSources opens what the module is built from, so that the go command does not
// take the result of an earlier run from its cache when some of it has changed: the
// build is another process, and its files are not this one's. (What TestMain opens
// before the tests run is not noted.)
var lookAtSources = sync.OnceFunc(func() {
	for _, root := range []string{"../core", "."} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == ".go" {
				_, err = os.ReadFile(path)
			}
			return err
		})
		if err != nil {
			panic(err)
		}
	}
})

// compiled holds what wazero made of the modules: that takes half a second.
var compiled = map[string]wazero.CompiledModule{}

// A module is one instance, driven as a host drives it.
type module struct {
	t      testing.TB
	mod    api.Module
	fn     map[string]api.Function
	stderr bytes.Buffer
	stack  [8]uint64
}

// each runs a test on an instance of each module.
func each(t *testing.T, test func(t *testing.T, m *module)) {
	for _, name := range []string{"shipped", "plain"} {
		t.Run(name, func(t *testing.T) { test(t, instantiate(t, name)) })
	}
}

func instantiate(t testing.TB, name string) *module {
	t.Helper()
	lookAtSources()
	ctx := context.Background()
	if compiled[name] == nil {
		c, err := runtime.CompileModule(ctx, modules[name])
		if err != nil {
			t.Fatal(err)
		}
		compiled[name] = c
	}
	m := &module{t: t, fn: map[string]api.Function{}}
	var err error
	m.mod, err = runtime.InstantiateModule(ctx, compiled[name], wazero.NewModuleConfig().WithName("").
		WithStartFunctions("_initialize").WithSysNanotime().WithSysWalltime().WithStderr(&m.stderr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.mod.Close(ctx) })
	for _, export := range abi.Exports {
		if m.fn[export] = m.mod.ExportedFunction(export); m.fn[export] == nil {
			t.Fatalf("no export %s", export)
		}
	}
	if got := m.call("abi"); got != abi.Version {
		t.Fatalf("protocol %d, want %d", got, abi.Version)
	}
	return m
}

// call calls an export. A trap fails the test.
func (m *module) call(export string, args ...uint64) uint64 {
	copy(m.stack[:], args)
	if err := m.fn[export].CallWithStack(context.Background(), m.stack[:max(len(args), 1)]); err != nil {
		m.t.Helper()
		m.t.Fatalf("%s%v: %v\n%s", export, args, err, m.stderr.String())
	}
	return m.stack[0]
}

// input puts a call's bytes into the in-buffer.
func (m *module) input(b []byte) {
	at := uint32(m.call("inbuf", uint64(len(b))))
	if at == 0 || !m.mod.Memory().Write(at, b) {
		m.t.Helper()
		m.t.Fatalf("no room for %d bytes at %#x", len(b), at)
	}
}

// result reads the out-buffer after a call that returned n; it is good until the
// next call.
func (m *module) result(n int32) (result []byte, errorText string) {
	size := max(n, -n)
	b, ok := m.mod.Memory().Read(uint32(m.call("outbuf")), uint32(size))
	if !ok {
		m.t.Helper()
		m.t.Fatalf("a result of %d bytes lies outside of memory", n)
	}
	if n < 0 {
		return nil, string(b)
	}
	return b, ""
}

func (m *module) open(flags uint32) uint32 { return uint32(m.openWith(flags, nil)) }

func (m *module) openWith(flags uint32, payload []byte) int32 {
	m.input(payload)
	return int32(m.call("open", api.EncodeF64(1), 0, 0, 0, uint64(flags), uint64(len(payload))))
}

// try steps and returns the outputs, which are good until the next call, or the
// error text.
func (m *module) try(doc uint32, e abi.Event, arg uint32, now int64, payload []byte) (outputs []abi.Output, errorText string) {
	m.input(payload)
	n := int32(m.call("step", uint64(doc), uint64(e), uint64(arg), api.EncodeF64(float64(now)), uint64(len(payload))))
	b, errorText := m.result(n)
	for len(b) > 0 {
		o, rest, err := abi.CutOutput(b)
		if err != nil {
			m.t.Helper()
			m.t.Fatal(err)
		}
		outputs, b = append(outputs, o), rest
	}
	return outputs, errorText
}

// step is try where no error is expected.
func (m *module) step(doc uint32, e abi.Event, arg uint32, now int64, payload []byte) []abi.Output {
	outputs, errorText := m.try(doc, e, arg, now, payload)
	if errorText != "" {
		m.t.Helper()
		m.t.Fatalf("event %d: %s", e, errorText)
	}
	return outputs
}

// deadline is when the provider wants to be told the time, math.MaxInt64 if never.
func (m *module) deadline(doc uint32) int64 {
	at := api.DecodeF64(m.call("deadline", uint64(doc)))
	if math.IsInf(at, 1) {
		return math.MaxInt64
	}
	return int64(at)
}

func (m *module) memory() uint32 { return m.mod.Memory().Size() }

// kinds are the kinds of outputs, for comparing.
func kinds(outputs []abi.Output) []abi.OutputKind {
	var k []abi.OutputKind
	for _, o := range outputs {
		k = append(k, o.Kind)
	}
	return k
}
