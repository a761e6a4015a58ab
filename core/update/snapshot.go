package update

import (
	"maps"

	"github.com/weft-sync/weft/core/lib0"
)

// Snapshot is a document at a moment: what was known of it then, and what of that
// was deleted. To look at it, a document that kept what was deleted later is needed.
// Source: yjs@13.6.33/src/utils/Snapshot.js.
type Snapshot struct {
	Deleted IDSet
	Known   StateVector
}

// DecodeSnapshot reads what Append writes, or Y.encodeSnapshot. The error is a
// *lib0.Error.
func DecodeSnapshot(b []byte) (Snapshot, error) {
	r := lib0.NewReader(b)
	return decodeSnapshot(&r, readIDSet(&r))
}

// DecodeSnapshotV2 reads what AppendV2 writes, or Y.encodeSnapshotV2. The error is
// a *lib0.Error.
func DecodeSnapshotV2(b []byte) (Snapshot, error) {
	r := lib0.NewReader(b)
	return decodeSnapshot(&r, readIDSetV2(&r))
}

func decodeSnapshot(r *lib0.Reader, deleted IDSet) (Snapshot, error) {
	list := readClocksOf(r)
	if err := r.End("snapshot"); err != nil {
		return Snapshot{}, err
	}
	return Snapshot{deleted, list.vector()}, nil
}

// Append appends the snapshot in version 1: the delete set, then the state vector.
// Source: yjs@13.6.33/src/utils/Snapshot.js#encodeSnapshot.
func (s *Snapshot) Append(b []byte) []byte { return s.Known.Append(s.Deleted.Append(b)) }

// AppendV2 appends the snapshot in version 2, which differs in the delete set.
// Source: yjs@13.6.33/src/utils/Snapshot.js#encodeSnapshotV2.
func (s *Snapshot) AppendV2(b []byte) []byte { return s.Known.Append(s.Deleted.AppendV2(b)) }

// Equal reports whether both are of the same moment.
func (s *Snapshot) Equal(o *Snapshot) bool {
	return s.Deleted.Equal(o.Deleted) && maps.Equal(s.Known, o.Known)
}

// Contains reports whether a document of that moment had every unit and every delete
// of an update of version 1. The error is a *lib0.Error about u.
// Source: yjs@13.6.33/src/utils/Snapshot.js#snapshotContainsUpdate.
func (s *Snapshot) Contains(u []byte) (bool, error) { return s.contains(u, withJSON) }

// ContainsV2 is Contains for an update of version 2.
func (s *Snapshot) ContainsV2(u []byte) (bool, error) {
	f := fromVersion2{layout: withAny}
	b, _, err := f.update(u)
	if err != nil {
		return false, err
	}
	return s.contains(b, withAny)
}

func (s *Snapshot) contains(u []byte, l layout) (all bool, err error) {
	all = true
	r := scan(u, l)
	for r.section() {
		for r.next() {
			all = all && r.clock <= s.Known[r.client]
		}
	}
	for r.deleteClient() {
		for r.deleteRange() {
			all = all && s.Deleted.Covers(r.client, r.deleted.Start, r.deleted.End)
		}
	}
	if err := r.End("update"); err != nil {
		return false, err
	}
	return all, nil
}
