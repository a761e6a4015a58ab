//go:build !wasip1 && !js

package main

import (
	"testing"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/wasm/abi"
)

// load is what a document sees while two people type: frames from both sides.
type load struct {
	remote, local   [][]byte
	cursor, present []byte
}

func newLoad() load {
	doc := coretest.NewDocument(7, coretest.NewRand(7))
	var l load
	for range 1000 {
		l.local = append(l.local, doc.Edit())
		l.remote = append(l.remote, codec.AppendY(nil, codec.Message{Kind: codec.SyncUpdate, Payload: doc.Edit()}))
	}
	state := `{"user":{"name":"somebody","color":"#30bced"},"cursor":{"anchor":12,"head":12}}`
	l.present = append([]byte{1, 8, 1, byte(len(state))}, state...)
	l.cursor = codec.AppendY(nil, codec.Message{Kind: codec.Awareness, Payload: l.present})
	return l
}

// round is four messages: an update and a presence state in each direction.
func (l *load) round(m *module, doc uint32, i int) {
	m.step(doc, abi.EventFrame, 1, 0, l.remote[i%1000])
	m.step(doc, abi.EventFrame, 1, 0, l.cursor)
	m.step(doc, abi.EventUpdate, 0, 0, l.local[i%1000])
	m.step(doc, abi.EventAwareness, 0, 0, l.present)
	m.step(doc, abi.EventWritten, 1, 0, nil)
}

// A million messages leave the memory where it was. Without the yielding in
// breathe, collections start and never end, and it grows without bound.
func TestMemoryIsFlat(t *testing.T) {
	const mib = 1 << 20
	total := 1_000_000
	if testing.Short() {
		total = 100_000
	}
	l := newLoad()
	each(t, func(t *testing.T, m *module) {
		doc := connected(m, 0)
		for i := range 25_000 {
			l.round(m, doc, i)
		}
		before := m.memory()
		for i := range total / 4 {
			l.round(m, doc, i)
		}
		after := m.memory()
		t.Logf("%.2f MiB after 100,000 messages, %.2f MiB after %d more", float64(before)/mib, float64(after)/mib, total)
		if after > 20*mib || after > before+4*mib {
			t.Error("memory grows with the number of messages")
		}
	})
}

// The same with a live heap of many small objects, so that a collection is not over
// within one call: fifty thousand providers that wait for nothing.
func TestMemoryIsFlatWithALargeHeap(t *testing.T) {
	if testing.Short() {
		t.Skip("not in short mode: takes seconds")
	}
	const mib = 1 << 20
	l := newLoad()
	each(t, func(t *testing.T, m *module) {
		for range 50_000 {
			m.open(0)
		}
		doc := connected(m, 0)
		before := m.memory()
		for i := range 250_000 {
			l.round(m, doc, i)
		}
		after := m.memory()
		t.Logf("%.1f MiB with 50,000 providers, %.1f MiB after a million messages", float64(before)/mib, float64(after)/mib)
		if before < 30*mib {
			t.Errorf("only %d bytes are alive: the test does not test what it should", before)
		}
		if after > 2*before+4*mib {
			t.Error("memory grows with the number of messages")
		}
	})
}

// Payloads of megabytes do not keep their memory.
func TestLargePayloads(t *testing.T) {
	each(t, func(t *testing.T, m *module) {
		doc := connected(m, 0)
		big := codec.AppendY(nil, codec.Message{Kind: codec.SyncUpdate, Payload: coretest.Typing(1, 0, nil, string(make([]byte, 8<<20)))})
		for range 5 {
			m.step(doc, abi.EventFrame, 1, 0, big)
		}
		before := m.memory()
		for range 50 {
			m.step(doc, abi.EventFrame, 1, 0, big)
		}
		if after := m.memory(); after > before+before/2 {
			t.Errorf("%d bytes, then %d", before, after)
		}
		m.call("idle")
		alive(m)
	})
}

func BenchmarkStep(b *testing.B) {
	l := newLoad()
	m := instantiate(b, "shipped")
	doc := connected(m, 0)
	for name, bench := range map[string]func(i int){
		"frame":     func(i int) { m.step(doc, abi.EventFrame, 1, 0, l.remote[i%1000]) },
		"awareness": func(int) { m.step(doc, abi.EventFrame, 1, 0, l.cursor) },
		"update": func(i int) {
			m.step(doc, abi.EventUpdate, 0, 0, l.local[i%1000])
			m.step(doc, abi.EventWritten, 1, 0, nil)
		},
		"time": func(int) { m.step(doc, abi.EventTime, 0, 0, nil) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				bench(i)
				i++
			}
		})
	}
}
