package document

import (
	"encoding/json"
	"fmt"

	"github.com/weft-sync/weft/core/crdt"
)

// relative makes a relative position.
func (p *player) relative(s *Step, d *crdt.Doc) error {
	of := resolve(d, s.Rel).(interface {
		Position(int, int64) (crdt.RelativePosition, error)
	})
	pos, err := of.Position(*s.Index, int64(s.Assoc))
	if err != nil {
		return &mismatch{what: "the position was refused", detail: err.Error()}
	}
	got, err := pos.Append(nil)
	if err != nil {
		return &mismatch{what: "the position cannot be written", detail: err.Error()}
	}
	if err := same("the position", got, s.Bytes); err != nil {
		return err
	}
	var text Canonical
	if err := json.Unmarshal(pos.AppendJSON(nil), &text); err != nil {
		return &mismatch{what: "the position in JSON", detail: err.Error()}
	}
	return same("the position in JSON", text, *s.JSON)
}

// absolute resolves a relative position.
func (p *player) absolute(s *Step, d *crdt.Doc) error {
	pos, err := crdt.DecodePosition(*s.Abs)
	if err != nil {
		return &mismatch{what: "the position was refused", detail: err.Error()}
	}
	find := d.ResolveShared
	if s.Follow {
		find = d.Resolve
	}
	got, ok := find(pos)
	switch {
	case ok != (s.Index != nil):
		return &mismatch{what: "whether the position is anywhere", detail: fmt.Sprintf("got %v, want %v", ok, s.Index != nil)}
	case !ok:
		return nil
	case got.Index != *s.Index:
		return &mismatch{what: "the index", detail: fmt.Sprintf("got %d, want %d", got.Index, *s.Index)}
	case s.Path != nil && resolve(d, s.Path) != any(got.Type):
		return &mismatch{what: "the type", detail: fmt.Sprintf("got %v, want that at %v", got.Type, s.Path)}
	}
	return nil
}
