package document

import (
	"fmt"

	"github.com/weft-sync/weft/core/crdt"
	"github.com/weft-sync/weft/core/update"
)

// snapshot reads a snapshot of version 1.
func snapshot(b *Hex) (*update.Snapshot, error) {
	if b == nil {
		return nil, nil
	}
	s, err := update.DecodeSnapshot(*b)
	if err != nil {
		return nil, &mismatch{what: "the snapshot was refused", detail: err.Error()}
	}
	return &s, nil
}

// restore makes a document as it was at a snapshot.
func (p *player) restore(s *Step, d *crdt.Doc) error {
	at, err := snapshot(s.Restore)
	if err != nil {
		return err
	}
	restored, err := d.Restore(*at, crdt.WithClientID(1))
	if err != nil {
		return &mismatch{what: "the document was not restored", detail: err.Error()}
	}
	for _, name := range p.roots {
		if err := p.showsAt(d, restored, name, *at); err != nil {
			return err
		}
	}
	return p.check(&Step{Check: s.Check, Vector: s.Vector, State: s.State}, restored)
}

// showsAt compares what a root shows at a snapshot with the restored document.
func (p *player) showsAt(d, restored *crdt.Doc, name string, at update.Snapshot) error {
	var got, want any
	switch r := root(d, name).(type) {
	case crdt.Text:
		got, want = deltaForm(r.ToDeltaAt(at)), deltaForm(root(restored, name).(crdt.Text).ToDelta())
	case crdt.Array:
		got, want = len(r.ValuesAt(at)), root(restored, name).(crdt.Array).Len()
	case crdt.Map:
		got, want = len(r.AllAt(at)), root(restored, name).(crdt.Map).Len()
	}
	if g, w := string(canonical(got)), string(canonical(want)); g != w {
		return &mismatch{what: "what " + name + " shows at the snapshot", detail: fmt.Sprintf("got  %s\nwant %s", g, w)}
	}
	return nil
}

// compareText compares the delta of a text between two snapshots.
func (p *player) compareText(s *Step, d *crdt.Doc) error {
	to, err := snapshot(s.To)
	if err != nil {
		return err
	}
	from, err := snapshot(s.From)
	if err != nil {
		return err
	}
	got := resolve(d, s.Compare).(interface {
		Compare(now, before *update.Snapshot, mark func(crdt.Changed) crdt.Attrs) []crdt.DeltaOp
	}).Compare(to, from, nil)
	return same("the difference", canonical(append([]any{}, deltaForm(got)...)), *s.Delta)
}
