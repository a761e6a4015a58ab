package main

import "github.com/weft-sync/weft/core/update"

type convertCmd struct {
	filter
	To string `required:"" enum:"v1,v2" placeholder:"v1|v2" help:"The format to write; the updates are in the other one."`
}

func (*convertCmd) Help() string {
	return `The result is an update for each, as Yjs' convertUpdateFormatV1ToV2 or convertUpdateFormatV2ToV1 makes
it. A value in an embed or a format that version 1 cannot hold, such as a bigint, counts as malformed.

Examples:
  weft update convert --to v2 < updates.base64
  weft update convert --to v1 --raw notes.v2.bin > notes.bin

` + updateStatuses
}

// Run prints a line for each update.
func (c *convertCmd) Run(t *terminal) error {
	if c.To == "v2" {
		return c.each(t, update.ConvertV1ToV2)
	}
	return c.each(t, update.ConvertV2ToV1)
}
