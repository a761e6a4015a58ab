package crdt_test

import (
	"fmt"
	"os"

	"github.com/weft-sync/weft/core/crdt"
)

// must ends an example that something went wrong in.
func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func ExampleText() {
	doc := crdt.NewDoc()
	text := doc.Text("content")
	text.Observe(func(e *crdt.TextEvent) {
		for _, op := range e.Delta() {
			fmt.Println(op.Retain, op.Delete, op.Insert, op.Attributes)
		}
	})
	must(doc.Transact(func(tx *crdt.Txn) error { return text.Insert(tx, 0, "hello world") }))
	must(doc.Transact(func(tx *crdt.Txn) error {
		return text.Format(tx, 6, 5, crdt.Attrs{{Key: "bold", Value: true}})
	}))
	fmt.Println(text)
	// Output:
	// 0 0 hello world []
	// 6 0 <nil> []
	// 5 0 <nil> [{bold true}]
	// hello world
}

func ExampleArray() {
	doc := crdt.NewDoc()
	list := doc.Array("list")
	must(doc.Transact(func(tx *crdt.Txn) error {
		if err := list.Push(tx, "a", 2, nil); err != nil {
			return err
		}
		return list.Delete(tx, 1, 1)
	}))
	for i, v := range list.All() {
		fmt.Println(i, v)
	}
	// Output:
	// 0 a
	// 1 <nil>
}

func ExampleMap() {
	doc := crdt.NewDoc()
	settings := doc.Map("settings")
	settings.ObserveDeep(func(events []crdt.Event, tx *crdt.Txn) {
		for _, e := range events {
			fmt.Println(e.Path(), e.Keys())
		}
	})
	must(doc.Transact(func(tx *crdt.Txn) error {
		colors, err := settings.SetMap(tx, "colors")
		if err != nil {
			return err
		}
		return colors.Set(tx, "text", "black")
	}))
	json, err := settings.ToJSON()
	must(err)
	fmt.Printf("%s\n", json)
	// Output:
	// [] [{colors add {}}]
	// {"colors":{"text":"black"}}
}

func ExampleXMLFragment() {
	doc := crdt.NewDoc()
	page := doc.XMLFragment("page")
	must(doc.Transact(func(tx *crdt.Txn) error {
		p, err := page.InsertElement(tx, 0, "p")
		if err != nil {
			return err
		}
		if err := p.SetAttribute(tx, "lang", "en"); err != nil {
			return err
		}
		text, err := p.InsertText(tx, 0)
		if err != nil {
			return err
		}
		return text.InsertWith(tx, 0, "hi", crdt.Attrs{{Key: "em", Value: crdt.Object{}}})
	}))
	fmt.Println(page)
	for p := range page.Query("p") {
		fmt.Println(p.Name(), p.Attributes())
	}
	// Output:
	// <p lang="en"><em>hi</em></p>
	// p [{lang en}]
}

// Two documents that exchange their updates are the same in the end.
func ExampleDoc_OnUpdate() {
	here, there := crdt.NewDoc(), crdt.NewDoc()
	here.OnUpdate(func(u []byte, tx *crdt.Txn) {
		_, err := there.Apply(u)
		must(err)
	})
	must(here.Transact(func(tx *crdt.Txn) error { return here.Text("content").Insert(tx, 0, "shared") }))
	fmt.Println(there.Text("content"))
	// Output: shared
}
