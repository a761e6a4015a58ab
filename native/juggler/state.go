package juggler

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/weft-sync/weft/native/juggler/internal/tree"
)

// A Path names a part of a state: strings for members of objects, ints for items of
// arrays, where -1 is the last one, and paths in it, which count as their parts. The
// empty path is the whole state.
//
//	juggler.Path{"rooms", 0, "name"}
type Path = tree.Path

// ParsePath reads a path as Juggler's Python programs write it in JSON: a string, an
// integer, or an array of paths. The error wraps ErrPath.
func ParsePath(text json.RawMessage) (Path, error) {
	var s string
	if json.Unmarshal(text, &s) == nil && len(text) > 0 && text[0] == '"' {
		return Path{s}, nil
	}
	var i int
	if json.Unmarshal(text, &i) == nil && string(text) != "null" {
		return Path{i}, nil
	}
	var parts []json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil || parts == nil {
		return nil, fmt.Errorf("%w: it is a string, an integer or an array of paths", ErrPath)
	}
	p := Path{}
	for _, part := range parts {
		q, err := ParsePath(part)
		if err != nil {
			return nil, err
		}
		p = append(p, q...)
	}
	return p, nil
}

// A Snapshot is a state, or a part of one, at one moment. It never changes. The zero
// Snapshot is null, as every state is in the beginning.
type Snapshot struct {
	root *tree.Node
}

func (s Snapshot) node() *tree.Node {
	if s.root == nil {
		return tree.Null
	}
	return s.root
}

// JSON returns the snapshot's JSON text, the members of objects sorted by name. The
// caller owns it.
func (s Snapshot) JSON() json.RawMessage { return s.node().JSON() }

// MarshalJSON implements json.Marshaler.
func (s Snapshot) MarshalJSON() ([]byte, error) { return s.JSON(), nil }

// String returns the JSON text.
func (s Snapshot) String() string { return string(s.JSON()) }

// Get returns the part that the path names. ok is false if there is none, or if the
// path is no path.
func (s Snapshot) Get(p Path) (part Snapshot, ok bool) {
	n, ok, err := s.node().Get(p)
	return Snapshot{n}, ok && err == nil
}

// Decode stores the snapshot in what v points to, as json.Unmarshal does.
func (s Snapshot) Decode(v any) error { return json.Unmarshal(s.JSON(), v) }

// Equal reports whether two snapshots are equal as JSON texts: 1 and true are not,
// nor are 1 and 1.0; the order of members means nothing.
func (s Snapshot) Equal(o Snapshot) bool { return tree.Equal(s.node(), o.node()) }

// State is what a server shows its clients: one JSON value, null in the beginning.
// Its methods may be called from any goroutine. A change costs the way to it, and
// with EveryChange the sending on each connection that shows the state.
type State struct {
	mu       sync.Mutex
	root     *tree.Node
	watchers map[*syncer]struct{}
}

// NewState returns a State that has the JSON text of data. The error is
// encoding/json's, or ErrTooDeep.
func NewState(data any) (*State, error) {
	n, err := nodeOf(data)
	if err != nil {
		return nil, err
	}
	return &State{root: n}, nil
}

// nodeOf returns what data is as JSON.
func nodeOf(data any) (*tree.Node, error) {
	if s, ok := data.(Snapshot); ok {
		return s.node(), nil
	}
	text, err := marshal(data)
	if err != nil {
		return nil, err
	}
	return tree.Parse(text)
}

// Snapshot returns the state as it is now.
func (s *State) Snapshot() Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Snapshot{s.root}
}

// Get returns the part of the state that the path names; see [Snapshot.Get].
func (s *State) Get(p Path) (part Snapshot, ok bool) { return s.Snapshot().Get(p) }

// Set makes the JSON text of value the part that the path names. Objects and arrays
// that are missing on the way are made, and what is of another type is replaced; an
// array is filled with null up to the index, and in front of a negative one that is
// beyond its beginning.
//
// The error wraps ErrPath, is ErrTooDeep, or is encoding/json's; nothing has changed
// then.
func (s *State) Set(p Path, value any) error {
	n, err := nodeOf(value)
	if err != nil {
		return fmt.Errorf("juggler: state: %w", err)
	}
	return s.change(func(root *tree.Node) (*tree.Node, error) { return root.Set(p, n) })
}

// Remove takes the part away that the path names; without the whole state there is
// null. A part that is not there may be removed. The error wraps ErrPath.
func (s *State) Remove(p Path) error {
	return s.change(func(root *tree.Node) (*tree.Node, error) { return root.Remove(p) })
}

func (s *State) change(f func(*tree.Node) (*tree.Node, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	root := s.root
	if root == nil {
		root = tree.Null
	}
	n, err := f(root)
	if err != nil || n == root {
		return err
	}
	s.root = n
	for w := range s.watchers {
		w.changed(n)
	}
	return nil
}

// watch starts w with the state as it is, and tells it of each change from then on.
func (s *State) watch(w *syncer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watchers == nil {
		s.watchers = make(map[*syncer]struct{})
	}
	s.watchers[w] = struct{}{}
	w.start(Snapshot{s.root}.node())
}

func (s *State) unwatch(w *syncer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.watchers, w)
}
