//go:build !wasip1 && !js

package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero/api"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/wasm/abi"
)

// connected opens a provider and takes it through the handshake.
func connected(m *module, flags uint32) uint32 {
	doc := m.open(flags)
	m.step(doc, abi.EventConnect, 0, 0, nil)
	m.step(doc, abi.EventOpened, 1, 0, nil)
	m.step(doc, abi.EventFrame, 1, 0, codec.AppendY(nil, codec.Message{Kind: codec.SyncStep2, Payload: []byte{0, 0}}))
	return doc
}

// alive fails the test unless the instance still does its work.
func alive(m *module) {
	m.t.Helper()
	doc := connected(m, 0)
	m.step(doc, abi.EventWritten, 1, 0, nil)
	out := m.step(doc, abi.EventUpdate, 0, 0, coretest.Typing(7, 0, nil, "alive"))
	if !slices.Equal(kinds(out), []abi.OutputKind{abi.OutputSend}) {
		m.t.Fatalf("an edit gives %v", kinds(out))
	}
	m.call("close", uint64(doc))
}

// nineBytes is an update of nine bytes that claims 2^52 structs.
var nineBytes = append([]byte{1}, lib0.AppendUint(nil, 1<<52)...)

// Whatever comes from a server or another tab, the worst is a problem for the
// console and the end of that connection. (call fails the test at a trap.)
func TestHostileInput(t *testing.T) {
	update := coretest.Typing(1, 0, nil, "some text")
	var payloads [][]byte
	for _, whole := range [][]byte{
		codec.AppendY(nil, codec.Message{Kind: codec.SyncStep1, Payload: []byte{1, 1, 5}}),
		codec.AppendY(nil, codec.Message{Kind: codec.SyncStep2, Payload: update}),
		codec.AppendY(nil, codec.Message{Kind: codec.SyncUpdate, Payload: update}),
		codec.AppendY(nil, codec.Message{Kind: codec.SyncUpdate, Payload: nineBytes}),
		codec.AppendY(nil, codec.Message{Kind: codec.Awareness, Payload: append([]byte{1, 9, 1, 7}, `{"a":1}`...)}),
		codec.AppendY(nil, codec.Message{Kind: codec.Auth, Payload: []byte("no")}),
		codec.AppendY(nil, codec.Message{Kind: codec.QueryAwareness}),
		append(lib0.AppendUint([]byte{0, 2}, lib0.MaxSafeInteger), 0),
		update,
		bytes.Repeat([]byte{0xff}, 20),
		bytes.Repeat([]byte{0}, 100_000),
		bytes.Repeat([]byte{0x80}, 100_000),
		[]byte("a text frame"),
	} {
		for n := range min(len(whole), 64) {
			payloads = append(payloads, whole[:n])
		}
		payloads = append(payloads, whole, append(slices.Clone(whole), 0))
	}
	rand := coretest.NewRand(2)
	for range 2000 {
		b := make([]byte, rand.Intn(40))
		for i := range b {
			b[i] = byte(rand.Uint64())
			if rand.Chance(500) {
				b[i] %= 5 // the numbers that mean something
			}
		}
		payloads = append(payloads, b)
	}
	each(t, func(t *testing.T, m *module) {
		doc, conn := connected(m, abi.FlagBroadcast), uint32(1)
		for e := abi.Event(0); e <= 20; e++ {
			if e == abi.EventDestroy {
				continue
			}
			for i, p := range payloads {
				for _, o := range outputsOf(m.try(doc, e, conn, int64(i), p)) {
					if o.Kind == abi.OutputDial {
						conn = o.Conn
						m.step(doc, abi.EventOpened, conn, int64(i), nil)
					}
				}
				if i%100 == 0 { // back from wherever it got to
					for _, o := range outputsOf(m.try(doc, abi.EventConnect, 0, int64(i), nil)) {
						if o.Kind == abi.OutputDial {
							conn = o.Conn
							m.step(doc, abi.EventOpened, conn, int64(i), nil)
						}
					}
				}
			}
		}
		alive(m)
		for op := abi.Op(0); op < 6; op++ {
			for _, p := range payloads {
				m.input(p)
				m.result(int32(m.call("compute", uint64(op), uint64(len(p)))))
				args := lib0.AppendBytes(lib0.AppendBytes(nil, p), []byte{0})
				m.input(args)
				m.result(int32(m.call("compute", uint64(op), uint64(len(args)))))
			}
		}
		alive(m)
		if m.stderr.Len() > 0 {
			t.Errorf("printed: %s", m.stderr.String())
		}
	})
}

func outputsOf(outputs []abi.Output, _ string) []abi.Output { return outputs }

// What a host does wrong is an error text, not a trap.
func TestMisuse(t *testing.T) {
	each(t, func(t *testing.T, m *module) {
		doc := m.open(0)
		for _, tt := range []struct {
			name       string
			doc, event uint32
			n          uint32
			want       string
		}{
			{"handle 0", 0, uint32(abi.EventTime), 0, "no such document"},
			{"handle never opened", 99, uint32(abi.EventTime), 0, "no such document"},
			{"handle from nowhere", 1<<32 - 1, uint32(abi.EventTime), 0, "no such document"},
			{"event 0", doc, 0, 0, "no such event"},
			{"event from nowhere", doc, 1<<32 - 1, 0, "no such event"},
			{"more than was written", doc, uint32(abi.EventFrame), 1 << 30, "more bytes than inbuf was asked for"},
			{"negative length", doc, uint32(abi.EventFrame), 1<<32 - 1, "more bytes than inbuf was asked for"},
			{"close code of a byte", doc, uint32(abi.EventClosed), 1, "a close code has two bytes"},
		} {
			m.input(make([]byte, 8))
			n := int32(m.call("step", uint64(tt.doc), uint64(tt.event), 1, api.EncodeF64(0), uint64(tt.n)))
			if _, text := m.result(n); !strings.Contains(text, tt.want) {
				t.Errorf("%s: %d, %q", tt.name, n, text)
			}
		}
		for _, n := range []uint64{abi.MaxPayload + 1, 1<<32 - 1} {
			if at := m.call("inbuf", n); at != 0 {
				t.Errorf("inbuf(%d) = %#x", n, at)
			}
		}
		if m.deadline(99) != m.deadline(doc) {
			t.Error("a handle that was never opened has a deadline")
		}
		m.call("close", 99)
		m.call("close", uint64(doc))
		if out, text := m.try(doc, abi.EventFrame, 1, 0, []byte{1}); len(out) != 0 || text != "" {
			t.Errorf("a closed handle: %v, %q", out, text)
		}
		for _, now := range []float64{-1, 1e300} {
			m.input(nil)
			m.call("step", uint64(m.open(0)), uint64(abi.EventConnect), 0, api.EncodeF64(now), 0)
		}
		alive(m)
	})
}
