package document

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/weft-sync/weft/core/crdt"
	"github.com/weft-sync/weft/core/update"
)

// player does the steps of scripts on documents of core/crdt, and compares.
type player struct {
	name    string
	step    int // of the script, from 1 on
	docs    []*crdt.Doc
	roots   []string
	updates []Update

	// What the running step made.
	made    []Update
	events  []any
	subdocs []any
	stack   []any

	managers []*crdt.UndoManager
	now      int64
}

// A mismatch is a difference to Yjs, with all that a reader needs of it.
type mismatch struct {
	script string
	step   int
	line   []byte
	what   string
	detail string
}

func (m *mismatch) Error() string {
	line := m.line
	if i := bytes.Index(line, []byte(`,"updates"`)); i > 0 {
		line = line[:i]
	}
	return fmt.Sprintf("%s, step %d: %s\n%.600s\n%s", m.script, m.step, m.what, line, m.detail)
}

// Play does one step. The error is a *mismatch, or about the script itself.
func (p *player) Play(s *Step) error {
	if s.Script != "" {
		p.begin(s)
		return nil
	}
	p.step++
	p.made, p.events, p.subdocs, p.stack = p.made[:0], nil, nil, nil
	if s.Now != 0 {
		p.now = s.Now
	}
	err := p.play(s)
	if m, ok := errors.AsType[*mismatch](err); ok {
		m.script, m.step, m.line = p.name, p.step, s.line
	}
	return err
}

func (p *player) begin(s *Step) {
	*p = player{name: s.Script, roots: s.Roots, now: 1_000_000}
	observed := s.Observe
	for _, of := range s.Docs {
		options := []crdt.Option{crdt.WithClientID(of.Client), crdt.WithGUID("script")}
		if !of.GC {
			options = append(options, crdt.WithoutGC())
		}
		d := crdt.NewDoc(options...)
		d.OnUpdate(func(u []byte, tx *crdt.Txn) {
			p.made = append(p.made, Update{V1: u, Local: tx.Local()})
		})
		d.OnUpdateV2(func(u []byte, tx *crdt.Txn) { p.made[len(p.made)-1].V2 = u })
		d.OnSubdocs(func(e crdt.SubdocsEvent) {
			p.subdocs = append(p.subdocs, map[string]any{"added": guids(e.Added), "loaded": guids(e.Loaded), "removed": guids(e.Removed)})
		})
		for _, name := range p.roots {
			if s := root(d, name); observed {
				p.observe(name, s)
			}
		}
		p.docs = append(p.docs, d)
	}
}

func (p *player) play(s *Step) error {
	if s.Given != nil {
		p.updates = append(p.updates, Update{V1: s.Given[0], V2: s.Given[1]})
		return nil
	}
	if s.Merge != nil {
		return p.merge(s)
	}
	d := p.docs[s.On]
	d.SetTime(p.now)
	switch {
	case s.Do != nil:
		return p.do(s, d)
	case s.Apply != nil:
		return p.apply(s, d)
	case s.Diff != nil:
		return p.diff(s, d)
	case s.Restore != nil: // with what it shows
		return p.restore(s, d)
	case s.Check != nil:
		return p.check(s, d)
	case s.Rel != nil:
		return p.relative(s, d)
	case s.Abs != nil:
		return p.absolute(s, d)
	case s.Compare != nil:
		return p.compareText(s, d)
	case s.Manager != nil:
		return p.manage(s, d)
	case s.Undo != nil:
		return p.undo(s, d)
	}
	return fmt.Errorf("%w: a step of no known kind", errForm)
}

func (p *player) do(s *Step, d *crdt.Doc) error {
	var options []crdt.TxnOption
	if s.Origin != nil {
		options = append(options, crdt.WithOrigin(*s.Origin))
	}
	err := d.Transact(func(tx *crdt.Txn) error {
		for i := range s.Do {
			if err := operate(tx, &s.Do[i]); err != nil {
				return fmt.Errorf("%s: %w", s.Do[i].Name, err)
			}
		}
		return nil
	}, options...)
	switch {
	case errors.Is(err, errForm):
		return err
	case err != nil && !s.Throws:
		return &mismatch{what: "refused", detail: err.Error()}
	case err == nil && s.Throws:
		return &mismatch{what: "done, and Yjs throws"}
	}
	return p.compareMade(s)
}

func (p *player) apply(s *Step, d *crdt.Doc) error {
	u := p.updates[*s.Apply]
	var err error
	if s.Version == 2 {
		_, err = d.ApplyV2From(u.V2, "remote")
	} else {
		_, err = d.ApplyFrom(u.V1, "remote")
	}
	if err != nil {
		return &mismatch{what: "the update was refused", detail: err.Error() + "\n" + inspect(u.V1)}
	}
	return p.compareMade(s)
}

