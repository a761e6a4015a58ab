package main

import (
	"math"
	"testing"

	"github.com/weft-sync/weft/core/provider"
	"github.com/weft-sync/weft/wasm/abi"
)

// A panic inside of a call is an error text, and then nothing works any more: the
// providers may be half changed.
func TestGuard(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func()
		want string
	}{
		{"runtime error", func() { var p *provider.Provider; _ = p.NextWake() }, "module: runtime error: invalid memory address or nil pointer dereference"},
		{"string", func() { panic("broken") }, "module: broken"},
		{"something else", func() { panic(42) }, "module: panic"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var e engine
			doc := e.open(1, 0, 0, 0, 0, 0)
			n := func() (n int32) {
				defer e.guard(&n)
				tt.do()
				return 1
			}()
			if got := string(e.out); n != -int32(len(e.out)) || got != tt.want {
				t.Errorf("returned %d, text %q", n, got)
			}
			for name, n := range map[string]int32{
				"step":    e.step(uint32(doc), abi.EventTime, 0, 0, 0),
				"open":    e.open(1, 0, 0, 0, 0, 0),
				"compute": e.compute(abi.OpMerge, 0),
			} {
				if n >= 0 {
					t.Errorf("%s works after a panic", name)
				}
			}
			if at := e.deadline(uint32(doc)); !math.IsInf(at, 1) {
				t.Errorf("deadline %v after a panic", at)
			}
		})
	}
}

// Without a panic the guard changes nothing.
func TestGuardLetsPass(t *testing.T) {
	var e engine
	n := func() (n int32) {
		defer e.guard(&n)
		return 7
	}()
	if n != 7 || e.dead {
		t.Errorf("returned %d, dead %v", n, e.dead)
	}
}

func TestHandles(t *testing.T) {
	var e engine
	e.input(0)
	step := func(doc int32) int32 { return e.step(uint32(doc), abi.EventTime, 0, 0, 0) }
	if step(1) >= 0 || step(0) >= 0 {
		t.Error("a handle that was never opened works")
	}
	a, b := e.open(1, 0, 0, 0, 0, 0), e.open(1, 0, 0, 0, 0, 0)
	e.close(uint32(a))
	if c := e.open(1, 0, 0, 0, 0, 0); c == a || c == b || step(c) != 0 {
		t.Errorf("handles %d, %d, then %d", a, b, c)
	}
	if step(a) != 0 {
		t.Error("a closed handle is an error: late events are to be expected")
	}
	if step(-1) >= 0 {
		t.Error("a handle from nowhere works")
	}
}

// Large payloads do not keep their buffers.
func TestBuffers(t *testing.T) {
	var e engine
	if in := e.input(0); len(in) == 0 {
		t.Error("no buffer for an empty payload")
	}
	big := e.input(keepBuffer * 2)
	if len(big) < keepBuffer*2 {
		t.Fatalf("%d bytes", len(big))
	}
	e.out = make([]byte, keepBuffer*2)
	if in := e.input(10); len(in) > keepBuffer || cap(e.out) > keepBuffer {
		t.Errorf("in-buffer of %d, out-buffer of %d bytes stay", len(in), cap(e.out))
	}
	if e.input(abi.MaxPayload+1) != nil {
		t.Error("no limit")
	}
}

func TestNumbersFromOutside(t *testing.T) {
	for f, want := range map[float64]int64{0: 0, 1.9: 1, -1: 0, math.Inf(1): 0, math.Inf(-1): 0, math.NaN(): 0, 1 << 52: 0, 1<<52 - 1: 1<<52 - 1} {
		if got := millis(f); got != want {
			t.Errorf("millis(%v) = %d", f, got)
		}
	}
	if got := delay(1e12); got != 1<<30 {
		t.Errorf("delay(1e12) = %d", got)
	}
}

// The first outputs of splitmix64 from seed 1234567, as published with it.
func TestRandom(t *testing.T) {
	r := randomFrom(1234567)
	for _, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423} {
		if got := r(); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	}
}
