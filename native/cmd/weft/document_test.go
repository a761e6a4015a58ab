package main_test

import (
	"encoding/base64"
	"slices"
	"testing"

	"github.com/weft-sync/weft/core/crdt"
	"github.com/weft-sync/weft/core/update"
)

// edited returns a document with something of every kind, and its updates.
func edited(t *testing.T) (doc *crdt.Doc, updates [][]byte) {
	t.Helper()
	doc = crdt.NewDoc(crdt.WithClientID(7))
	doc.OnUpdate(func(u []byte, _ *crdt.Txn) { updates = append(updates, u) })
	text, array, settings := doc.Text("content"), doc.Array("list"), doc.Map("settings")
	for _, edit := range []func(*crdt.Txn) error{
		func(tx *crdt.Txn) error { return text.Insert(tx, 0, "hello 😀 world") },
		func(tx *crdt.Txn) error {
			return text.Format(tx, 0, 5, crdt.Attrs{{Key: "bold", Value: true}})
		},
		func(tx *crdt.Txn) error { return text.Delete(tx, 5, 3) },
		func(tx *crdt.Txn) error {
			return array.Insert(tx, 0, 1, 2.5, "x", nil, crdt.Undefined{}, crdt.BigInt(12), []byte{1, 2})
		},
		func(tx *crdt.Txn) error {
			nested, err := array.InsertMap(tx, 0)
			if err != nil {
				return err
			}
			return nested.Set(tx, "deep", []any{crdt.Object{{Key: "a", Value: crdt.Undefined{}}}})
		},
		func(tx *crdt.Txn) error {
			if err := settings.Set(tx, "b", "first"); err != nil {
				return err
			}
			return settings.Set(tx, "a", crdt.NewDoc(crdt.WithGUID("inner")))
		},
		func(tx *crdt.Txn) error { return settings.Set(tx, "b", "second") },
		func(tx *crdt.Txn) error {
			p, err := doc.XMLFragment("page").InsertElement(tx, 0, "p")
			if err != nil {
				return err
			}
			if err := p.SetAttribute(tx, "class", "intro"); err != nil {
				return err
			}
			words, err := p.InsertText(tx, 0)
			if err != nil {
				return err
			}
			return words.Insert(tx, 0, "words")
		},
	} {
		if err := doc.Transact(edit); err != nil {
			t.Fatal(err)
		}
	}
	return doc, updates
}

func TestUpdateView(t *testing.T) {
	_, updates := edited(t)
	for _, tc := range []struct {
		args []string
		out  string
	}{
		{[]string{"--text", "content"}, `{"text":{"content":"hello world"}}`},
		{[]string{"--delta", "content"}, `{"delta":{"content":[{"insert":"hello","attributes":{"bold":true}},{"insert":" world"}]}}`},
		{[]string{"--xml", "page"}, `{"xml":{"page":"<p class=\"intro\">words</p>"}}`},
		{[]string{"--array", "list", "--map", "settings", "--text", "none", "--text", "content"},
			`{"text":{"none":"","content":"hello world"},` +
				`"array":{"list":[{"deep":[{"a":{"$undefined":true}}]},1,2.5,"x",null,{"$undefined":true},{"$bigint":"12"},{"$bytes":"AQI="}]},` +
				`"map":{"settings":{"b":"second","a":{"$doc":"inner"}}}}`},
	} {
		args := append([]string{"update", "view"}, tc.args...)
		if got := weft(t, lines(updates), args...); got != (result{0, tc.out + "\n", ""}) {
			t.Errorf("%q:\ngot  %+v\nwant %s", tc.args, got, tc.out)
		}
	}
}

func TestUpdateState(t *testing.T) {
	doc, updates := edited(t)
	shuffled := slices.Clone(updates)
	slices.Reverse(shuffled)
	kept := crdt.NewDoc(crdt.WithClientID(1), crdt.WithoutGC())
	for _, u := range updates {
		if _, err := kept.Apply(u); err != nil {
			t.Fatal(err)
		}
	}
	known := update.StateVector{7: 10}.Append(nil)
	part, err := doc.Diff(known)
	if err != nil {
		t.Fatal(err)
	}
	since := base64.StdEncoding.EncodeToString(known)
	v2 := files(t, [][]byte{doc.EncodeV2()})
	for _, tc := range []struct {
		what  string
		stdin string
		args  []string
		want  []byte
	}{
		{"in order", lines(updates), nil, doc.Encode()},
		{"reversed", lines(shuffled), nil, doc.Encode()},
		{"twice", lines(append(slices.Clone(updates), updates...)), nil, doc.Encode()},
		{"as version 2", lines(updates), []string{"--v2"}, doc.EncodeV2()},
		{"of version 2", "", v2, doc.Encode()},
		{"without collecting", lines(updates), []string{"--gc=false"}, kept.Encode()},
		{"without collecting, said otherwise", lines(updates), []string{"--no-gc"}, kept.Encode()},
		{"since", lines(updates), []string{"--since", since}, part},
	} {
		args := append([]string{"update", "state"}, tc.args...)
		want := lines([][]byte{tc.want})
		if got := weft(t, tc.stdin, args...); got != (result{0, want, ""}) {
			t.Errorf("%s:\ngot  %+v\nwant %s", tc.what, got, want)
		}
	}
}

func TestUpdateSnapshot(t *testing.T) {
	doc, updates := edited(t)
	snapshot := doc.Snapshot()
	for version, want := range map[string][]byte{"": snapshot.Append(nil), "--v2": snapshot.AppendV2(nil)} {
		args := []string{"update", "snapshot"}
		if version != "" {
			args = append(args, version)
		}
		if got := weft(t, lines(updates), args...); got != (result{0, lines([][]byte{want}), ""}) {
			t.Errorf("%v: %+v, want %q", args, got, lines([][]byte{want}))
		}
	}
}
