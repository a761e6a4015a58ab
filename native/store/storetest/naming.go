package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/weft-sync/weft/native/store"
)

// oddNames are names that have been somebody's undoing.
func oddNames() []string {
	names := []string{
		"a", "aa", "aaa", "b", "a/b", "a/b/c", "/", "//", ".", "..", "../x", "a:b", "a\x00b", "\x00", "\x00\x00", "a\x00",
		"\xff", "\xff\xff", "\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\xfe", "!badger!", "!badger!txn", "__proto__", "constructor",
		" ", "\n", "%2e%2e", "ä", "🧶", "\xed\xa0\x80", "CON", "a*", "d", "n", "v", "x", "d\x00\x00\x00\x00\x00\x00\x00\x01h",
		strings.Repeat("x", store.MaxName), strings.Repeat("x", store.MaxName-1), strings.Repeat("\x00", store.MaxName),
		strings.Repeat("\xff", store.MaxName), strings.Repeat("/", store.MaxName), strings.Repeat("a", 17),
	}
	for b := range 256 {
		names = append(names, string([]byte{'z', byte(b)}))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func testNames(t *T) {
	t.open()
	names := oddNames()
	client := func(i int) uint64 { return uint64(i + 1) }
	for i, name := range names {
		y := typist{client: client(i)}
		d := t.doc(name)
		t.save(d, y.updates(3)...)
		if i%3 == 0 {
			if err := d.Compact(context.Background(), y.snapshot()); err != nil {
				t.Fatal(err)
			}
		}
		t.closeDoc(d)
	}
	t.reopen()
	for i, name := range names {
		y := typist{client: client(i)}
		want := y.updates(3)
		if i%3 == 0 {
			want = [][]byte{y.snapshot()}
		}
		t.equalParts(t.parts(name), want)
	}
	t.equalParts(t.parts("aaaa"), nil) // near misses do not exist
	t.equalParts(t.parts("z"), nil)
	if got := t.list(7); !slices.Equal(got, names) {
		t.Fatalf("listed %q\nwant %q", got, names)
	}
}

// list pages through all names.
func (t *T) list(limit int) []string {
	t.Helper()
	var names []string
	after := ""
	for {
		infos, err := t.st.List(context.Background(), after, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, info := range infos {
			names = append(names, info.Name)
		}
		if len(infos) > limit {
			t.Fatalf("%d names on a page of %d", len(infos), limit)
		}
		if len(infos) < limit {
			return names
		}
		after = infos[len(infos)-1].Name
	}
}

func testNamesRefused(t *T) {
	t.open()
	for _, name := range []string{"", strings.Repeat("x", store.MaxName+1), strings.Repeat("x", 4096)} {
		if _, err := t.st.Open(context.Background(), name); !errors.Is(err, store.ErrName) {
			t.Errorf("Open with a name of %d bytes: %v", len(name), err)
		}
		if err := t.st.Delete(context.Background(), name); !errors.Is(err, store.ErrName) {
			t.Errorf("Delete with a name of %d bytes: %v", len(name), err)
		}
	}
}

func testList(t *T) {
	t.open()
	var names []string
	for i := range 25 {
		name := fmt.Sprintf("doc/%02d", i)
		names = append(names, name)
		y := typist{client: 1}
		d := t.doc(name)
		t.save(d, y.types("hello"))
		if i == 3 {
			if err := d.Compact(context.Background(), y.snapshot()); err != nil {
				t.Fatal(err)
			}
		}
		if i%2 == 0 { // open documents are listed too
			t.closeDoc(d)
		}
	}
	for _, limit := range []int{1, 2, 24, 25, 26, 1000} {
		if got := t.list(limit); !slices.Equal(got, names) {
			t.Errorf("in pages of %d: %q", limit, got)
		}
	}
	for _, limit := range []int{0, -1} {
		infos, err := t.st.List(context.Background(), "", limit)
		if err != nil || len(infos) != len(names) {
			t.Errorf("limit %d: %d names, %v", limit, len(infos), err)
		}
	}
	for after, want := range map[string]int{"doc/23": 1, "doc/24": 0, "doc/0": 25, "doc/2": 5, "zzz": 0, "\x00": 25, "doc/05\x00": 19} {
		infos, err := t.st.List(context.Background(), after, 100)
		if err != nil || len(infos) != want {
			t.Errorf("after %q: %d names, want %d; %v", after, len(infos), want, err)
		}
	}
	infos, err := t.st.List(context.Background(), "doc/02", 2)
	if err != nil || len(infos) != 2 {
		t.Fatal(infos, err)
	}
	if infos[0].SnapshotBytes != int64(len(typed(1, 0, "hello"))) || infos[1].SnapshotBytes != 0 {
		t.Errorf("sizes of snapshots: %v", infos)
	}
}

func testDelete(t *T) {
	ctx := context.Background()
	t.open()
	y := typist{client: 1}
	keep := y.updates(20)
	for _, name := range []string{"a", "b", "b/c"} {
		d := t.doc(name)
		t.save(d, keep...)
		t.closeDoc(d)
	}
	d := t.doc("b")
	if err := d.Compact(ctx, y.snapshot()); err != nil {
		t.Fatal(err)
	}
	t.save(d, typed(2, 0, letters(1<<20, 1)))
	t.closeDoc(d)
	if err := t.st.Delete(ctx, "b"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		t.equalParts(t.parts("b"), nil)
		if got := t.list(10); !slices.Equal(got, []string{"a", "b/c"}) {
			t.Fatalf("listed %q", got)
		}
		t.equalParts(t.parts("a"), keep)
		t.equalParts(t.parts("b/c"), keep)
		t.reopen()
	}
	for _, name := range []string{"b", "never was"} {
		if err := t.st.Delete(ctx, name); err != nil {
			t.Errorf("Delete of %q, which does not exist: %v", name, err)
		}
	}
}

func testDeleteAndCreate(t *T) {
	t.open()
	for i := range uint64(10) {
		y := typist{client: i + 1}
		updates := y.updates(5)
		d := t.doc("a")
		t.equalParts(d.Parts(), nil)
		t.save(d, updates...)
		t.closeDoc(d)
		t.equalParts(t.parts("a"), updates)
		if err := t.st.Delete(context.Background(), "a"); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			t.reopen()
		}
	}
}

func testContexts(t *T) {
	t.open()
	y := typist{client: 1}
	d := t.doc("a")
	updates := y.updates(50)
	t.save(d, updates...)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := d.Compact(ctx, y.snapshot()); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Compact: %v", err)
	}
	t.save(d, y.types("and on"))
	t.closeDoc(d)
	if d, err := t.st.Open(ctx, "a"); err == nil {
		t.closeDoc(d)
	} else if !errors.Is(err, context.Canceled) {
		t.Errorf("Open: %v", err)
	}
	parts := t.parts("a") // it is not in use, and whole
	if err := store.Verify(parts, y.snapshot()); err != nil {
		t.Error(err)
	}
}
