// Package crdt is a shared document: Yjs's document with Yjs's bytes, on data
// structures of its own.
//
//	doc := crdt.NewDoc()
//	text := doc.Text("content")
//	err := doc.Transact(func(tx *crdt.Txn) error { return text.Insert(tx, 0, "hello") })
//
// It does no I/O and knows no network: updates come in through Doc.Apply and go out
// through Doc.OnUpdate, Doc.Diff and Doc.Encode, as bytes.
//
// # Concurrency
//
// A Doc, its types, transactions and handlers are for one goroutine at a time,
// readers among them. Different documents share nothing.
//
// # How it is built
//
// A document is a set of blocks, runs of units that one client made in a row. They
// lie in one slice and refer to each other by place, so there is no pointer for the
// garbage collector to follow (block.go); their contents are bytes in an arena
// (content.go). Each client's blocks are found by clock (client.go). Blocks of a
// shared type form a list (list.go), whose positions are found through a tree that is
// built the first time somebody asks for one (tree.go, positions.go). An update is
// checked, then integrated block by block (apply.go, integrate.go), in one pass if the
// document is empty (load.go), and in a short way where nothing is special (plain.go,
// encode_plain.go); what one transaction deleted is collected when it ends (txn.go, collect.go).
//
// The algorithm that decides where concurrent insertions go is YATA as Yjs
// implements it; every document that was given the same updates, in any order, is the
// same as in Yjs, and encodes to the same bytes for the same history.
package crdt
