package crdt_test

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/weft-sync/weft/core/crdt"
)

// formattedText is a text of 100,000 characters, of which each tenth word is bold.
func formattedText(b *testing.B) (*crdt.Doc, crdt.Text) {
	d := crdt.NewDoc(crdt.WithClientID(1))
	text := d.Text("t")
	err := d.Transact(func(tx *crdt.Txn) error {
		for n := 0; n < 100_000/50; n++ {
			if err := text.InsertWith(tx, text.Len(), "bold text ", crdt.Attrs{{Key: "bold", Value: true}}); err != nil {
				return err
			}
			if err := text.InsertWith(tx, text.Len(), "and forty characters that are not bold. ", nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return d, text
}

// BenchmarkFormattedTyping types into a formatted text: at one place, at random
// places, and with the format of what is typed given.
func BenchmarkFormattedTyping(b *testing.B) {
	for _, c := range []struct {
		name string
		at   func(text crdt.Text, n int) int
		with crdt.Attrs
	}{
		{"middle", func(text crdt.Text, n int) int { return 50_005 + n }, nil},
		{"random", func(text crdt.Text, _ int) int { return rand.IntN(text.Len()) }, nil},
		{"bold", func(text crdt.Text, n int) int { return 50_005 + n }, crdt.Attrs{{Key: "bold", Value: true}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			d, text := formattedText(b)
			d.OnUpdate(func([]byte, *crdt.Txn) {})
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				at := c.at(text, n)
				err := d.Transact(func(tx *crdt.Txn) error {
					if c.with != nil {
						return text.InsertWith(tx, at, "x", c.with)
					}
					return text.Insert(tx, at, "x")
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkFormat makes words bold and plain again in a formatted text.
func BenchmarkFormat(b *testing.B) {
	d, text := formattedText(b)
	d.OnUpdate(func([]byte, *crdt.Txn) {})
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		at := rand.IntN(text.Len() - 10)
		err := d.Transact(func(tx *crdt.Txn) error {
			return text.Format(tx, at, 10, crdt.Attrs{{Key: "em", Value: strconv.Itoa(n % 3)}})
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
