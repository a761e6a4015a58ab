package engine

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/weft-sync/weft/tests/bench/internal/report"
)

// session measures a long session of one author.
func (b *bench) session(ctx context.Context) error {
	w, what := typed(), "a made session of 259,778 keystrokes"
	if b.Traces != "" {
		var err error
		if w, err = recorded(b.Traces); err != nil {
			return err
		}
		what = traceFile
	}
	if err := b.prepare(w, weft, wasm, yjs, ywasm, loro); err != nil {
		return err
	}
	text := ""
	for round := range b.sessions {
		for _, name := range []string{weft, wasm, yjs, loro} {
			if name == loro && round > 0 && !b.Slow {
				continue // it takes as long as all the others
			}
			replay, ok := b.ask(name, map[string]any{"do": "replay"})
			if !ok {
				continue
			}
			remote, _ := b.ask(name, map[string]any{"do": "remote"})
			if text == "" {
				text = replay.SHA256
			}
			if replay.SHA256 != text || remote.SHA256 != text {
				return fmt.Errorf("%s has another text at the end", name)
			}
			b.log("replay", round, name, replay.Nanos/millisecond, "ms")
			b.log("remote", round, name, remote.Nanos/millisecond, "ms")
			b.time(name, "replay", what+", each keystroke a transaction with its update", 1./25, replay.Nanos)
			b.time(name, "remote", "all its updates applied one by one", 1./15, remote.Nanos)
			if round == 0 {
				b.counts(name, replay, remote)
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	m := b.metric("engine.replay", "", "", nil)
	m.Peers = append(m.Peers, report.Peer{Name: ywasm, NotRun: "it takes from half a minute to several"})
	// ywasm takes the states that yjs made.
	files := []string{filepath.Join(b.dir, "v1"), filepath.Join(b.dir, "v2")}
	if _, ok := b.ask(yjs, map[string]any{"do": "give", "files": files}); ok {
		b.ask(ywasm, map[string]any{"do": "take", "files": files})
	}
	return b.states(ctx)
}

// counts adds what is the same in each round.
func (b *bench) counts(name string, replay, remote answer) {
	if name == wasm {
		return
	}
	for i, size := range replay.Sizes {
		add(b.metric(fmt.Sprintf("engine.size.v%d", i+1), "B", fmt.Sprintf("the full state in version %d (loro: all updates, a snapshot)", i+1), report.AtMost(1, yjs)), weft, name, size)
	}
	if name == weft {
		add(b.metric("engine.replay.allocs", "", "allocations for each keystroke", report.AtMost(1.01, "")), weft, name, replay.Allocs)
		add(b.metric("engine.remote.allocs", "", "allocations for each update that is applied", report.AtMost(0.01, "")), weft, name, remote.Allocs)
	}
}

// time adds nanoseconds to the metric of the native engine, and to that of WebAssembly.
func (b *bench) time(name, id, what string, asked, ns float64) {
	if name != wasm {
		add(b.metric("engine."+id, "ms", what, report.AtMost(asked, yjs)), weft, name, ns/millisecond)
	}
	if name == wasm || name == yjs {
		add(b.metric("engine.wasm."+id, "ms", what+": WebAssembly in Node", report.AtMost(1, yjs)), wasm, name, ns/millisecond)
	}
}

// states measures loading, encoding and keeping the session's document.
func (b *bench) states(ctx context.Context) error {
	for round := range b.rounds {
		for _, name := range []string{weft, wasm, yjs, ywasm, loro} {
			for version := 1; version <= 2; version++ {
				v := fmt.Sprintf("v%d", version)
				if a, ok := b.ask(name, map[string]any{"do": "load", "version": version, "times": 7}); ok {
					b.log("load "+v, round, name, a.Nanos/millisecond, "ms")
					b.time(name, "load."+v, "load the full state, "+v+", and read the text: best of 7", 1./8, a.Nanos)
				}
				if a, ok := b.ask(name, map[string]any{"do": "encode", "version": version, "times": 7}); ok {
					b.log("encode "+v, round, name, a.Nanos/millisecond, "ms")
					b.time(name, "encode."+v, "encode the full state, "+v+": best of 7", 1./10, a.Nanos)
					if round == 0 && name != wasm {
						add(b.metric("engine.encode."+v+".first", "ms", "encode the full state, "+v+", for the first time in a process", nil), weft, name, a.First/millisecond)
					}
				}
			}
			if name != weft && name != yjs {
				continue // WebAssembly's memory grows in pages, and never shrinks
			}
			if a, ok := b.ask(name, map[string]any{"do": "heap"}); ok {
				add(b.metric("engine.heap", "KB", "heap of the loaded document", report.AtMost(1./3, yjs)), weft, name, a.Bytes/1000)
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// patterns measures B1 to B3 of dmonad/crdt-benchmarks.
func (b *bench) patterns(ctx context.Context) error {
	const n = 6000
	engines := []string{weft, yjs}
	if b.Slow {
		engines = append(engines, ywasm, loro)
	}
	for _, p := range patterns(n) {
		if err := b.prepare(p.work, engines...); err != nil {
			return err
		}
		m := b.metric("engine."+p.name, "ms", p.what+" and apply the updates, N = 6000", report.AtMost(1, yjs))
		var ours answer
		for round := -1; round < b.rounds; round++ { // round -1 warms all up
			for _, name := range engines {
				a, ok := b.ask(name, map[string]any{"do": "pattern"})
				switch {
				case !ok:
				case name == weft:
					ours = a
				case name == yjs && (a.SHA256 != ours.SHA256 || a.Bytes != ours.Bytes):
					return fmt.Errorf("%s: yjs and weft differ in the end", p.name)
				}
				if ok && round >= 0 {
					add(m, weft, name, a.Nanos/millisecond)
				}
				if err := ctx.Err(); err != nil {
					return err
				}
			}
		}
		for _, name := range engines[:2] {
			v := m.Rounds
			if name == yjs && len(m.Peers) > 0 {
				v = m.Peers[0].Rounds
			}
			b.log(p.name, b.rounds-1, name, report.Median(v), "ms")
		}
	}
	return nil
}

// long measures edits at random in a short document and in one of ten million characters.
func (b *bench) long(ctx context.Context) error {
	const edits = 5000
	for _, size := range []struct {
		id, what string
		length   int
	}{{"engine.edits.short", "100,000", 100_000}, {"engine.edits.long", "10,000,000", 10_000_000}} {
		if err := b.prepare(large(size.length, edits), weft, yjs); err != nil {
			return err
		}
		m := b.metric(size.id, "µs", "an edit at random in a document of "+size.what+" characters", nil)
		for round := range b.rounds {
			for _, name := range []string{weft, yjs} {
				if a, ok := b.ask(name, map[string]any{"do": "replay"}); ok {
					b.log(size.id, round, name, a.Nanos/1000/edits, "µs")
					add(m, weft, name, a.Nanos/1000/edits)
				}
				if err := ctx.Err(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
