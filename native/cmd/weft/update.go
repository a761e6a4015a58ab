package main

import (
	"encoding/base64"
	"fmt"

	"github.com/weft-sync/weft/core/update"
)

type updateCmd struct {
	View     viewCmd     `cmd:"" help:"Print a document's content as JSON."`
	Merge    mergeCmd    `cmd:"" help:"Merge updates into one."`
	Diff     diffCmd     `cmd:"" help:"Print what of each update a state vector lacks."`
	State    stateCmd    `cmd:"" help:"Print the state of a document that applied the updates."`
	Snapshot snapshotCmd `cmd:"" help:"Print the snapshot of a document that applied the updates."`
	SV       svCmd       `cmd:"" name:"sv" help:"Print the state vector of each update."`
	Convert  convertCmd  `cmd:"" help:"Convert updates between Yjs' formats version 1 and 2."`
	Inspect  inspectCmd  `cmd:"" help:"Print every struct and delete range of each update."`
}

func (*updateCmd) Help() string {
	return `Updates are in Yjs' format version 1, or 2 with --v2. They are read from the files, raw bytes in each, or without
files from standard input, one in base64 a line. Results are lines of base64, or raw bytes with --raw.

Examples:
  weft update merge < updates.base64 > merged.base64
  weft update merge --raw a.bin b.bin > merged.bin
  weft update sv merged.bin
  weft update convert --to v2 --raw merged.bin > merged.v2.bin
  weft update diff --sv AA== merged.bin
  weft update inspect --json merged.bin

` + updateStatuses
}

const updateStatuses = `Exit statuses: 0 done, 1 a file cannot be read or the result not be written, 2 wrong usage, 3 an input
is malformed (the message names its line or file).`

// filter is a tool that makes one result of each update.
type filter struct {
	input
	output
}

// output is how results are written.
type output struct {
	Raw bool `help:"Write raw bytes instead of lines of base64."`
}

func (o output) write(t *terminal, b []byte) error {
	if !o.Raw {
		b = append(base64.StdEncoding.AppendEncode(nil, b), '\n')
	}
	_, err := t.out.Write(b)
	return err
}

type mergeCmd struct {
	input
	output
	version
}

func (*mergeCmd) Help() string {
	return `The result has everything that is in the updates, byte for byte as Yjs' mergeUpdates makes it.

Examples:
  weft update merge < updates.base64
  weft update merge --raw monday.bin tuesday.bin > both.bin
  weft update merge --v2 < updates.v2.base64

` + updateStatuses
}

// Run merges all updates into one.
func (c *mergeCmd) Run(t *terminal) error {
	var all [][]byte
	for in, err := range c.updates(t) {
		if err == nil {
			// Checked one by one, so that an error names the one at fault.
			err = in.check(c.validate(in.bytes))
		}
		if err != nil {
			return err
		}
		all = append(all, in.bytes)
	}
	if len(all) == 0 {
		return errNoInput
	}
	merged, err := c.merge(all)
	if err != nil {
		return badInput(err)
	}
	return c.write(t, merged)
}

type diffCmd struct {
	filter
	version
	SV string `name:"sv" required:"" placeholder:"BASE64" help:"The state vector, in base64; AA== is the empty one."`
}

// Run prints a line for each update.
func (c *diffCmd) Run(t *terminal) error {
	sv, err := base64.StdEncoding.DecodeString(c.SV)
	if err == nil {
		_, err = update.DecodeStateVector(sv)
	}
	if err != nil {
		return badInput(fmt.Errorf("--sv: %w", err))
	}
	return c.each(t, func(u []byte) ([]byte, error) { return c.diff(u, sv) })
}

func (*diffCmd) Help() string {
	return `The result is an update for each: what somebody who has the state vector lacks of it, as Yjs'
diffUpdate makes it.

Examples:
  weft update diff --sv AA== < updates.base64
  weft update diff --sv "$(weft update sv old.bin)" new.bin

` + updateStatuses
}

type svCmd struct {
	filter
	version
}

func (*svCmd) Help() string {
	return `The result is a state vector for each, as Yjs' encodeStateVectorFromUpdate makes it.

Examples:
  weft update sv notes.bin
  weft update merge < updates.base64 | weft update sv

` + updateStatuses
}

// Run prints a line for each update.
func (c *svCmd) Run(t *terminal) error {
	return c.each(t, c.stateVector)
}

// each writes what f makes of each update.
func (c *filter) each(t *terminal, f func([]byte) ([]byte, error)) error {
	none := true
	for in, err := range c.updates(t) {
		none = false
		var result []byte
		if err == nil {
			result, err = f(in.bytes)
			err = in.check(err)
		}
		if err == nil {
			err = c.write(t, result)
		}
		if err != nil {
			return err
		}
	}
	if none {
		return errNoInput
	}
	return nil
}
