//go:build !wasip1 && !js

package main

import (
	"bytes"
	"testing"

	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/wasm/abi"
)

func (m *module) compute(op abi.Op, args ...[]byte) (result []byte, errorText string) {
	var b []byte
	for _, a := range args {
		b = lib0.AppendBytes(b, a)
	}
	m.input(b)
	result, errorText = m.result(int32(m.call("compute", uint64(op), uint64(len(b)))))
	return bytes.Clone(result), errorText
}

// The update tools in the module give the bytes that they give natively. (The
// vectors that yjs made run through the same calls in tests/vectors.)
func TestCompute(t *testing.T) {
	rand := coretest.NewRand(3)
	doc := coretest.NewDocument(1, rand.Fork())
	other := coretest.NewDocument(2, rand.Fork())
	var updates [][]byte
	for range 300 {
		updates = append(updates, doc.Edit(), other.Edit())
	}
	merged, err := update.Merge(updates...)
	if err != nil {
		t.Fatal(err)
	}
	sv, err := update.StateVectorOf(updates[0])
	if err != nil {
		t.Fatal(err)
	}
	diff, err := update.Diff(merged, sv)
	if err != nil {
		t.Fatal(err)
	}
	each(t, func(t *testing.T, m *module) {
		for _, tt := range []struct {
			name string
			op   abi.Op
			args [][]byte
			want []byte
			fail bool
		}{
			{"merge", abi.OpMerge, updates, merged, false},
			{"merge one", abi.OpMerge, updates[:1], updates[0], false},
			{"diff", abi.OpDiff, [][]byte{merged, sv}, diff, false},
			{"state vector", abi.OpStateVector, updates[:1], sv, false},
			{"validate", abi.OpValidate, [][]byte{merged}, []byte{}, false},
			{"validate garbage", abi.OpValidate, [][]byte{nineBytes}, nil, true},
			{"merge garbage", abi.OpMerge, [][]byte{merged, {9}}, nil, true},
			{"too few arguments", abi.OpDiff, [][]byte{merged}, nil, true},
			{"too many arguments", abi.OpValidate, [][]byte{merged, merged}, nil, true},
			{"no such operation", 9, [][]byte{merged}, nil, true},
		} {
			got, text := m.compute(tt.op, tt.args...)
			if tt.fail != (text != "") || !bytes.Equal(got, tt.want) {
				t.Errorf("%s: %d bytes, error %q", tt.name, len(got), text)
			}
		}
		m.input([]byte{5, 1, 2})
		if _, text := m.result(int32(m.call("compute", uint64(abi.OpValidate), 3))); text == "" {
			t.Error("a truncated argument is no error")
		}
		alive(m)
	})
}
