package crdt_test

import (
	"testing"

	"github.com/weft-sync/weft/core/crdt"
)

// TestApplyPartlyKnown gives a document a struct of which it has the first part, with
// another struct of the same client after it: the second begins where the first ends.
func TestApplyPartlyKnown(t *testing.T) {
	from, v1, v2 := newDoc(1), newDoc(2), newDoc(3)
	insert := func(at int, s string) {
		change(t, from, func(tx *crdt.Txn) error { return from.Text("t").Insert(tx, at, s) })
	}
	insert(0, "with")
	apply(t, v1, from.Encode())
	apply(t, v2, from.Encode())
	insert(4, "tex")
	insert(1, "four")
	apply(t, v1, from.Encode())
	if _, err := v2.ApplyV2(from.EncodeV2()); err != nil {
		t.Fatal(err)
	}
	for i, d := range []*crdt.Doc{v1, v2} {
		if got, want := d.Text("t").String(), from.Text("t").String(); got != want {
			t.Errorf("version %d: %q, want %q", i+1, got, want)
		}
	}
}
