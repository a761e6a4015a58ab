package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"github.com/weft-sync/weft/core/update"
)

type inspectCmd struct {
	input
	version
	JSON bool `help:"Print one JSON object a line."`
}

func (*inspectCmd) Help() string {
	return `Prints, in the order of the bytes, of each struct its clock, length, kind, place and the beginning of
its content, then the ranges that are deleted.

Examples:
  weft update inspect notes.bin
  weft update inspect --json < updates.base64 | jq -c 'select(.type == "delete")'

` + updateStatuses
}

// Run prints each update's structs and delete ranges, in the order of its bytes.
func (c *inspectCmd) Run(t *terminal) error {
	w := bufio.NewWriter(t.out)
	none := true
	for in, err := range c.updates(t) {
		none = false
		if err == nil {
			if c.JSON {
				err = in.check(c.printJSON(w, in))
			} else {
				err = in.check(c.printText(w, in))
			}
		}
		if err != nil {
			_ = w.Flush() // the error that is returned came first
			return err
		}
	}
	if none {
		return errNoInput
	}
	return w.Flush()
}

// previewLimit is how many bytes of a struct's content are shown.
const previewLimit = 60

func (c *inspectCmd) printText(w io.Writer, in source) error {
	structs, deletes, err := c.inspect(in.bytes)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: %d bytes\n", in.where, len(in.bytes))
	n := 0
	var client uint64
	for st := range structs {
		if n == 0 || st.Client != client {
			client = st.Client
			fmt.Fprintf(w, "  client %d\n", client)
		}
		n++
		fmt.Fprintf(w, "    %8d +%-6d %-8s", st.Clock, st.Len, st.Kind)
		for _, part := range placeText(&st.Place) {
			fmt.Fprint(w, " ", part)
		}
		if preview := st.AppendPreview(nil, previewLimit); len(preview) > 0 {
			fmt.Fprintf(w, "  %s", preview)
		}
		fmt.Fprintln(w)
	}
	ranges := 0
	for d := range deletes {
		if ranges == 0 {
			fmt.Fprintln(w, "  deletes")
		}
		ranges++
		fmt.Fprintf(w, "    %d/%d +%d\n", d.Client, d.Clock, d.Len)
	}
	fmt.Fprintf(w, "  %d structs, %d delete ranges\n", n, ranges)
	return nil
}

func id(v update.ID) string { return fmt.Sprintf("%d/%d", v.Client, v.Clock) }

func placeText(p *update.Place) []string {
	var parts []string
	if p.HasOrigin {
		parts = append(parts, "after "+id(p.Origin))
	}
	if p.HasRightOrigin {
		parts = append(parts, "before "+id(p.RightOrigin))
	}
	switch {
	case p.HasParent && p.ParentName != nil:
		parts = append(parts, fmt.Sprintf("in %q", p.ParentName))
	case p.HasParent:
		parts = append(parts, "in "+id(p.ParentID))
	}
	if p.ParentSub != nil {
		parts = append(parts, fmt.Sprintf("key %q", p.ParentSub))
	}
	return parts
}

// jsonStruct is a line of `inspect --json`; its fields are part of the
// command's interface.
type jsonStruct struct {
	Update      string  `json:"update"`
	Type        string  `json:"type"` // "struct" or "delete"
	Client      uint64  `json:"client"`
	Clock       uint64  `json:"clock"`
	Len         uint64  `json:"len"`
	Kind        string  `json:"kind,omitempty"`
	Origin      *jsonID `json:"origin,omitempty"`
	RightOrigin *jsonID `json:"rightOrigin,omitempty"`
	Parent      *jsonID `json:"parent,omitempty"`
	ParentName  *string `json:"parentName,omitempty"`
	ParentSub   *string `json:"parentSub,omitempty"`
	Preview     string  `json:"preview,omitempty"`
}

type jsonID struct {
	Client uint64 `json:"client"`
	Clock  uint64 `json:"clock"`
}

func (c *inspectCmd) printJSON(w io.Writer, in source) error {
	structs, deletes, err := c.inspect(in.bytes)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	for st := range structs {
		line := jsonStruct{
			Update: in.where, Type: "struct",
			Client: st.Client, Clock: st.Clock, Len: st.Len, Kind: st.Kind.String(),
			Preview: string(st.AppendPreview(nil, previewLimit)),
		}
		p := &st.Place
		if p.HasOrigin {
			line.Origin = &jsonID{p.Origin.Client, p.Origin.Clock}
		}
		if p.HasRightOrigin {
			line.RightOrigin = &jsonID{p.RightOrigin.Client, p.RightOrigin.Clock}
		}
		switch {
		case p.HasParent && p.ParentName != nil:
			line.ParentName = text(p.ParentName)
		case p.HasParent:
			line.Parent = &jsonID{p.ParentID.Client, p.ParentID.Clock}
		}
		if p.ParentSub != nil {
			line.ParentSub = text(p.ParentSub)
		}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	for d := range deletes {
		if err := enc.Encode(jsonStruct{Update: in.where, Type: "delete", Client: d.Client, Clock: d.Clock, Len: d.Len}); err != nil {
			return err
		}
	}
	return nil
}

func text(b []byte) *string {
	s := string(b)
	return &s
}
