package coretest_test

import (
	"testing"

	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/update"
)

// Two people edit and exchange what the other lacks; whatever they do, what they
// write can be read, and in the end they have the same.
func TestDocumentsAgree(t *testing.T) {
	for seed := range uint64(50) {
		r := coretest.NewRand(seed)
		a, b := coretest.NewDocument(1, r.Fork()), coretest.NewDocument(2, r.Fork())
		give := func(from, to *coretest.Document) {
			u, err := from.Diff(to.StateVector())
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if _, err := to.Apply(u); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		for i := range 400 {
			switch r.Intn(12) {
			case 0:
				give(a, b)
			case 1:
				give(b, a)
			case 2:
				if err := update.Validate(a.Encode()); err != nil {
					t.Fatalf("seed %d step %d: %v", seed, i, err)
				}
			case 3, 4:
				if err := update.Validate(b.Edit()); err != nil {
					t.Fatalf("seed %d step %d: %v", seed, i, err)
				}
			default:
				a.Edit()
			}
		}
		give(a, b)
		give(b, a)
		if why := coretest.Difference(a.Encode(), b.Encode()); why != "" {
			t.Fatalf("seed %d: %s", seed, why)
		}
	}
}
