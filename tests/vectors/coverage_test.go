package vectors

import (
	"testing"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// TestCoverage checks that the cases have what they are there for: every kind of
// struct, every type, and ids at the limits.
func TestCoverage(t *testing.T) {
	cases, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[update.Kind]int{}
	types := map[update.TypeRef]int{}
	places := map[string]int{}
	for _, c := range cases {
		for _, u := range c.Blobs {
			structs, deletes, err := update.Inspect(u)
			if err != nil {
				continue // a state vector, or an update to be refused
			}
			for st := range structs {
				kinds[st.Kind]++
				p := st.Place
				if st.Kind == update.KindType {
					r := lib0.NewReader(st.Content)
					types[update.TypeRef(r.Uint("type"))]++
				}
				count(places, "origin", p.HasOrigin)
				count(places, "right origin", p.HasRightOrigin)
				count(places, "parent name", p.ParentName != nil)
				count(places, "parent id", p.HasParent && p.ParentName == nil)
				count(places, "parent key", p.HasParentSub)
				count(places, "client 0", st.Client == 0)
				count(places, "client past 32 bits", st.Client > 1<<32)
				count(places, "last client", st.Client == lib0.MaxSafeInteger)
				count(places, "last clock", st.Clock+st.Len == lib0.MaxSafeInteger)
			}
			for range deletes {
				places["delete"]++
			}
		}
	}
	for k := update.KindGC; k <= update.KindSkip; k++ {
		if kinds[k] < 20 {
			t.Errorf("%d structs of kind %v", kinds[k], k)
		}
	}
	for r := update.TypeArray; r <= update.TypeXMLText; r++ {
		if types[r] < 20 {
			t.Errorf("%d of type %v", types[r], r)
		}
	}
	for _, name := range []string{"origin", "right origin", "parent name", "parent id", "parent key", "client 0", "client past 32 bits", "last client", "last clock", "delete"} {
		if places[name] == 0 {
			t.Errorf("%d with %s", places[name], name)
		}
	}
	t.Log(kinds, types, places)
}

func count(m map[string]int, name string, is bool) {
	if is {
		m[name]++
	}
}
