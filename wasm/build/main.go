// Command build makes the WebAssembly module that ships: it is the one place
// that knows the flags, the shrinking and the budget.
//
//	go run ./wasm/build -o jsbridge/dist/provider.wasm [-debug provider.debug.wasm] [-json]
//
// It prints the sizes, raw and compressed as web servers compress, and fails
// when the module is over its budget. (With a Go version that the shrinker does
// not know, the module is larger, works, and is not for shipping.) Beside the module it writes build-info.json
// with the module's SHA-256, so that a test can tell a stale file.
//
// The twin that -debug writes is the same code before shrinking, with names: it
// prints readable tracebacks.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/andybalholm/brotli"

	"github.com/weft-sync/weft/wasm/slim"
)

// budget is what a page may download for the module, in bytes of brotli at
// quality 11. It is a promise in the README.
const budget = 400_000

// pkg is the module's package, from the root of this Go module.
const pkg = "github.com/weft-sync/weft/wasm"

// experiment switches Go 1.26's new garbage collector off in the module: the
// older one is 7.5 KB smaller and as fast there. A Go version that no longer
// knows the switch builds without.
const experiment = "nogreenteagc"

// Info is what build-info.json holds.
type Info struct {
	Go     string `json:"go"`     // toolchain
	Mode   string `json:"mode"`   // repack or strip
	SHA256 string `json:"sha256"` // of the module
	Raw    int    `json:"raw"`    // bytes
	Gzip   int    `json:"gzip"`   // bytes, level 9
	Brotli int    `json:"brotli"` // bytes, quality 11
	Budget int    `json:"budget"` // bytes of brotli
}

func main() {
	output := flag.String("o", "", "`file` to write the module to (required)")
	debug := flag.String("debug", "", "`file` to write the twin with names to")
	asJSON := flag.Bool("json", false, "print JSON instead of a line of text")
	flag.Parse()
	if *output == "" || flag.NArg() != 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*output, *debug, *asJSON); err != nil {
		fmt.Fprintln(os.Stderr, "wasm/build:", err)
		os.Exit(1)
	}
}

func run(output, debug string, asJSON bool) error {
	linked, err := link("-s -w")
	if err != nil {
		return err
	}
	module, report, err := slim.Shrink(linked, slim.Strip)
	if err != nil {
		return err
	}
	if report.Refused != nil {
		fmt.Fprintf(os.Stderr, "wasm/build: %v\nwasm/build: only repacked, so the module is larger\n", report.Refused)
	}
	if debug != "" {
		twin, err := link("")
		if err != nil {
			return err
		}
		if err := write(debug, twin); err != nil {
			return err
		}
	}
	info, err := measure(module)
	if err != nil {
		return err
	}
	info.Go, info.Mode = report.GoVersion, report.Mode.String()
	if err := write(output, module); err != nil {
		return err
	}
	text, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if err := write(filepath.Join(filepath.Dir(output), "build-info.json"), text); err != nil {
		return err
	}
	if asJSON {
		os.Stdout.Write(text)
	} else {
		fmt.Printf("%s: %d bytes, gzip %d, brotli %d (budget %d), %s, %s\n",
			output, info.Raw, info.Gzip, info.Brotli, budget, info.Mode, info.Go)
	}
	switch {
	case info.Brotli <= budget:
	case report.Refused != nil:
		// Good enough to work with; the package's tests refuse to ship it.
		fmt.Fprintf(os.Stderr, "wasm/build: over the budget for that reason: to ship, build with %s\n", slim.Versions[len(slim.Versions)-1])
	default:
		return fmt.Errorf("%d bytes of brotli are over the budget of %d: see what `GOOS=wasip1 GOARCH=wasm go list -deps ./wasm` pulls in", info.Brotli, budget)
	}
	return nil
}

// link builds the module and returns its bytes.
func link(ldflags string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "weft-wasm")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "module.wasm")
	// GOFLAGS and an inherited experiment would make builds differ.
	env := append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=", "GOEXPERIMENT=")
	if accepted(env, experiment) {
		env = append(env, "GOEXPERIMENT="+experiment)
	}
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-buildmode=c-shared", "-ldflags="+ldflags, "-o", file, pkg)
	cmd.Env = env
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, bytes.TrimSpace(out))
	}
	return os.ReadFile(file)
}

// accepted reports whether the go command knows an experiment.
func accepted(env []string, experiment string) bool {
	cmd := exec.Command("go", "env", "GOEXPERIMENT")
	cmd.Env = append(append([]string(nil), env...), "GOEXPERIMENT="+experiment)
	out, err := cmd.Output()
	return err == nil && strings.Contains(string(out), experiment)
}

func measure(module []byte) (Info, error) {
	sum := sha256.Sum256(module)
	info := Info{SHA256: hex.EncodeToString(sum[:]), Raw: len(module), Budget: budget}
	var zipped, brotlied bytes.Buffer
	gz, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return Info{}, err
	}
	_, err = gz.Write(module)
	br := brotli.NewWriterOptions(&brotlied, brotli.WriterOptions{Quality: brotli.BestCompression, LGWin: 24})
	_, errBr := br.Write(module)
	if err := errors.Join(err, gz.Close(), errBr, br.Close()); err != nil {
		return Info{}, err
	}
	info.Gzip, info.Brotli = zipped.Len(), brotlied.Len()
	return info, nil
}

// write replaces a file in one step, so that nobody reads half a module.
func write(file string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".build-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // gone already if all went well
	_, err = tmp.Write(b)
	if err := errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), file)
}
