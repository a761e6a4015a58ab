package crdt_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/weft-sync/weft/core/crdt"
)

// show returns a delta in short. As Yjs does, a text may tell of the same attributes
// twice in a row.
func show(delta []crdt.DeltaOp) string {
	var b strings.Builder
	last := ""
	for _, op := range delta {
		var a strings.Builder
		slices.SortFunc(op.Attributes, func(a, b crdt.Member) int { return strings.Compare(a.Key, b.Key) })
		for _, m := range op.Attributes {
			fmt.Fprintf(&a, "%s=%v ", m.Key, m.Value)
		}
		if a.String() != last {
			fmt.Fprintf(&b, "|%s", a.String())
			last = a.String()
		}
		fmt.Fprintf(&b, "%v", op.Insert)
	}
	return b.String()
}

func TestFormat(t *testing.T) {
	bold := attrs("bold", true)
	type step = func(tx *crdt.Txn, t crdt.Text) error
	insert := func(at int, s string) step {
		return func(tx *crdt.Txn, t crdt.Text) error { return t.Insert(tx, at, s) }
	}
	insertWith := func(at int, s string, a crdt.Attrs) step {
		return func(tx *crdt.Txn, t crdt.Text) error { return t.InsertWith(tx, at, s, a) }
	}
	format := func(at, n int, a crdt.Attrs) step {
		return func(tx *crdt.Txn, t crdt.Text) error { return t.Format(tx, at, n, a) }
	}
	remove := func(at, n int) step {
		return func(tx *crdt.Txn, t crdt.Text) error { return t.Delete(tx, at, n) }
	}
	apply := func(ops ...crdt.DeltaOp) step {
		return func(tx *crdt.Txn, t crdt.Text) error { return t.ApplyDelta(tx, ops) }
	}
	for _, c := range []struct {
		name  string
		steps []step
		want  string
	}{
		{"inherited at the end", []step{insertWith(0, "ab", bold), insert(2, "c")}, "|bold=true abc"},
		{"not inherited", []step{insertWith(0, "ab", bold), insertWith(1, "x", nil)}, "|bold=true a|x|bold=true b"},
		{"in the middle", []step{insert(0, "abcd"), format(1, 2, bold)}, "a|bold=true bc|d"},
		{"taken away", []step{insertWith(0, "abcd", bold), format(1, 2, attrs("bold", nil))}, "|bold=true a|bc|bold=true d"},
		{"two", []step{insert(0, "abcd"), format(0, 3, bold), format(2, 2, attrs("em", 1))}, "|bold=true ab|bold=true em=1 c|em=1 d"},
		{"indexes come first", []step{insertWith(0, "a", attrs("x", 1, "7", 2, "3", 3))}, "|3=3 7=2 x=1 a"},
		{"across a format", []step{insert(0, "abcd"), format(1, 2, bold), remove(0, 2), remove(0, 1)}, "d"},
		{"delta", []step{insert(0, "abcd"), apply(crdt.DeltaOp{Retain: 1}, crdt.DeltaOp{Delete: 1},
			crdt.DeltaOp{Insert: "X", Attributes: bold}, crdt.DeltaOp{Retain: 1, Attributes: bold})}, "a|bold=true Xc|d"},
		{"past the end", []step{insert(0, "a"), apply(crdt.DeltaOp{Retain: 3, Attributes: bold})}, "|bold=true a\n\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDoc(1)
			text := d.Text("t")
			for _, s := range c.steps {
				change(t, d, func(tx *crdt.Txn) error { return s(tx, text) })
			}
			if got := show(text.ToDelta()); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestEmbeds(t *testing.T) {
	d := newDoc(1)
	text := d.Text("t")
	image := crdt.Object{{Key: "src", Value: "x.png"}}
	change(t, d, func(tx *crdt.Txn) error {
		if err := text.Insert(tx, 0, "ab"); err != nil {
			return err
		}
		if err := text.InsertEmbed(tx, 1, image, attrs("width", 3)); err != nil {
			return err
		}
		m, err := text.InsertMap(tx, 3, nil)
		if err != nil {
			return err
		}
		return m.Set(tx, "k", "v")
	})
	ops := text.ToDelta()
	if text.Len() != 4 || len(ops) != 4 || text.String() != "ab" {
		t.Fatalf("%d units, delta %v", text.Len(), ops)
	}
	if got := ops[1].Insert.(crdt.Object).Get("src"); got != "x.png" {
		t.Errorf("the embedded value has %v", got)
	}
	if v, _ := ops[3].Insert.(crdt.Map).Get("k"); v != "v" {
		t.Errorf("the embedded map has %v", v)
	}
	err := d.Transact(func(tx *crdt.Txn) error { return text.InsertEmbed(tx, 0, "text", nil) })
	if err != crdt.ErrValue {
		t.Errorf("text as an embedded value: %v", err)
	}
}

// Formats that two people set at the same time, one of them without effect in the
// end, are cleaned up by those who receive them.
func TestRedundantFormats(t *testing.T) {
	a, b := newDoc(1), newDoc(2)
	text := a.Text("t")
	other := b.Text("t")
	change(t, a, func(tx *crdt.Txn) error { return text.Insert(tx, 0, "word") })
	apply(t, b, a.Encode())
	change(t, a, func(tx *crdt.Txn) error { return text.Format(tx, 0, 4, attrs("bold", true)) })
	change(t, b, func(tx *crdt.Txn) error { return other.Format(tx, 0, 4, attrs("bold", true)) })
	ours, theirs := a.Encode(), b.Encode()
	cleaned := 0
	b.OnUpdate(func(_ []byte, tx *crdt.Txn) {
		if tx.Local() {
			cleaned++
		}
	})
	apply(t, b, ours)
	apply(t, a, theirs)
	if cleaned != 1 {
		t.Errorf("%d updates clean up, want 1", cleaned)
	}
	if got := show(other.ToDelta()); got != "|bold=true word" {
		t.Errorf("got %q", got)
	}
	change(t, b, func(tx *crdt.Txn) error {
		n, err := other.CleanUpFormats(tx)
		if n != 0 {
			t.Errorf("%d formats were left", n)
		}
		return err
	})
}

func apply(t *testing.T, d *crdt.Doc, u []byte) {
	t.Helper()
	if _, err := d.Apply(u); err != nil {
		t.Fatal(err)
	}
}

// TestTextEventsTellTheText lets an editor of its own follow the events of a text that
// two documents change: it has the same text with the same attributes in the end.
func TestTextEventsTellTheText(t *testing.T) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	docs := []*crdt.Doc{newDoc(1), newDoc(2)}
	mirrors := make([]*crdt.Doc, 2) // of the text, by its events alone
	for i, d := range docs {
		mirrors[i] = newDoc(uint64(3 + i))
		d.Text("t").Observe(func(e *crdt.TextEvent) {
			change(t, mirrors[i], func(tx *crdt.Txn) error { return mirrors[i].Text("t").ApplyDelta(tx, e.Delta()) })
		})
	}
	for range 600 {
		i := r.IntN(2)
		d := docs[i]
		text := d.Text("t")
		change(t, d, func(tx *crdt.Txn) error {
			at := r.IntN(text.Len() + 1)
			some := min(r.IntN(5), text.Len()-at)
			switch r.IntN(5) {
			case 0:
				return text.Delete(tx, at, some)
			case 1:
				return text.Format(tx, at, some, attrs([]string{"a", "b"}[r.IntN(2)], []any{nil, 1, 2}[r.IntN(3)]))
			case 2:
				return text.InsertWith(tx, at, "with", attrs("a", r.IntN(3)))
			}
			return text.Insert(tx, at, "text"[:1+r.IntN(4)])
		})
		if r.IntN(3) == 0 {
			apply(t, docs[1-i], d.Encode())
		}
	}
	for i, d := range docs {
		if got, want := show(mirrors[i].Text("t").ToDelta()), show(d.Text("t").ToDelta()); got != want {
			t.Errorf("the events of document %d tell\n%.500q\ninstead of\n%.500q", i, got, want)
		}
	}
	apply(t, docs[0], docs[1].Encode())
	apply(t, docs[1], docs[0].Encode())
	if !slices.Equal(docs[0].StateVector(), docs[1].StateVector()) {
		apply(t, docs[0], docs[1].Encode()) // what cleaned up at the last
	}
	if a, b := docs[0].Text("t").String(), docs[1].Text("t").String(); a != b {
		t.Errorf("the documents differ:\n%.500q\n%.500q", a, b)
	}
}
