package main

import (
	"encoding/base64"
	"fmt"

	"github.com/weft-sync/weft/core/crdt"
	"github.com/weft-sync/weft/core/update"
)

// documentInput is updates that one document applies, in their order.
type documentInput struct {
	input
	GC bool `name:"gc" default:"true" negatable:"" help:"Collect what is deleted, as documents do by default."`
}

// document returns the document that has applied all updates. They may be of either
// format: a malformed one is reported as one of version 1.
func (c documentInput) document(t *terminal) (*crdt.Doc, error) {
	options := []crdt.Option{crdt.WithClientID(1)} // nothing is written under it
	if !c.GC {
		options = append(options, crdt.WithoutGC())
	}
	doc := crdt.NewDoc(options...)
	none := true
	for in, err := range c.updates(t) {
		if err == nil {
			none = false
			err = in.check(apply(doc, in.bytes))
		}
		if err != nil {
			return nil, err
		}
	}
	if none {
		return nil, errNoInput
	}
	return doc, nil
}

// apply applies an update of either format. No update but the empty one is valid in
// both.
func apply(doc *crdt.Doc, u []byte) error {
	_, err := doc.Apply(u)
	if err != nil && update.ValidateV2(u) == nil {
		_, err = doc.ApplyV2(u)
	}
	return err
}

type stateCmd struct {
	documentInput
	output
	Since string `placeholder:"BASE64" help:"Only what the owner of this state vector lacks."`
	V2    bool   `name:"v2" help:"Write format version 2."`
}

func (*stateCmd) Help() string {
	return `The result is one update with the whole state of a document that has applied all updates in their order,
byte for byte as Yjs' encodeStateAsUpdate makes it. Unlike merge, this integrates: what is deleted is collected, and what can
be joined is. The updates may be in version 1 or 2.

Examples:
  weft update state < updates.base64
  weft update state --v2 --raw monday.bin tuesday.bin > both.v2.bin
  weft update state --since "$(weft update sv old.bin)" old.bin new.bin

` + updateStatuses
}

// Run prints the state.
func (c *stateCmd) Run(t *terminal) error {
	sv := []byte{0}
	if c.Since != "" {
		var err error
		if sv, err = base64.StdEncoding.DecodeString(c.Since); err == nil {
			_, err = update.DecodeStateVector(sv)
		}
		if err != nil {
			return badInput(fmt.Errorf("--since: %w", err))
		}
	}
	doc, err := c.document(t)
	if err != nil {
		return err
	}
	diff := doc.Diff
	if c.V2 {
		diff = doc.DiffV2
	}
	b, err := diff(sv)
	if err != nil {
		return badInput(err)
	}
	return c.write(t, b)
}

type snapshotCmd struct {
	documentInput
	output
	V2 bool `name:"v2" help:"Write format version 2."`
}

func (*snapshotCmd) Help() string {
	return `The result is the snapshot of a document that has applied all updates in their order, byte for byte as Yjs'
encodeSnapshot makes it: what it knows and what of that is deleted, without any content.

Examples:
  weft update snapshot < updates.base64
  weft update snapshot --v2 --raw notes.bin > notes.snapshot

` + updateStatuses
}

// Run prints the snapshot.
func (c *snapshotCmd) Run(t *terminal) error {
	doc, err := c.document(t)
	if err != nil {
		return err
	}
	s := doc.Snapshot()
	if c.V2 {
		return c.write(t, s.AppendV2(nil))
	}
	return c.write(t, s.Append(nil))
}
