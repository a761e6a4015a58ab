package server

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/room"
	"github.com/weft-sync/weft/native/store"
)

// Mode says what the server keeps of a document. They are the three kinds of rooms
// that ELVA's server knows.
type Mode int

const (
	// ModeStore keeps it in the store.
	ModeStore Mode = iota

	// ModeMemory keeps it in memory, until the server ends. It is as in ModeStore in
	// every other way.
	ModeMemory

	// ModeBroadcast keeps nothing: each message of a connection goes to all others
	// as it is, whatever it is, and the server answers nothing. Clients that wait for
	// a server's answer wait until another client gives one.
	ModeBroadcast
)

var modeNames = [...]string{"store", "memory", "broadcast"}

// String returns the mode's word.
func (m Mode) String() string {
	if m < 0 || int(m) >= len(modeNames) {
		return fmt.Sprintf("Mode(%d)", int(m))
	}
	return modeNames[m]
}

// UnmarshalText reads one of the words store, memory and broadcast.
func (m *Mode) UnmarshalText(text []byte) error {
	for i, name := range modeNames {
		if string(text) == name {
			*m = Mode(i)
			return nil
		}
	}
	return errors.New("a mode is one of " + strings.Join(modeNames[:], ", "))
}

// A ModeRule gives a mode to the documents whose name matches a pattern.
type ModeRule struct {
	// Pattern is a name in which each * stands for any characters, slashes among
	// them, or none.
	Pattern string
	Mode    Mode
}

// matches reports whether name is as the pattern says. It takes the leftmost place
// for each part between two stars, which is right if any is.
func (r ModeRule) matches(name string) bool {
	first, rest, star := strings.Cut(r.Pattern, "*")
	if !star {
		return name == first
	}
	name, ok := strings.CutPrefix(name, first)
	if !ok {
		return false
	}
	for {
		var part string
		part, rest, star = strings.Cut(rest, "*")
		if !star {
			return strings.HasSuffix(name, part)
		}
		_, name, ok = strings.Cut(name, part)
		if !ok {
			return false
		}
	}
}

// modeOf returns what the server keeps of a document.
func (c *Config) modeOf(name string) Mode {
	for _, r := range c.Modes {
		if r.matches(name) {
			return r.Mode
		}
	}
	return c.Mode
}

// keeps reports whether some document may be of the given mode.
func (c *Config) keeps(mode Mode) bool {
	for _, r := range c.Modes {
		if r.Mode == mode {
			return true
		}
	}
	return c.Mode == mode
}

// storeOf returns where a document is kept.
func (s *Server) storeOf(mode Mode) store.Store {
	switch mode {
	case ModeMemory:
		return s.memory
	case ModeBroadcast:
		return nowhere{}
	default:
		return s.cfg.Store
	}
}

// nowhere is the store of what is not kept: every document opens empty, and nothing
// is ever appended.
type nowhere struct{ store.Store }

func (nowhere) Open(context.Context, string) (store.Doc, error) { return noDoc{}, nil }

type noDoc struct{ store.Doc }

func (noDoc) Parts() [][]byte                       { return nil }
func (noDoc) Epoch() store.Epoch                    { return store.Epoch{} }
func (noDoc) LogSize() (entries int, bytes int64)   { return 0, 0 }
func (noDoc) Compact(context.Context, []byte) error { return nil }
func (noDoc) Close() error                          { return nil }

// dropSlow closes the connections that a room which only broadcasts cannot wait for
// any more. Rooms with a document wait for everybody.
func (h *roomHost) dropSlow(now int64) {
	b, ok := h.room.(*room.Broadcast)
	if !ok {
		return
	}
	for _, id := range b.Overflowed() {
		if m := h.members[id]; m != nil && !m.left.Load() {
			h.expel(now, m, &codec.PeerError{Code: codec.Busy, Reason: "the connection takes too little"})
		}
	}
}

// mayWeft reports whether a request for a path may be answered in weft.v1. Where
// nothing is kept there is nothing to say of what is saved, so the client is left to
// the y protocol, which it falls back to.
func (s *Server) mayWeft(name string) bool {
	return name == "" || s.cfg.modeOf(name) != ModeBroadcast
}

// edit takes over what the program changed in the document, which is one that is
// kept: the others cannot be opened.
func (h *roomHost) edit(now int64, u []byte) {
	if r, ok := h.room.(*room.Room); ok {
		r.Edit(now, u)
	}
}

// machine is a room's state machine: a *room.Room, or a *room.Broadcast for a
// document that is not kept.
type machine interface {
	Join(now int64, id room.Member)
	JoinMany(now int64, id room.Member)
	JoinWeft(now int64, id room.Member, a room.Access)
	Permit(now int64, id room.Member, a room.Access)
	HandleFrame(now int64, id room.Member, frame []byte) error
	HandleWritten(now int64, id room.Member)
	Leave(now int64, id room.Member)
	HandleTime(now int64)
	HandleStored(seq uint64)
	SetEpoch(now int64, epoch []byte, stored bool)
	Append() (u []byte, seq uint64, ok bool)
	Ready() []room.Member
	Take(id room.Member, frames [][]byte) [][]byte
	Hold(id room.Member)
	NextWake() int64
	Appended() uint64
	Stored() uint64
	AwaitsStored() bool
	Stats() room.Stats
}
