package crdt_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/weft-sync/weft/core/crdt"
)

// undoable returns a document with a text, and what undoes changes to it.
func undoable(t *testing.T, config crdt.UndoConfig) (*crdt.Doc, crdt.Text, *crdt.UndoManager) {
	t.Helper()
	d := newDoc(1)
	text := d.Text("t")
	if config.Scope == nil {
		config.Scope = []crdt.Shared{text}
	}
	u, err := crdt.NewUndoManager(d, config)
	if err != nil {
		t.Fatal(err)
	}
	return d, text, u
}

func insert(t *testing.T, text crdt.Text, index int, s string, options ...crdt.TxnOption) {
	t.Helper()
	err := text.Doc().Transact(func(tx *crdt.Txn) error { return text.Insert(tx, index, s) }, options...)
	if err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, text crdt.Text, index, length int) {
	t.Helper()
	change(t, text.Doc(), func(tx *crdt.Txn) error { return text.Delete(tx, index, length) })
}

// step calls Undo or Redo and returns whether that changed anything.
func step(t *testing.T, fn func() (*crdt.StackItem, error)) bool {
	t.Helper()
	item, err := fn()
	if err != nil {
		t.Fatal(err)
	}
	return item != nil
}

func TestUndoCaptureTimeout(t *testing.T) {
	for _, c := range []struct {
		name    string
		timeout int64
		times   []int64 // of inserting a, b, c and so on
		stop    int     // before which of them capturing is stopped; 0: none
		want    string  // what each Undo leaves
	}{
		{"by default", 0, []int64{1000, 1499, 1998, 2498}, 0, "abc,"},
		{"of its own", 100, []int64{1000, 1099, 1199, 1299}, 0, "abc,ab,"},
		{"each", -1, []int64{1000, 1000, 1000}, 0, "ab,a,"},
		{"no time", 0, []int64{0, 0, 0}, 0, "ab,a,"},
		{"stopped", 0, []int64{1000, 1001, 1002}, 1, "a,"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, text, u := undoable(t, crdt.UndoConfig{CaptureTimeout: c.timeout})
			for i, now := range c.times {
				d.SetTime(now)
				if c.stop > 0 && i == c.stop {
					u.StopCapturing()
				}
				insert(t, text, i, string(rune('a'+i)))
			}
			all := text.String()
			var left []string
			for u.CanUndo() {
				step(t, u.Undo)
				left = append(left, text.String())
			}
			if got := strings.Join(left, ","); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			for u.CanRedo() {
				step(t, u.Redo)
			}
			if text.String() != all {
				t.Errorf("got %q again, want %q", text, all)
			}
		})
	}
}

func TestUndoOrigins(t *testing.T) {
	type plugin struct{ name string }
	d, text, u := undoable(t, crdt.UndoConfig{Origins: []any{"me"}, TracksOrigin: func(o any) bool { _, ok := o.(plugin); return ok }})
	u.Track("late")
	insert(t, text, 0, "1")
	insert(t, text, 1, "2", crdt.WithOrigin("me"))
	insert(t, text, 2, "3", crdt.WithOrigin(plugin{"x"}))
	insert(t, text, 3, "4", crdt.WithOrigin("late"))
	u.Untrack("late")
	insert(t, text, 4, "5", crdt.WithOrigin("late"))
	for u.CanUndo() {
		step(t, u.Undo)
	}
	if text.String() != "15" {
		t.Errorf("got %q", text)
	}
	if d.Text("other"); len(u.RedoStack()) != 3 {
		t.Errorf("there are %d steps to redo", len(u.RedoStack()))
	}
}

func TestUndoScope(t *testing.T) {
	d, text, u := undoable(t, crdt.UndoConfig{})
	other := d.Text("other")
	insert(t, other, 0, "a")
	if u.CanUndo() {
		t.Error("a type out of the scope is undone")
	}
	if err := u.AddToScope(newDoc(2).Text("t")); !errors.Is(err, crdt.ErrForeign) {
		t.Error(err)
	}
	if _, err := crdt.NewUndoManager(newDoc(2), crdt.UndoConfig{Scope: []crdt.Shared{text}}); !errors.Is(err, crdt.ErrForeign) {
		t.Error(err)
	}
	if err := u.AddToScope(other); err != nil {
		t.Fatal(err)
	}
	insert(t, other, 1, "b")
	if !step(t, u.Undo) || other.String() != "a" {
		t.Errorf("got %q", other)
	}
	u.Destroy()
	u.Destroy()
	insert(t, text, 0, "c")
	if u.CanUndo() {
		t.Error("it captures after its end")
	}
}

// What a step deleted stays in the document, and is nobody else's to keep.
func TestUndoKeeps(t *testing.T) {
	d, text, u := undoable(t, crdt.UndoConfig{})
	insert(t, text, 0, strings.Repeat("kept", 100))
	remove(t, text, 0, 400)
	if len(d.Encode()) < 400 {
		t.Fatal("what was deleted is gone")
	}
	other := newDoc(2)
	if _, err := other.Apply(d.Encode()); err != nil || len(other.Encode()) > 100 {
		t.Errorf("%v, another document keeps %d bytes", err, len(other.Encode()))
	}
	step(t, u.Undo)
	if text.Len() != 400 {
		t.Fatalf("got %q", text)
	}
	var cleared []string
	u.OnCleared(func(undo, redo bool) { cleared = append(cleared, fmt.Sprint(undo, redo)) })
	u.Clear()
	u.Clear()
	if u.CanUndo() || u.CanRedo() || len(cleared) != 1 || cleared[0] != "true true" {
		t.Errorf("cleared %v", cleared)
	}
}

