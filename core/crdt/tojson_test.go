package crdt_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/weft-sync/weft/core/crdt"
)

func TestToJSON(t *testing.T) {
	d := newDoc(1)
	m, a, text := d.Map("m"), d.Array("a"), d.Text("t")
	article(t, d)
	change(t, d, func(tx *crdt.Txn) error {
		for _, e := range []struct {
			key   string
			value any
		}{{"b", 1}, {"10", "x"}, {"2", crdt.Undefined{}}, {"9", crdt.Object{{Key: "u", Value: crdt.Undefined{}}, {Key: "n", Value: nil}}}, {"__proto__", 1}} {
			if err := m.Set(tx, e.key, e.value); err != nil {
				return err
			}
		}
		inner, err := m.SetArray(tx, "b")
		if err != nil {
			return err
		}
		if err := inner.Push(tx, "é\n", crdt.Undefined{}, []byte{7}); err != nil {
			return err
		}
		if _, err := a.PushMap(tx); err != nil {
			return err
		}
		return text.Insert(tx, 0, `"quoted"`)
	})
	// What JSON.stringify of yjs's toJSON gives.
	for _, c := range []struct {
		name  string
		of    interface{ ToJSON() ([]byte, error) }
		wants string
	}{
		{"map", m, `{"9":{"n":null},"10":"x","b":["é\n",null,{"0":7}]}`},
		{"array", a, `[{}]`},
		{"text", text, `"\"quoted\""`},
		{"empty", d.XMLText("empty"), `""`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.of.ToJSON()
			if err != nil || string(got) != c.wants {
				t.Errorf("got  %s, %v\nwant %s", got, err, c.wants)
			}
		})
	}
	whole, err := d.ToJSON()
	if err != nil || !strings.HasPrefix(string(whole), `{"m":{"9":`) || !strings.HasSuffix(string(whole), `,"empty":""}`) {
		t.Errorf("the document is %s, %v", whole, err)
	}
	change(t, d, func(tx *crdt.Txn) error { return a.Push(tx, crdt.BigInt(1)) })
	if _, err := d.ToJSON(); !errors.Is(err, crdt.ErrValue) {
		t.Errorf("a big integer: %v", err)
	}
}

func TestDeepToJSON(t *testing.T) {
	d := newDoc(1)
	a := d.Array("a")
	change(t, d, func(tx *crdt.Txn) (err error) {
		at := a
		for range deep {
			if at, err = at.InsertArray(tx, 0); err != nil {
				return err
			}
		}
		return nil
	})
	got, err := a.ToJSON()
	if err != nil || len(got) != 2*(deep+1) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	change(t, d, func(tx *crdt.Txn) error { return a.Delete(tx, 0, 1) })
}
