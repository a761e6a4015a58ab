package crdt_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/weft-sync/weft/core/crdt"
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// compared makes a document whose text two people changed, with what it was before,
// after, and after one more change.
func compared(t *testing.T) (text crdt.Text, before, after update.Snapshot, theirs []byte) {
	t.Helper()
	a := crdt.NewDoc(crdt.WithClientID(1), crdt.WithoutGC())
	b := crdt.NewDoc(crdt.WithClientID(2), crdt.WithoutGC())
	text = a.Text("t")
	insert(t, text, 0, "hello world")
	apply := func(d *crdt.Doc, u []byte) {
		if _, err := d.Apply(u); err != nil {
			t.Fatal(err)
		}
	}
	apply(b, a.Encode())
	before = a.Snapshot()
	remove(t, text, 2, 6)
	insert(t, text, 2, "XY")
	change(t, a, func(tx *crdt.Txn) error { return text.Format(tx, 0, 1, crdt.Attrs{{Key: "bold", Value: true}}) })
	insert(t, b.Text("t"), 11, "!")
	remove(t, b.Text("t"), 0, 1)
	insert(t, b.Text("t"), 0, "J")
	apply(a, b.Encode())
	after = a.Snapshot()
	insert(t, text, 0, "later ")
	return text, before, after, b.Encode()
}

// What is wanted is what yjs@13.6.33 says for the same changes.
func TestCompare(t *testing.T) {
	text, before, after, _ := compared(t)
	user := func(c crdt.Changed) crdt.Attrs {
		return crdt.Attrs{{Key: "user", Value: c.First.Client}, {Key: "type", Value: c.Kind}}
	}
	first := func(c crdt.Changed) crdt.Attrs {
		return append(user(c), crdt.Member{Key: "clock", Value: c.First.Clock})
	}
	state := string(text.Doc().Encode())
	for _, c := range []struct {
		name        string
		now, before *update.Snapshot
		mark        func(crdt.Changed) crdt.Attrs
		want        string
	}{
		{"without a mark", &after, &before, nil,
			"h[{type removed}] J[{type added}] e llo wo[{type removed}] XY[{type added}] rld ![{type added}]"},
		{"with users", &after, &before, user,
			"h[{user 1} {type removed}] J[{user 2} {type added}] e llo wo[{user 1} {type removed}] XY[{user 1} {type added}] rld ![{user 2} {type added}]"},
		{"the other way", &before, &after, first,
			"h[{user 1} {type added} {clock 0}] J[{user 2} {type removed} {clock 1}] e llo wo[{user 1} {type added} {clock 2}] " +
				"XY[{user 1} {type removed} {clock 11}] rld ![{user 2} {type removed} {clock 0}]"},
		{"at one", &before, nil, nil, "hello world"},
		{"since", nil, &after, nil, "later [{type added}] JeXYrld!"},
		{"not at all", nil, nil, nil, "later JeXYrld!"},
	} {
		var got []string
		for _, op := range text.Compare(c.now, c.before, c.mark) {
			s := fmt.Sprint(op.Insert)
			for _, m := range op.Attributes {
				s += fmt.Sprint(m.Value)
			}
			got = append(got, s)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: got %s\nwant %s", c.name, s, c.want)
		}
	}
	if string(text.Doc().Encode()) != state {
		t.Error("looking at snapshots has changed the document")
	}
}

func TestSnapshotContains(t *testing.T) {
	text, before, after, theirs := compared(t)
	d := text.Doc()
	now := d.Snapshot()
	v2, err := update.ConvertV1ToV2(theirs)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		at   update.Snapshot
		u    []byte
		v2   []byte
		want bool
	}{
		{after, d.Encode(), d.EncodeV2(), false},
		{now, d.Encode(), d.EncodeV2(), true},
		{after, theirs, v2, true},
		{before, theirs, v2, false},
	} {
		got, err := c.at.Contains(c.u)
		if got != c.want || err != nil {
			t.Errorf("got %v, %v, want %v", got, err, c.want)
		}
		got, err = c.at.ContainsV2(c.v2)
		if got != c.want || err != nil {
			t.Errorf("in version 2: got %v, %v, want %v", got, err, c.want)
		}
	}
	var wire *lib0.Error
	if _, err := now.Contains(theirs[:len(theirs)-1]); !errors.As(err, &wire) {
		t.Errorf("half an update: %v", err)
	}
	if _, err := now.ContainsV2(theirs); !errors.As(err, &wire) {
		t.Errorf("an update of the other version: %v", err)
	}
}

func TestSnapshotRefused(t *testing.T) {
	d := newDoc(1)
	if _, err := d.Restore(d.Snapshot()); !errors.Is(err, crdt.ErrCollects) {
		t.Error(err)
	}
	kept := crdt.NewDoc(crdt.WithoutGC())
	for client, clock := range map[uint64]uint64{1: 1, kept.ClientID(): 1} {
		if _, err := kept.Restore(update.Snapshot{Known: update.StateVector{client: clock}}); !errors.Is(err, crdt.ErrSnapshot) {
			t.Error(err)
		}
	}
}

// Views of all kinds show what was there, and no more: Yjs shows all values of an
// array that were put there in a row.
func TestViewsAtSnapshot(t *testing.T) {
	d := crdt.NewDoc(crdt.WithClientID(1), crdt.WithoutGC())
	a, m, text := d.Array("a"), d.Map("m"), d.Text("t")
	do := func(values []any, value any, s string) {
		change(t, d, func(tx *crdt.Txn) error {
			return errors.Join(a.Push(tx, values...), m.Set(tx, "k", value), text.Insert(tx, 0, s), text.SetAttribute(tx, "lang", s))
		})
	}
	empty := d.Snapshot()
	do([]any{1, 2}, "x", "de")
	at := d.Snapshot()
	do([]any{3}, "y", "fr")
	change(t, d, func(tx *crdt.Txn) error { return errors.Join(a.Delete(tx, 0, 2), m.Delete(tx, "k")) })
	if got := fmt.Sprint(a.ValuesAt(at), m.AllAt(at), text.StringAt(at), text.AttributesAt(at)); got != "[1 2] [{k x}]de[{lang de}]" {
		t.Errorf("got %s", got)
	}
	if got := fmt.Sprint(a.ValuesAt(empty), m.AllAt(empty), text.StringAt(empty)); got != "[] []" {
		t.Errorf("got %s", got)
	}
	if got := fmt.Sprint(a.Values(), m.Len(), text.String()); got != "[3] 0frde" {
		t.Errorf("now it is %s", got)
	}
}

func ExampleDoc_Restore() {
	doc := crdt.NewDoc(crdt.WithClientID(1), crdt.WithoutGC())
	text := doc.Text("t")
	edit := func(index int, s string) {
		if err := doc.Transact(func(tx *crdt.Txn) error { return text.Insert(tx, index, s) }); err != nil {
			panic(err)
		}
	}
	edit(0, "world")
	kept := doc.Snapshot()
	stored := kept.Append(nil)
	edit(0, "hello ")
	then, err := update.DecodeSnapshot(stored)
	if err != nil {
		panic(err)
	}
	old, err := doc.Restore(then)
	if err != nil {
		panic(err)
	}
	fmt.Println(old.Text("t"), "/", text)
	// Output: world / hello world
}