func TestUndoMayDelete(t *testing.T) {
	var seen []any
	d, text, u := undoable(t, crdt.UndoConfig{CaptureTimeout: -1, MayDelete: func(it crdt.Item) bool {
		seen = append(seen, it.Values...)
		return it.Length != 3
	}})
	insert(t, text, 0, "a")
	insert(t, text, 0, "bcd")
	if step(t, u.Undo) != true || text.String() != "bcd" {
		t.Errorf("got %q: the step that was kept is skipped, the one before is undone", text)
	}
	if fmt.Sprint(seen) != "[b c d a]" || d.ClientID() != 1 {
		t.Errorf("the filter was asked about %v", seen)
	}
}

func TestUndoCaptures(t *testing.T) {
	_, text, u := undoable(t, crdt.UndoConfig{Captures: func(tx *crdt.Txn) bool { return tx.Origin() == nil }, Origins: []any{nil, "import"}})
	insert(t, text, 0, "a", crdt.WithOrigin("import"))
	if u.CanUndo() {
		t.Error("captured")
	}
}

func TestUndoEvents(t *testing.T) {
	d, text, u := undoable(t, crdt.UndoConfig{})
	var got []string
	note := func(what string) func(crdt.StackEvent) {
		return func(e crdt.StackEvent) {
			changed := "nothing"
			if events := e.Changed(text); len(events) > 0 {
				changed = describe(events[0])
			}
			got = append(got, fmt.Sprint(what, " ", e.Redo, " ", e.Origin == any(u), " ", e.Item.Meta["cursor"], " ", changed))
		}
	}
	u.OnAdded(func(e crdt.StackEvent) {
		e.Item.Meta["cursor"] = text.Len()
		note("added")(e)
	})
	u.OnUpdated(note("updated"))
	cancel := u.OnPopped(note("popped"))
	text.Observe(func(e *crdt.TextEvent) { e.Delta() }) // events keep what was asked for
	d.SetTime(1)
	insert(t, text, 0, "ab")
	insert(t, text, 2, "c")
	step(t, u.Undo)
	step(t, u.Redo)
	cancel()
	step(t, u.Undo)
	want := []string{
		"added false false 2 +ab",
		"updated false false 2 =2 +c",
		"added true true 0 -3",
		"popped false true 2 -3",
		"added false true 3 +abc",
		"popped true true 0 +abc",
		"added true true 0 -3",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

func TestUndoWithoutClient(t *testing.T) {
	d := crdt.NewDoc()
	u, err := crdt.NewUndoManager(d, crdt.UndoConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if step(t, u.Undo) || step(t, u.Redo) {
		t.Error("something of nothing is undone")
	}
	// An empty transaction counts, as in Yjs, where the scope is the whole document.
	change(t, d, func(*crdt.Txn) error { return nil })
	if !u.CanUndo() {
		t.Error("an empty transaction is not captured")
	}
}

// Values of a key are brought back unless somebody else has set it since.
func TestUndoMap(t *testing.T) {
	for _, over := range []bool{false, true} {
		a, b := newDoc(1), newDoc(2)
		m := a.Map("m")
		u, err := crdt.NewUndoManager(a, crdt.UndoConfig{CaptureTimeout: -1, OverRemoteMaps: over})
		if err != nil {
			t.Fatal(err)
		}
		change(t, a, func(tx *crdt.Txn) error { return m.Set(tx, "k", "first") })
		change(t, a, func(tx *crdt.Txn) error { return m.Set(tx, "k", "second") })
		if _, err := b.Apply(a.Encode()); err != nil {
			t.Fatal(err)
		}
		change(t, b, func(tx *crdt.Txn) error { return b.Map("m").Set(tx, "k", "theirs") })
		if _, err := a.ApplyFrom(b.Encode(), "remote"); err != nil {
			t.Fatal(err)
		}
		step(t, u.Undo)
		want := "theirs"
		if over {
			want = "first"
		}
		if got, _ := m.Get("k"); got != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
}

func ExampleUndoManager() {
	doc := crdt.NewDoc(crdt.WithClientID(1))
	text := doc.Text("t")
	undo, err := crdt.NewUndoManager(doc, crdt.UndoConfig{Scope: []crdt.Shared{text}})
	if err != nil {
		panic(err)
	}
	undo.OnAdded(func(e crdt.StackEvent) { e.Item.Meta["cursor"] = text.Len() })
	undo.OnPopped(func(e crdt.StackEvent) { fmt.Println("cursor was at", e.Item.Meta["cursor"]) })
	for i, word := range []string{"hello", " world"} {
		doc.SetTime(int64(1000 + i*1000)) // from the host's clock
		err := doc.Transact(func(tx *crdt.Txn) error { return text.Insert(tx, text.Len(), word) })
		if err != nil {
			panic(err)
		}
	}
	if _, err := undo.Undo(); err != nil {
		panic(err)
	}
	fmt.Println(text)
	if _, err := undo.Redo(); err != nil {
		panic(err)
	}
	fmt.Println(text)
	// Output:
	// cursor was at 11
	// hello
	// cursor was at 5
	// hello world
}
