package crdt

import (
	"errors"
	"slices"
)

// UndoManager takes changes back and puts them there again: those of transactions of
// certain origins to certain types, and nobody else's. What is undone is a change
// like any other, that others get by an update.
//
//	undo, err := crdt.NewUndoManager(doc, crdt.UndoConfig{Scope: []crdt.Shared{text}})
//	…
//	doc.SetTime(now)
//	err = doc.Transact(edit)
//	…
//	undo.Undo()
//
// Changes that follow each other at once make one step, a StackItem: see
// UndoConfig.CaptureTimeout. What a step would bring back is kept by the document and
// not collected. As in Yjs it stays in memory when the step is cleared, until the
// document is loaded anew.
//
// A manager is used as its document is, by one goroutine at a time.
//
// Source: yjs@13.6.33/src/utils/UndoManager.js.
type UndoManager struct {
	doc     *Doc
	config  UndoConfig
	timeout int64
	whole   bool
	scope   map[shared]struct{}
	origins map[any]struct{}
	cancel  []func()

	undo, redo       []*StackItem
	undoing, redoing bool
	last             int64      // time of the last change; 0: the next one is a step of its own
	popping          *Txn       // the transaction of the running Undo or Redo
	popped           *StackItem // what it takes back
	poppedIn         parentEvents
	err              error

	added, updated, taken hooks[func(StackEvent)]
	cleared               hooks[func(undo, redo bool)]
}

// UndoConfig says what an UndoManager takes back.
type UndoConfig struct {
	// Scope is the types whose changes are undone, with all that is in them. Without
	// any it is the whole document.
	Scope []Shared
	// Origins are the origins whose transactions are tracked. If it is nil, those
	// without an origin are.
	Origins []any
	// TracksOrigin tells of further origins whether they are tracked; it may be nil.
	TracksOrigin func(origin any) bool
	// CaptureTimeout is how many milliseconds a change may come after the one before to
	// be a part of the same step, by the time that Doc.SetTime says. 0 stands for 500;
	// below 0, and as long as no time was set, each transaction is a step.
	CaptureTimeout int64
	// Captures tells whether a transaction is to be captured at all; it may be nil.
	Captures func(*Txn) bool
	// MayDelete tells whether undoing may delete an item; it may be nil. The values of
	// the item are shared types where it holds them.
	MayDelete func(Item) bool
	// OverRemoteMaps lets undoing set a key that somebody else has set since.
	OverRemoteMaps bool
}

// StackItem is one step that can be undone or redone.
type StackItem struct {
	// Meta is the application's: where the cursor was, say. Set it in OnAdded and
	// OnUpdated, and use it in OnPopped.
	Meta map[any]any

	inserted, deleted idSet
}

// StackEvent says what became of a step.
type StackEvent struct {
	Item *StackItem
	// Redo reports whether it is a step of the redo stack.
	Redo bool
	// Origin is that of the transaction; of OnPopped it is the manager.
	Origin any

	parents parentEvents
}

// Changed returns what the transaction did to a type and all that is in it.
func (e StackEvent) Changed(t Shared) []Event { return e.parents.under(t.handle().t) }

// ErrForeign is returned when a type is of another document.
var ErrForeign = errors.New("crdt: the type is of another document")

// SetTime tells the document what time it is: milliseconds above 0 of the host's
// clock. It is the time of all that is done to the document until the next call.
// Undo managers compare it: see UndoConfig.CaptureTimeout.
func (d *Doc) SetTime(now int64) { d.time = now }

// NewUndoManager returns an undo manager that captures what happens from now on. The
// error is ErrForeign.
func NewUndoManager(d *Doc, config UndoConfig) (*UndoManager, error) {
	u := &UndoManager{doc: d, config: config, timeout: config.CaptureTimeout, whole: len(config.Scope) == 0,
		scope: map[shared]struct{}{}, origins: map[any]struct{}{}}
	if u.timeout == 0 {
		u.timeout = 500
	}
	if err := u.AddToScope(config.Scope...); err != nil {
		return nil, err
	}
	for _, o := range config.Origins {
		u.Track(o)
	}
	if config.Origins == nil {
		u.Track(nil)
	}
	u.Track(u)
	d.undoers++
	u.cancel = []func(){d.handlers.after.add(u.capture), d.OnDestroy(u.Destroy), func() { d.undoers-- }}
	return u, nil
}

