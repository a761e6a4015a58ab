package crdt_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"github.com/weft-sync/weft/core/crdt"
	"github.com/weft-sync/weft/core/lib0"
)

// positions makes two documents whose texts, one of them in an array, have deleted
// and collected parts.
func positions(t *testing.T) (d *crdt.Doc, root, inner crdt.Text) {
	t.Helper()
	d = newDoc(1)
	root = d.Text("t")
	list := d.Array("a")
	change(t, d, func(tx *crdt.Txn) (err error) {
		if err = root.Insert(tx, 0, "hello"); err == nil {
			inner, err = list.InsertText(tx, 0)
		}
		if err == nil {
			err = inner.Insert(tx, 0, "inner")
		}
		return err
	})
	change(t, d, func(tx *crdt.Txn) error { return root.Insert(tx, 2, "XY") })
	return d, root, inner
}

// What is wanted is what yjs@13.6.33 writes for the same document.
func TestPositionEncoding(t *testing.T) {
	_, root, inner := positions(t)
	for _, c := range []struct {
		in    crdt.Text
		index int
		assoc int64
		bytes string
		json  string
	}{
		{root, 0, 0, "00010000", `{"tname":"t","item":{"client":1,"clock":0},"assoc":0}`},
		{root, 2, 0, "00010b00", `{"tname":"t","item":{"client":1,"clock":11},"assoc":0}`},
		{root, 2, -1, "00010141", `{"tname":"t","item":{"client":1,"clock":1},"assoc":-1}`},
		{root, 3, 0, "00010c00", `{"tname":"t","item":{"client":1,"clock":12},"assoc":0}`},
		{root, 7, 0, "01017400", `{"tname":"t","assoc":0}`},
		{root, 7, -1, "00010441", `{"tname":"t","item":{"client":1,"clock":4},"assoc":-1}`},
		{root, 0, -1, "01017441", `{"tname":"t","assoc":-1}`},
		{root, 1, 100, "000101a401", `{"tname":"t","item":{"client":1,"clock":1},"assoc":100}`},
		{inner, 5, 0, "02010500", `{"type":{"client":1,"clock":5},"assoc":0}`},
		{inner, 1, 0, "00010700", `{"type":{"client":1,"clock":5},"item":{"client":1,"clock":7},"assoc":0}`},
	} {
		p, err := c.in.Position(c.index, c.assoc)
		if err != nil {
			t.Fatal(err)
		}
		b, err := p.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if hex.EncodeToString(b) != c.bytes || string(p.AppendJSON(nil)) != c.json {
			t.Errorf("%d %d: got %x and %s, want %s and %s", c.index, c.assoc, b, p.AppendJSON(nil), c.bytes, c.json)
		}
		if q, err := crdt.ParsePosition([]byte(c.json)); err != nil || q != p {
			t.Errorf("%s: %v, %v", c.json, q, err)
		}
		q, err := crdt.DecodePosition(b)
		again, _ := q.Append(nil)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x: %v, %x", b, err, again)
		}
		tied := len(b) - len(lib0.AppendInt(nil, uint64(max(c.assoc, -c.assoc)), c.assoc < 0))
		for n := range b { // the association may be left out
			if _, err := crdt.DecodePosition(b[:n]); (err == nil) != (n == tied) {
				t.Errorf("%x: %v", b[:n], err)
			}
		}
		var wire *lib0.Error
		if _, err := crdt.DecodePosition(append(b, 0)); !errors.As(err, &wire) {
			t.Errorf("a byte after %x: %v", b, err)
		}
	}
}

func TestPositionRefused(t *testing.T) {
	d, root, inner := positions(t)
	if _, err := root.Position(8, 0); err != crdt.ErrRange {
		t.Error(err)
	}
	if _, err := root.Position(-1, 0); err != crdt.ErrRange {
		t.Error(err)
	}
	change(t, d, func(tx *crdt.Txn) error { return d.Array("a").Delete(tx, 0, 1) })
	if _, err := inner.Position(0, 0); err != crdt.ErrDeleted {
		t.Error(err)
	}
	if _, err := (crdt.RelativePosition{}).Append(nil); err != crdt.ErrPosition {
		t.Error(err)
	}
	for _, text := range []string{"", "1", `{"item":1}`, `{"item":{"client":1}}`, `{"item":{"client":-1,"clock":0}}`,
		`{"item":{"client":1,"clock":0.5}}`, `{"type":"x"}`, `{"tname":1}`, `{"assoc":"1"}`, `{"assoc":1e300}`} {
		var wire *lib0.Error
		if p, err := crdt.ParsePosition([]byte(text)); !errors.As(err, &wire) || p != (crdt.RelativePosition{}) {
			t.Errorf("%s: %v, %v", text, p, err)
		}
	}
	var wire *lib0.Error
	if _, err := crdt.DecodePosition([]byte{3}); !errors.As(err, &wire) || wire.Reason != lib0.UnknownType {
		t.Error(err)
	}
	for _, text := range []string{`{"item":{"client":1,"clock":99}}`, `{"item":{"client":9,"clock":0}}`, `{"type":{"client":9,"clock":0}}`,
		`{"type":{"client":1,"clock":0}}`, `{"tname":"unknown"}`, `{}`, `{"item":{"client":1,"clock":6}}`} {
		p, err := crdt.ParsePosition([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if a, ok := d.Resolve(p); ok {
			t.Errorf("%s is at %v", text, a)
		}
	}
	if _, ok := newDoc(1).Resolve(crdt.RelativePosition{}); ok {
		t.Error("a position in nothing is somewhere")
	}
}

func ExampleText_Position() {
	doc := crdt.NewDoc(crdt.WithClientID(1))
	text := doc.Text("t")
	edit := func(fn func(tx *crdt.Txn) error) {
		if err := doc.Transact(fn); err != nil {
			panic(err)
		}
	}
	edit(func(tx *crdt.Txn) error { return text.Insert(tx, 0, "world") })
	cursor, err := text.Position(3, crdt.AssocAfter)
	if err != nil {
		panic(err)
	}
	edit(func(tx *crdt.Txn) error { return text.Insert(tx, 0, "hello ") })
	at, ok := doc.Resolve(cursor)
	fmt.Println(at.Index, ok)
	// Output: 9 true
}
