package store

import "github.com/weft-sync/weft/core/update"

// Replaces returns how many of the parts of a document, counted from the first,
// a snapshot stands for: it carries exactly the ids that they carry together,
// and deletes exactly what they delete together. Parts that bring nothing new
// count. The slices are only read.
//
// The error is a [*SnapshotError] if there is no such number above 0: then the
// snapshot lacks something that is stored, or has something that is not. More is
// as wrong as less; whoever made the snapshot had another document before it.
// Pending parts count like all others.
func Replaces(parts [][]byte, snapshot []byte) (int, error) {
	structs, deletes, err := update.Contents(snapshot)
	if err != nil {
		return 0, &SnapshotError{Reason: "it cannot be decoded", Err: err}
	}
	var hadStructs, hadDeletes update.IDSet
	n := 0
	for _, u := range parts {
		s, d, err := update.Contents(u)
		if err != nil {
			return 0, &SnapshotError{Reason: "what it is to replace cannot be decoded", Err: err}
		}
		if !covers(&structs, &s) || !covers(&deletes, &d) {
			break
		}
		hadStructs.Merge(s)
		hadDeletes.Merge(d)
		n++
	}
	switch {
	case !hadStructs.Equal(structs) || !hadDeletes.Equal(deletes):
		if n < len(parts) {
			return 0, &SnapshotError{Reason: "it lacks something that is stored"}
		}
		return 0, &SnapshotError{Reason: "it has something that is not stored"}
	case n == 0 && len(parts) > 0:
		return 0, &SnapshotError{Reason: "it lacks something that is stored"}
	}
	return n, nil
}

// Verify returns nil if a snapshot stands for all of the given parts, and a
// [*SnapshotError] otherwise. See [Replaces].
func Verify(old [][]byte, snapshot []byte) error {
	n, err := Replaces(old, snapshot)
	if err == nil && n < len(old) {
		err = &SnapshotError{Reason: "it lacks something that is stored"}
	}
	return err
}

// covers tells if a has everything that b has.
func covers(a, b *update.IDSet) bool {
	for client, r := range b.All() {
		if !a.Covers(client, r.Start, r.End) {
			return false
		}
	}
	return true
}