// compareMade compares the updates that the step has made.
func (p *player) compareMade(s *Step) error {
	p.updates = append(p.updates, s.Updates...)
	for i := range max(len(s.Updates), len(p.made)) {
		switch {
		case i >= len(p.made):
			return &mismatch{what: fmt.Sprintf("update %d of the step was not made", i+1), detail: inspect(s.Updates[i].V1)}
		case i >= len(s.Updates):
			return &mismatch{what: fmt.Sprintf("update %d of the step, which Yjs does not make", i+1), detail: inspect(p.made[i].V1)}
		}
		got, want := p.made[i], s.Updates[i]
		if err := compare("update", got.V1, want.V1); err != nil {
			return err
		}
		if err := compare("the update in version 2", got.V2, want.V2); err != nil {
			return err
		}
		if got.Local != want.Local {
			return &mismatch{what: "the update is local", detail: fmt.Sprintf("got %v, want %v", got.Local, want.Local)}
		}
	}
	if err := sameForm("the events of subdocuments", p.subdocs, s.Subdocs); err != nil {
		return err
	}
	if err := sameForm("the events of undo managers", p.stack, s.Stack); err != nil {
		return err
	}
	return sameForm("the events", p.events, s.Events)
}

// sameForm compares a list of forms with what Yjs has, which is nothing if it is empty.
func sameForm(what string, got []any, want *Canonical) error {
	g, w := canonical(got), Canonical("null")
	if want != nil {
		w = *want
	}
	if len(got) == 0 {
		g = Canonical("null")
	}
	if bytes.Equal(g, w) {
		return nil
	}
	return &mismatch{what: what, detail: fmt.Sprintf("got  %s\nwant %s", g, w)}
}

func (p *player) diff(s *Step, d *crdt.Doc) error {
	p.updates = append(p.updates, s.Updates...)
	got, err := d.Diff(*s.Diff)
	if err != nil {
		return &mismatch{what: "diff", detail: err.Error()}
	}
	if s.Loose {
		return sameUnits(got, s.Updates[0].V1)
	}
	if err := compare("diff", got, s.Updates[0].V1); err != nil {
		return err
	}
	if got, err = d.DiffV2(*s.Diff); err != nil {
		return &mismatch{what: "diff in version 2", detail: err.Error()}
	}
	return compare("diff in version 2", got, s.Updates[0].V2)
}

func (p *player) merge(s *Step) error {
	var of [][]byte
	for _, n := range s.Merge {
		of = append(of, p.updates[n].V1)
	}
	p.updates = append(p.updates, s.Updates...)
	got, err := update.Merge(of...)
	if err != nil {
		return &mismatch{what: "merge", detail: err.Error()}
	}
	return compare("merge", got, s.Updates[0].V1)
}

func (p *player) check(s *Step, d *crdt.Doc) error {
	if got := canonical(views(d, p.roots)); !bytes.Equal(got, *s.Check) {
		return &mismatch{what: "the content", detail: fmt.Sprintf("got  %s\nwant %s", got, *s.Check)}
	}
	if err := same("the state vector", d.StateVector(), *s.Vector); err != nil {
		return err
	}
	if s.State == nil {
		return nil // only the content is settled
	}
	if err := compare("the state", d.Encode(), s.State[0]); err != nil {
		return err
	}
	if err := same("the state in version 2", d.EncodeV2(), s.State[1]); err != nil {
		return err
	}
	if s.Snapshot != nil {
		snap := d.Snapshot()
		if err := same("the snapshot", snap.Append(nil), s.Snapshot[0]); err != nil {
			return err
		}
		if err := same("the snapshot in version 2", snap.AppendV2(nil), s.Snapshot[1]); err != nil {
			return err
		}
	}
	for _, want := range s.Diffs {
		got, err := d.Diff(want[0])
		if err != nil {
			return &mismatch{what: "diff", detail: err.Error()}
		}
		if err := compare(fmt.Sprintf("diff since %x", want[0]), got, want[1]); err != nil {
			return err
		}
		got, err = d.DiffV2(want[0])
		if err != nil {
			return &mismatch{what: "diff in version 2", detail: err.Error()}
		}
		if err := same(fmt.Sprintf("diff in version 2 since %x", want[0]), got, want[2]); err != nil {
			return err
		}
	}
	return nil
}

// views returns what the roots show, as `weft update view` has it.
func views(d *crdt.Doc, roots []string) any {
	out := map[string]map[string]any{}
	put := func(view, name string, v any) {
		if out[view] == nil {
			out[view] = map[string]any{}
		}
		out[view][name] = v
	}
	for _, kindAndName := range roots {
		_, name, _ := strings.Cut(kindAndName, ":")
		switch s := root(d, kindAndName).(type) {
		case crdt.Text:
			put("text", name, s.String())
			put("delta", name, deltaForm(s.ToDelta()))
		case crdt.XMLText:
			put("text", name, s.Text.String())
			put("delta", name, deltaForm(s.ToDelta()))
			put("xml", name, s.String())
		case crdt.XMLFragment:
			put("xml", name, s.String())
		case crdt.XMLElement:
			put("xml", name, s.String())
		case crdt.Array:
			put("array", name, view(s))
		case crdt.Map:
			put("map", name, view(s))
		}
	}
	return out
}
