package room

import (
	"bytes"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/update"
)

// load is what a member lacks, in parts that are taken one at a time. Members that
// ask for the same share it.
type load struct {
	kind  codec.Kind // SyncCross or SyncUpdate
	known []byte
	seq   uint64 // the document is as after this append
	users int    // members that have not taken it whole
	parts [][]byte
}

// loading returns the load for the owner of a state vector, whose last message is
// of the given kind; nil if there is nothing to say and the message an update.
func (r *Room) loading(kind codec.Kind, known []byte) *load {
	for _, l := range r.loads {
		if l.kind == kind && l.seq == r.appended && bytes.Equal(l.known, known) {
			return l
		}
	}
	u, err := r.doc.Diff(known)
	if err != nil {
		u = r.doc.Encode() // cannot be: the state vector was decoded before
	}
	if kind == codec.SyncUpdate && bytes.Equal(u, emptyUpdate) {
		return nil
	}
	l := &load{kind: kind, known: known, seq: r.appended}
	l.cut(u, r.doc.StateVector())
	if len(r.loads) < maxShared {
		r.loads = append(r.loads, l)
	}
	return l
}

// cut makes the parts.
func (l *load) cut(u, vector []byte) {
	parts, err := update.Split(u, codec.ChunkSize)
	if err != nil {
		parts = [][]byte{u} // cannot be: the document made it
	}
	var progress codec.Part
	for _, p := range parts {
		progress.Total += uint64(len(p))
	}
	l.parts = make([][]byte, len(parts))
	for i, p := range parts {
		last := i == len(parts)-1
		m := codec.Message{Kind: codec.SyncUpdate, Payload: p}
		if last && l.kind == codec.SyncCross {
			m = codec.Message{Kind: codec.SyncCross, Payload: codec.AppendCross(make([]byte, 0, len(p)+len(vector)+20), p, vector)}
		}
		var told codec.Message
		size := codec.Weft.Size(m)
		if len(parts) > 1 && l.kind == codec.SyncCross {
			told = codec.Message{Kind: codec.Progress, Payload: progress.Append(nil)}
			size += codec.Weft.Size(told)
		}
		b := make([]byte, 0, size)
		if told.Kind != 0 {
			b = codec.Weft.Append(b, told)
		}
		l.parts[i] = codec.Weft.Append(b, m)
		parts[i] = nil
		progress.Done += uint64(len(p))
	}
}

// takeLoad appends the next part of what m lacks, where kind is the last one's.
func (r *Room) takeLoad(m *member, kind codec.Kind, known []byte, frames [][]byte) [][]byte {
	s := m.seat
	if s.load == nil {
		l := r.loading(kind, known)
		if l == nil {
			return frames
		}
		s.load, s.part = l, 0
		l.users++
	}
	frames = append(frames, s.load.parts[s.part])
	if s.part++; s.part == len(s.load.parts) {
		r.unload(m)
	}
	return frames
}

// unload ends a member's load, if it has one.
func (r *Room) unload(m *member) {
	if s := m.seat; s != nil && s.load != nil {
		s.load.users--
		s.load = nil
	}
}

// dropLoads forgets the loads that nobody is taking.
func (r *Room) dropLoads() {
	kept := r.loads[:0]
	for _, l := range r.loads {
		if l.users > 0 {
			kept = append(kept, l)
		}
	}
	clear(r.loads[len(kept):])
	r.loads = kept
}
