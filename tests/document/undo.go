package document

import (
	"fmt"

	"github.com/weft-sync/weft/core/crdt"
)

// manage makes an undo manager.
func (p *player) manage(s *Step, d *crdt.Doc) error {
	config := crdt.UndoConfig{Origins: []any{nil}, CaptureTimeout: s.CaptureTimeout, OverRemoteMaps: s.IgnoreRemoteMapChanges}
	if config.CaptureTimeout == 0 {
		config.CaptureTimeout = -1
	}
	for _, origin := range s.Origins {
		config.Origins = append(config.Origins, origin)
	}
	for _, path := range s.Scope {
		config.Scope = append(config.Scope, resolve(d, path).(crdt.Shared))
	}
	m, err := crdt.NewUndoManager(d, config)
	if err != nil {
		return &mismatch{what: "the undo manager was refused", detail: err.Error()}
	}
	note := func(what string) func(crdt.StackEvent) {
		return func(e crdt.StackEvent) {
			stack := "undo"
			if e.Redo {
				stack = "redo"
			}
			p.stack = append(p.stack, []any{what, stack})
		}
	}
	m.OnAdded(note("added"))
	m.OnUpdated(note("updated"))
	m.OnPopped(note("popped"))
	m.OnCleared(func(undo, redo bool) { p.stack = append(p.stack, []any{"cleared", undo, redo}) })
	p.managers = append(p.managers, m)
	return nil
}

// undo tells an undo manager something.
func (p *player) undo(s *Step, d *crdt.Doc) error {
	m := p.managers[*s.Undo]
	var item *crdt.StackItem
	var err error
	switch s.What {
	case "undo":
		item, err = m.Undo()
	case "redo":
		item, err = m.Redo()
	case "stopCapturing":
		m.StopCapturing()
	case "clear":
		m.Clear()
	case "addToScope":
		return m.AddToScope(resolve(d, s.Path).(crdt.Shared))
	default:
		return fmt.Errorf("%w: what to undo: %s", errForm, s.What)
	}
	if err != nil || (item != nil) != s.Done {
		return &mismatch{what: "whether something was undone", detail: fmt.Sprintf("got %v, %v, want %v", item != nil, err, s.Done)}
	}
	if got := []int{len(m.UndoStack()), len(m.RedoStack())}; s.Stacks != nil && (got[0] != s.Stacks[0] || got[1] != s.Stacks[1]) {
		return &mismatch{what: "how many steps there are", detail: fmt.Sprintf("got %v, want %v", got, s.Stacks)}
	}
	return p.compareMade(s)
}
