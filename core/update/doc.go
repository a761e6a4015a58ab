// Package update treats Yjs updates, format version 1, as data: it checks, merges,
// compares and cuts them without ever building a document.
//
// It is not the document: what a text says, or which of two values wins, takes
// integrating the structs, which is package crdt's work. It keeps values (JSON,
// Any) as the bytes that arrived, checked but not decoded.
//
// # Main parts
//
// Merge, Diff and StateVectorOf are the functions of Yjs with the same bytes as
// results. Validate accepts what Yjs can read, and nothing else, so that no stored
// update can poison a document later. Contents says which ids an update carries
// and deletes, as IDSet. Inspect lists its structs. Doc holds a document as merged
// updates; it is enough to sync and to store one:
//
//	d := update.NewDoc()
//	fresh, err := d.Apply(u)      // from a peer or from the store
//	reply, err := d.Diff(sv)      // for a peer with that state vector
//	snapshot := d.Encode()        // for the store
//
// # Limits
//
// Client ids, clocks and lengths go up to 2^53-1. An update, all updates given to
// one Merge, and a Doc are at most MaxSize bytes. Values nest up to
// lib0.MaxDepth. Errors are *lib0.Error values, the fault of whoever made the
// bytes.
//
// The layout of the bytes is described in docs/wire/update-v1.md.
package update
