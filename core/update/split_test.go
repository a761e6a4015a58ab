package update_test

import (
	"bytes"
	"strconv"
	"testing"

	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/update"
)

// written returns a document that several people wrote into, seeing each other.
func written(seed uint64, people, edits int) []byte {
	rand := coretest.NewRand(seed)
	docs := make([]*coretest.Document, people)
	for i := range docs {
		docs[i] = coretest.NewDocument(1+rand.Uint64()%(1<<53-1), rand.Fork())
	}
	whole := update.NewDoc()
	for range edits {
		u := docs[rand.Intn(people)].Edit()
		for _, d := range append(docs, &coretest.Document{Doc: whole}) {
			if _, err := d.Apply(bytes.Clone(u)); err != nil {
				panic(err)
			}
		}
	}
	return whole.Encode()
}

func TestSplit(t *testing.T) {
	for seed := range uint64(30) {
		t.Run("seed="+strconv.Itoa(int(seed)), func(t *testing.T) {
			u := written(seed, 1+int(seed)%7, 50*(1+int(seed)))
			for _, size := range []int{1, 40, 300, len(u) - 1} {
				checkSplit(t, u, size)
			}
		})
	}
}

// checkSplit checks what Split promises.
func checkSplit(t *testing.T, u []byte, size int) {
	t.Helper()
	parts, err := update.Split(u, size)
	if err != nil {
		t.Fatal(err)
	}
	all, _, err := update.Contents(u)
	if err != nil {
		t.Fatal(err)
	}
	doc := update.NewDoc()
	var seen update.IDSet
	for i, p := range parts {
		structs, deletes, err := update.Inspect(p)
		if err != nil {
			t.Fatalf("part %d: %v", i, err)
		}
		for range deletes {
			if i < len(parts)-1 {
				t.Fatalf("part %d of %d deletes", i, len(parts))
			}
		}
		// In a part a client's structs may lie before what they depend on: a part
		// is applied as a whole.
		ids, _, _ := update.Contents(p)
		seen.Merge(ids)
		for s := range structs {
			for _, d := range []struct {
				has bool
				id  update.ID
			}{{s.Place.HasOrigin, s.Place.Origin}, {s.Place.HasRightOrigin, s.Place.RightOrigin}, {s.Place.HasParent && s.Place.ParentName == nil, s.Place.ParentID}} {
				if d.has && all.Contains(d.id.Client, d.id.Clock) && !seen.Contains(d.id.Client, d.id.Clock) {
					t.Fatalf("part %d: %v needs %v, which comes later", i, s.ID, d.id)
				}
			}
		}
		if _, err := doc.Apply(p); err != nil {
			t.Fatal(err)
		}
		if len(p) > 2*size+100 && len(parts) > 1 && i < len(parts)-1 {
			t.Errorf("size %d: part %d has %d bytes", size, i, len(p))
		}
	}
	if why := coretest.Difference(u, doc.Encode()); why != "" {
		t.Errorf("size %d: whole and parts: %s", size, why)
	}
	if size < len(u)/3 && len(parts) < 3 {
		t.Errorf("size %d of %d bytes: %d parts", size, len(u), len(parts))
	}
}

func TestSplitSmall(t *testing.T) {
	u := written(1, 2, 10)
	parts, err := update.Split(u, len(u))
	if err != nil || len(parts) != 1 || &parts[0][0] != &u[0] {
		t.Errorf("%d parts, %v; want the update itself", len(parts), err)
	}
}

func TestSplitGaps(t *testing.T) {
	// 7: clocks 0 to 2 and 5 to 7, with a Skip between; 9 depends on both.
	u, err := update.Merge(
		coretest.Typing(7, 0, nil, "abc"), coretest.Typing(7, 5, &coretest.ID{Client: 7, Clock: 4}, "fgh"),
		coretest.Typing(9, 0, &coretest.ID{Client: 7, Clock: 6}, "x"))
	if err != nil {
		t.Fatal(err)
	}
	for size := range len(u) {
		checkSplit(t, u, size)
	}
}

func TestSplitRefuses(t *testing.T) {
	u := written(2, 3, 20)
	for cut := range u {
		for _, size := range []int{1, len(u)} {
			if _, err := update.Split(u[:cut], size); err == nil {
				t.Errorf("cut at %d of %d it was split", cut, len(u))
			}
		}
	}
}

// A cycle of structs that depend on each other cannot come from Yjs; it must not
// hang.
func TestSplitCycle(t *testing.T) {
	u, err := update.Merge(
		coretest.Typing(7, 0, &coretest.ID{Client: 9, Clock: 0}, "a"),
		coretest.Typing(9, 0, &coretest.ID{Client: 7, Clock: 0}, "b"))
	if err != nil {
		t.Fatal(err)
	}
	parts, err := update.Split(u, 1)
	if err != nil || len(parts) != 2 {
		t.Fatalf("%d parts, %v", len(parts), err)
	}
	whole, err := update.Merge(parts...)
	if err != nil || coretest.Difference(u, whole) != "" {
		t.Errorf("the parts are not the whole: %v", err)
	}
}

func FuzzSplit(f *testing.F) {
	f.Add(written(3, 3, 30), uint8(20))
	f.Fuzz(func(t *testing.T, u []byte, size uint8) {
		parts, err := update.Split(u, int(size))
		if (err == nil) != (update.Validate(u) == nil) {
			t.Fatalf("Split: %v, Validate: %v", err, update.Validate(u))
		}
		if err != nil {
			return
		}
		whole, err := update.Merge(parts...)
		if err != nil {
			t.Fatal(err)
		}
		if why := coretest.Difference(u, whole); why != "" {
			t.Fatal(why)
		}
	})
}

func BenchmarkSplit(b *testing.B) {
	u := written(4, 5, 20_000)
	b.SetBytes(int64(len(u)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := update.Split(u, 16<<10); err != nil {
			b.Fatal(err)
		}
	}
}
