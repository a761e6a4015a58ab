package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/weft-sync/weft/native/store"
)

func testCompact(t *T) {
	ctx := context.Background()
	t.open()
	d := t.doc("a")
	y := typist{client: 1}
	for round := range 4 {
		t.save(d, y.updates(100)...)
		snapshot := y.snapshot()
		if err := d.Compact(ctx, snapshot); err != nil {
			t.Fatal(err)
		}
		t.logSize(d)
		more := y.updates(round)
		t.save(d, more...)
		t.closeDoc(d)
		want := append([][]byte{snapshot}, more...)
		t.equalParts(t.parts("a"), want)
		if round%2 == 1 {
			t.reopen()
			t.equalParts(t.parts("a"), want)
		}
		d = t.doc("a")
	}
	// Outstanding appends are waited for.
	for _, u := range y.updates(1000) {
		d.Append(u, func(err error) {
			if err != nil {
				t.Error(err)
			}
		})
	}
	snapshot := y.snapshot()
	if err := d.Compact(ctx, snapshot); err != nil {
		t.Fatal(err)
	}
	// Once more, with nothing new.
	if err := d.Compact(ctx, snapshot); err != nil {
		t.Fatal(err)
	}
	t.closeDoc(d)
	t.equalParts(t.parts("a"), [][]byte{snapshot})
}

// testCompactKeepsLater appends between taking the snapshot and Compact, which
// cannot be avoided when Compact runs beside the appends.
func testCompactKeepsLater(t *T) {
	t.open()
	for later := range 5 {
		y := typist{client: 1}
		d := t.doc(fmt.Sprint(later))
		updates := y.updates(10)
		snapshot := y.snapshot()
		updates = append(updates, y.updates(later)...)
		for _, u := range updates { // queued together
			d.Append(u, nil)
		}
		if err := d.Compact(context.Background(), snapshot); err != nil {
			t.Fatal(err)
		}
		t.logSize(d, updates[10:]...)
		more := y.updates(2)
		t.save(d, more...)
		t.closeDoc(d)
		want := append(append([][]byte{snapshot}, updates[10:]...), more...)
		t.equalParts(t.parts(fmt.Sprint(later)), want)
	}
}

func testCompactWhileAppending(t *T) {
	ctx := context.Background()
	t.open()
	const documents, each = 6, 1500
	var all sync.WaitGroup
	for i := range uint64(documents) {
		all.Go(func() {
			d, err := t.st.Open(ctx, fmt.Sprint("doc ", i))
			if err != nil {
				t.Error(err)
				return
			}
			random := rand.New(rand.NewPCG(i, 2))
			y := typist{client: i + 1}
			var compacting sync.WaitGroup
			turn := make(chan struct{}, 1)
			for n := range each {
				size := 1
				if random.IntN(100) == 0 {
					size = random.IntN(300 << 10)
				}
				d.Append(y.types(letters(size, uint64(n))), func(err error) {
					if err != nil {
						t.Error(err)
					}
				})
				select {
				case turn <- struct{}{}:
					snapshot := y.snapshot()
					compacting.Go(func() {
						if err := d.Compact(ctx, snapshot); err != nil {
							t.Errorf("compacting: %v", err)
						}
						<-turn
					})
				default:
				}
			}
			compacting.Wait()
			if err := d.Close(); err != nil {
				t.Error(err)
			}
			d, err = t.st.Open(ctx, fmt.Sprint("doc ", i))
			if err != nil {
				t.Error(err)
				return
			}
			if err := store.Verify(d.Parts(), y.snapshot()); err != nil {
				t.Error(err)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	t.reopen()
	for i := range documents {
		parts := t.parts(fmt.Sprint("doc ", i))
		last := uint64(0)
		for n, p := range parts {
			from, to := span(t, p)
			if from != last {
				t.Fatalf("document %d: part %d begins at %d, the one before ended at %d", i, n, from, last)
			}
			last = to
		}
	}
}

func testCompactRefused(t *T) {
	ctx := context.Background()
	t.open()
	y := typist{client: 7}
	updates := y.updates(20)
	text, size, stored := y.text, uint64(len(y.text)), [2]uint64{3, 4}
	updates = append(updates, typed(7, 0, "", stored))
	right := typed(7, 0, text, stored)

	for round := range 2 {
		name := fmt.Sprint("doc ", round)
		d := t.doc(name)
		t.save(d, updates...)
		want := updates
		if round == 1 { // with an old snapshot and a log
			if err := d.Compact(ctx, right); err != nil {
				t.Fatal(err)
			}
			more := typed(7, 0, "", [2]uint64{0, 1})
			t.save(d, more)
			want = [][]byte{right, more}
		}
		for what, wrong := range map[string][]byte{
			"nothing":                 {},
			"not an update":           []byte("hello"),
			"an update cut off":       right[:len(right)-1],
			"an update and more":      append(right[:len(right):len(right)], 0),
			"an empty update":         {0, 0},
			"without the first id":    typed(7, 1, text[1:], stored),
			"without the first ids":   typed(7, 5, text[5:], stored),
			"with an id more":         typed(7, 0, text+"x", stored),
			"with another client":     typed(8, 0, text, [2]uint64{3, 4}),
			"with a delete more":      typed(7, 0, text, [2]uint64{2, 5}),
			"with a delete of others": typed(7, 0, text, [2]uint64{size, 1}),
			"only the deletes":        typed(7, 0, "", stored),
			"with a delete less":      typed(7, 0, text+"y", [2]uint64{3, 3}),
			"with other deletes":      typed(7, 0, text, [2]uint64{4, 4}),
		} {
			err := d.Compact(ctx, wrong)
			var refused *store.SnapshotError
			if !errors.As(err, &refused) {
				t.Errorf("round %d, a snapshot %s: %v", round, what, err)
			}
		}
		t.logSize(d, want[round:]...)
		t.closeDoc(d)
		t.equalParts(t.parts(name), want) // and it works as ever:
		d = t.doc(name)
		good := right
		if round == 1 {
			good = typed(7, 0, text, [2]uint64{0, 1}, stored)
		}
		if err := d.Compact(ctx, good); err != nil {
			t.Errorf("round %d: the right snapshot: %v", round, err)
		}
		t.closeDoc(d)
		t.equalParts(t.parts(name), [][]byte{good})
	}
}

func testCompactNothing(t *T) {
	ctx := context.Background()
	t.open()
	d := t.doc("a")
	if err := d.Compact(ctx, []byte{0, 0}); err != nil {
		t.Errorf("an empty snapshot of an empty document: %v", err)
	}
	var refused *store.SnapshotError
	if err := d.Compact(ctx, typed(1, 0, "x")); !errors.As(err, &refused) {
		t.Errorf("a snapshot of an empty document: %v", err)
	}
	y := typist{client: 1}
	t.save(d, y.types("x"))
	if err := d.Compact(ctx, y.snapshot()); err != nil {
		t.Error(err)
	}
	t.closeDoc(d)
	t.equalParts(t.parts("a"), [][]byte{y.snapshot()})
}

func testCompactLarge(t *T) {
	ctx := context.Background()
	t.open()
	d := t.doc("a")
	y := typist{client: 1}
	for _, size := range []int{64 << 20, 10, 5 << 20} {
		t.save(d, y.types(letters(size, 3)), y.types("and"), y.types("more"))
		if err := d.Compact(ctx, y.snapshot()); err != nil {
			t.Fatal(err)
		}
	}
	t.closeDoc(d)
	t.reopen()
	t.equalParts(t.parts("a"), [][]byte{y.snapshot()})
}
