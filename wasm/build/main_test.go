package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/andybalholm/brotli"
)

// Two builds of the same sources are the same module, whatever the environment
// says: a package can be checked by building it again.
func TestReproducible(t *testing.T) {
	if testing.Short() {
		t.Skip("not in short mode: links the module twice")
	}
	dir := t.TempDir()
	var built [][]byte
	for _, flags := range []string{"", "-ldflags=-w -gcflags=-N"} {
		t.Setenv("GOFLAGS", flags)
		file := filepath.Join(dir, "out", "provider.wasm")
		if err := run(file, "", true); err != nil {
			t.Fatal(err)
		}
		module, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		built = append(built, module)
		text, err := os.ReadFile(filepath.Join(dir, "out", "build-info.json"))
		if err != nil {
			t.Fatal(err)
		}
		var info Info
		if err := json.Unmarshal(text, &info); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(module)
		if info.SHA256 != hex.EncodeToString(sum[:]) || info.Raw != len(module) || info.Mode != "strip" || info.Brotli > budget {
			t.Errorf("build info %+v", info)
		}
	}
	if !bytes.Equal(built[0], built[1]) {
		t.Errorf("%d and %d bytes differ", len(built[0]), len(built[1]))
	}
	left, err := filepath.Glob(filepath.Join(dir, "out", ".build-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestMeasure(t *testing.T) {
	module := bytes.Repeat([]byte("some bytes "), 10_000)
	info, err := measure(module)
	if err != nil {
		t.Fatal(err)
	}
	var zipped, brotlied bytes.Buffer
	gz, err := gzip.NewWriterLevel(&zipped, 9)
	if err != nil {
		t.Fatal(err)
	}
	br := brotli.NewWriterLevel(&brotlied, 11)
	for _, w := range []io.WriteCloser{gz, br} {
		if _, err := w.Write(module); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if info.Raw != len(module) || info.Gzip != zipped.Len() || info.Brotli > brotlied.Len()+16 || info.Brotli == 0 {
		t.Errorf("%+v, gzip %d, brotli %d", info, zipped.Len(), brotlied.Len())
	}
}

// A Go version that does not know the experiment builds without it.
func TestExperiments(t *testing.T) {
	env := append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOEXPERIMENT=")
	if accepted(env, "nosuchexperiment") {
		t.Error("accepted what does not exist")
	}
	t.Logf("%s accepted: %v", experiment, accepted(env, experiment))
}
