package document

import (
	"slices"

	"github.com/weft-sync/weft/core/crdt"
)

// observe records what the deep observers of a root are told, as script.mjs does.
func (p *player) observe(name string, s crdt.Shared) {
	s.(interface {
		ObserveDeep(func([]crdt.Event, *crdt.Txn)) func()
	}).ObserveDeep(func(events []crdt.Event, _ *crdt.Txn) {
		record := []any{name}
		for _, e := range events {
			record = append(record, eventForm(e))
		}
		p.events = append(p.events, record)
	})
}

// eventForm returns an event as plain JSON: its path from the observed root, the
// change of the sequence, and of the keys.
func eventForm(e crdt.Event) any {
	path := []any{}
	for _, step := range e.Path() {
		if step.Keyed {
			path = append(path, step.Key)
		} else {
			path = append(path, step.Index)
		}
	}
	out := map[string]any{"path": path, "target": kindOf(e.Target())}
	if delta := e.Delta(); len(delta) > 0 {
		out["delta"] = deltaForm(delta)
	}
	if keys := e.Keys(); len(keys) > 0 {
		changes := map[string]any{}
		for _, k := range keys {
			change := map[string]any{"action": k.Action.String()}
			if k.Action != crdt.KeyAdded {
				change["oldValue"] = form(k.Old)
			}
			changes[k.Key] = change
		}
		out["keys"] = changes
	}
	return out
}

// deltaForm returns a delta as plain JSON.
func deltaForm(delta []crdt.DeltaOp) []any {
	list := []any{}
	for _, op := range delta {
		out := map[string]any{}
		switch {
		case op.Delete > 0:
			out["delete"] = op.Delete
		case op.Retain > 0:
			out["retain"] = op.Retain
		default:
			out["insert"] = form(op.Insert)
		}
		if len(op.Attributes) > 0 {
			out["attributes"] = form(op.Attributes)
		}
		list = append(list, out)
	}
	return list
}

// guids returns the names of documents, sorted.
func guids(docs []*crdt.Doc) []string {
	list := []string{}
	for _, d := range docs {
		list = append(list, d.GUID())
	}
	slices.Sort(list)
	return list
}