// AddToScope lets changes to further types be undone. The error is ErrForeign, and
// then none was added.
func (u *UndoManager) AddToScope(types ...Shared) error {
	if slices.ContainsFunc(types, func(t Shared) bool { return t.Doc() != u.doc }) {
		return ErrForeign
	}
	for _, t := range types {
		u.scope[t.handle()] = struct{}{}
	}
	return nil
}

// Track lets transactions of an origin be captured, which must be comparable.
func (u *UndoManager) Track(origin any) { u.origins[origin] = struct{}{} }

// Untrack is the end of what Track began.
func (u *UndoManager) Untrack(origin any) { delete(u.origins, origin) }

// StopCapturing makes the next change a step of its own.
func (u *UndoManager) StopCapturing() { u.last = 0 }

// CanUndo reports whether there are steps to undo.
func (u *UndoManager) CanUndo() bool { return len(u.undo) > 0 }

// CanRedo reports whether there are steps to redo.
func (u *UndoManager) CanRedo() bool { return len(u.redo) > 0 }

// UndoStack returns the steps that can be undone, the next one last.
func (u *UndoManager) UndoStack() []*StackItem { return slices.Clone(u.undo) }

// RedoStack returns the steps that can be redone, the next one last.
func (u *UndoManager) RedoStack() []*StackItem { return slices.Clone(u.redo) }

// OnAdded calls fn when a step was put on a stack.
func (u *UndoManager) OnAdded(fn func(StackEvent)) (cancel func()) {
	return u.doc.watched(u.added.add(fn))
}

// OnUpdated calls fn when a change became a part of the last step.
func (u *UndoManager) OnUpdated(fn func(StackEvent)) (cancel func()) {
	return u.doc.watched(u.updated.add(fn))
}

// OnPopped calls fn when a step was undone or redone.
func (u *UndoManager) OnPopped(fn func(StackEvent)) (cancel func()) {
	return u.doc.watched(u.taken.add(fn))
}

// OnCleared calls fn when steps are forgotten, with which they are.
func (u *UndoManager) OnCleared(fn func(undo, redo bool)) (cancel func()) { return u.cleared.add(fn) }

// Undo takes the last step back, or else the one before and so on, until one of them
// changes the document: others may have overwritten what a step did. It returns that
// step, or nil if nothing was changed. The error is ErrClient or ErrTooLarge; then
// the step is lost.
func (u *UndoManager) Undo() (*StackItem, error) {
	u.undoing = true
	defer func() { u.undoing = false }()
	return u.pop(&u.undo, false)
}

// Redo is Undo for what was undone, since the last change of another kind.
func (u *UndoManager) Redo() (*StackItem, error) {
	u.redoing = true
	defer func() { u.redoing = false }()
	return u.pop(&u.redo, true)
}

// Clear forgets all steps.
func (u *UndoManager) Clear() { u.clear(true, true) }

// ClearUndo forgets the steps to undo, ClearRedo those to redo.
func (u *UndoManager) ClearUndo() { u.clear(true, false) }

// ClearRedo forgets the steps to redo.
func (u *UndoManager) ClearRedo() { u.clear(false, true) }

func (u *UndoManager) clear(undo, redo bool) {
	if !(undo && u.CanUndo() || redo && u.CanRedo()) {
		return
	}
	_ = u.doc.Transact(func(tx *Txn) error {
		if undo {
			u.release(tx, u.undo)
			u.undo = nil
		}
		if redo {
			u.release(tx, u.redo)
			u.redo = nil
		}
		for _, fn := range u.cleared.list {
			(*fn)(undo, redo)
		}
		return nil
	})
}

// release lets what steps would bring back be collected.
func (u *UndoManager) release(tx *Txn, steps []*StackItem) {
	for _, s := range steps {
		tx.eachBlock(s.deleted.all(u.doc), func(h handle) {
			if u.covers(h) {
				u.doc.keep(h, false)
			}
		})
	}
}

// Destroy ends the capturing. The stacks stay as they are.
func (u *UndoManager) Destroy() {
	u.Untrack(u)
	for _, cancel := range u.cancel {
		cancel()
	}
	u.cancel = nil
}
