// Package update treats Yjs updates as data: it checks, merges, compares, cuts and
// converts them without ever building a document.
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
// The names above are about updates of format version 1, which is what travels and
// is stored. Those of version 2 have the same functions with V2 at the end, and
// ConvertV1ToV2 and ConvertV2ToV1 lead from one to the other. DecoderV2 and
// EncoderV2 read and write its fields, one by one. Snapshot has both encodings.
//
// # Limits
//
// Client ids, clocks and lengths go up to 2^53-1. An update, all updates given to
// one Merge, and a Doc are at most MaxSize bytes. Values nest up to
// lib0.MaxDepth. Errors are *lib0.Error values, the fault of whoever made the
// bytes.
//
// The layout of the bytes is described in docs/wire/update-v1.md and update-v2.md.
package update
