// Package engine measures core/crdt beside npm yjs, ywasm and loro-crdt on the same
// operations, native and as WebAssembly in Node.
//
// Each engine is a child process that takes commands: tests/bench/engine and
// tests/bench/peers/engine.mjs.
package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/weft-sync/weft/tests/bench/internal/process"
	"github.com/weft-sync/weft/tests/bench/internal/report"
)

// Config says what to measure.
type Config struct {
	Root   string // the project's folder
	Traces string // folder of the recorded sessions; empty takes a made one
	Slow   bool
	Log    io.Writer
}

// The engines.
const (
	weft  = "weft"
	wasm  = "weft-wasm"
	yjs   = "yjs"
	ywasm = "ywasm"
	loro  = "loro"
)

const millisecond = float64(time.Millisecond)

// answer is what a child says of a command.
type answer struct {
	Nanos  float64 `json:"ns"`
	First  float64
	Bytes  float64
	Sizes  []float64
	SHA256 string
	Allocs float64
}

// bench is a run.
type bench struct {
	Config
	dir      string
	sessions int // rounds of the long session
	rounds   int // of the rest
	children map[string]*process.Child
	failed   map[string]error // of engines: why they are not measured any more
	metrics  map[string]*report.Metric
	order    []string
}

// Run measures everything. An error of one engine ends that engine only.
func Run(ctx context.Context, c Config) []report.Metric {
	b := &bench{Config: c, sessions: 2, rounds: 3, children: map[string]*process.Child{}, failed: map[string]error{}, metrics: map[string]*report.Metric{}}
	if c.Slow {
		b.sessions, b.rounds = 5, 9
	}
	var err error
	if b.dir, err = os.MkdirTemp("", "weft-bench-"); err != nil {
		return b.notRun(err)
	}
	defer os.RemoveAll(b.dir)
	defer func() {
		for _, child := range b.children {
			child.Stop()
		}
	}()
	if err := b.start(ctx); err != nil {
		return b.notRun(err)
	}
	for _, f := range []func(context.Context) error{b.session, b.patterns, b.long} {
		if err := f(ctx); err != nil {
			return b.notRun(err)
		}
	}
	return b.finish()
}

// notRun returns what was measured before an error, and the error.
func (b *bench) notRun(err error) []report.Metric {
	fmt.Fprintln(b.Log, "engine:", err)
	return append(b.finish(), report.Metric{ID: "engine.complete", What: "all of the group is measured", NotRun: err.Error()})
}

// start builds our two engines and starts all.
func (b *bench) start(ctx context.Context) error {
	native, module := filepath.Join(b.dir, "engine"), filepath.Join(b.dir, "engine.wasm")
	build := func(out string, env ...string) error {
		_, err := process.Run(ctx, process.Command{Path: "go", Args: []string{"build", "-trimpath", "-o", out, "./tests/bench/engine"}, Dir: b.Root, Env: env})
		return err
	}
	if err := build(native); err != nil {
		return err
	}
	if err := build(module, "GOOS=js", "GOARCH=wasm"); err != nil {
		return err
	}
	root, err := process.Run(ctx, process.Command{Path: "go", Args: []string{"env", "GOROOT"}, Dir: b.Root})
	if err != nil {
		return err
	}
	peer := filepath.Join(b.Root, "tests/bench/peers/engine.mjs")
	for name, c := range map[string]process.Command{
		weft:  {Path: native},
		wasm:  {Path: "node", Args: []string{filepath.Join(strings.TrimSpace(string(root)), "lib/wasm/wasm_exec_node.js"), module}},
		yjs:   {Path: "node", Args: []string{"--expose-gc", peer, "yjs"}},
		ywasm: {Path: "node", Args: []string{"--expose-gc", peer, "ywasm"}},
		loro:  {Path: "node", Args: []string{"--expose-gc", peer, "loro"}},
	} {
		c.Dir = b.Root
		child, err := process.Start(ctx, c)
		if err != nil {
			return err
		}
		b.children[name] = child
	}
	return nil
}

// ask has an engine do a command. ok is false if the engine is out of the race.
func (b *bench) ask(name string, command map[string]any) (a answer, ok bool) {
	if b.failed[name] != nil {
		return a, false
	}
	in, err := json.Marshal(command)
	if err == nil {
		var line string
		if line, err = b.children[name].Ask(string(in)); err == nil {
			err = json.Unmarshal([]byte(line), &a)
		}
	}
	if err != nil {
		b.failed[name] = fmt.Errorf("%s: %v: %w", name, command["do"], err)
		fmt.Fprintln(b.Log, "engine", b.failed[name])
	}
	return a, err == nil
}

// prepare writes the work to a file and has some engines read it.
func (b *bench) prepare(w work, names ...string) error {
	text, err := json.Marshal(w)
	if err != nil {
		return err
	}
	file := filepath.Join(b.dir, "work.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	for _, name := range names {
		b.ask(name, map[string]any{"do": "prepare", "file": file})
	}
	return nil
}

// metric returns the metric of an id, which is new when it is first asked for.
func (b *bench) metric(id, unit, what string, asked *report.Asked) *report.Metric {
	m := b.metrics[id]
	if m == nil {
		m = &report.Metric{ID: id, Unit: unit, What: what, Better: report.Lower, Asked: asked}
		b.metrics[id] = m
		b.order = append(b.order, id)
	}
	return m
}

// add adds a round of an engine to a metric of our engine ours.
func add(m *report.Metric, ours, name string, value float64) {
	if name == ours {
		m.Rounds = append(m.Rounds, value)
		return
	}
	for i := range m.Peers {
		if m.Peers[i].Name == name {
			m.Peers[i].Rounds = append(m.Peers[i].Rounds, value)
			return
		}
	}
	m.Peers = append(m.Peers, report.Peer{Name: name, Rounds: []float64{value}})
}

// finish returns the metrics, those of which an engine did not finish with the reason.
func (b *bench) finish() (list []report.Metric) {
	for _, id := range b.order {
		m := b.metrics[id]
		if len(m.Rounds) == 0 {
			m.NotRun = "it was not come to"
			for _, err := range b.failed {
				m.NotRun = err.Error()
			}
		}
		m.Finish()
		list = append(list, *m)
	}
	return list
}

func (b *bench) log(what string, round int, name string, value float64, unit string) {
	fmt.Fprintf(b.Log, "engine %-18s round %d  %-9s %10.2f %s\n", what, round+1, name, value, unit)
}
