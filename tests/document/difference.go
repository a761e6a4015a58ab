package document

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/weft-sync/weft/core/update"
)

// same compares bytes that are no update.
func same(what string, got, want []byte) error {
	if bytes.Equal(got, want) {
		return nil
	}
	return &mismatch{what: what, detail: fmt.Sprintf("got  %x\nwant %x", got, want)}
}

// compare compares updates, and tells structs apart where they differ.
func compare(what string, got, want []byte) error {
	if bytes.Equal(got, want) {
		return nil
	}
	return &mismatch{what: what + " differs (- Yjs, + ours)", detail: difference(lines(want), lines(got)) + fmt.Sprintf("got  %.2000x\nwant %.2000x", got, want)}
}

// sameUnits compares which units two updates have and delete.
func sameUnits(got, want []byte) error {
	units, deletes, err := update.Contents(got)
	if err != nil {
		return err
	}
	wantUnits, wantDeletes, err := update.Contents(want)
	if err != nil {
		return err
	}
	if !units.Equal(wantUnits) || !deletes.Equal(wantDeletes) {
		return compare("diff", got, want)
	}
	return nil
}

// inspect returns an update of version 1 for people, a struct a line.
func inspect(u []byte) string { return strings.Join(lines(u), "\n") }

func lines(u []byte) (list []string) {
	structs, deletes, err := update.Inspect(u)
	if err != nil {
		return []string{fmt.Sprintf("%x: %v", u, err)}
	}
	for s := range structs {
		line := fmt.Sprintf("%d:%d+%d %v", s.Client, s.Clock, s.Len, s.Kind)
		p := s.Place
		if p.HasOrigin {
			line += fmt.Sprintf(" after %d:%d", p.Origin.Client, p.Origin.Clock)
		}
		if p.HasRightOrigin {
			line += fmt.Sprintf(" before %d:%d", p.RightOrigin.Client, p.RightOrigin.Clock)
		}
		if p.ParentName != nil {
			line += fmt.Sprintf(" in %q", p.ParentName)
		} else if p.HasParent {
			line += fmt.Sprintf(" in %d:%d", p.ParentID.Client, p.ParentID.Clock)
		}
		if p.HasParentSub {
			line += fmt.Sprintf(" key %q", p.ParentSub)
		}
		list = append(list, line+fmt.Sprintf(" %q", s.Content))
	}
	for x := range deletes {
		list = append(list, fmt.Sprintf("delete %d:%d+%d", x.Client, x.Clock, x.Len))
	}
	return list
}

// difference returns the lines that one list has and the other has not, in order,
// without what is the same at both ends.
func difference(want, got []string) string {
	for len(want) > 0 && len(got) > 0 && want[0] == got[0] {
		want, got = want[1:], got[1:]
	}
	for len(want) > 0 && len(got) > 0 && want[len(want)-1] == got[len(got)-1] {
		want, got = want[:len(want)-1], got[:len(got)-1]
	}
	var b strings.Builder
	for _, l := range want {
		fmt.Fprintf(&b, "- %s\n", l)
	}
	for _, l := range got {
		fmt.Fprintf(&b, "+ %s\n", l)
	}
	return b.String()
}
