package update

import (
	"slices"

	"github.com/weft-sync/weft/core/lib0"
)

// Section is where the structs of one client are in an update.
type Section struct {
	Client, Clock uint64 // the client, and the clock of the first struct
	Structs       int    // how many, Skips among them
	Off, End      int    // the bytes from the first struct's first to after the last one's last
	Next          uint64 // the clock after the last struct that is no Skip; 0: there is none
}

// Sections checks u as Validate does, and appends where each client's structs are
// to dst: clients descending and each once, which is how Yjs writes them. deletes
// is where the delete set begins.
//
// An update that is not so, or whose integers are padded, is rewritten first; the
// places are then those in the update that is returned, which is u itself
// otherwise. The error is a *lib0.Error.
func Sections(u []byte, dst []Section) (sections []Section, update []byte, deletes int, err error) {
	s := scan(u, withJSON)
	ordered, repeated := true, false
	for s.section() {
		at := Section{Client: s.client, Clock: s.clock, Structs: s.structs, Off: s.Offset()}
		for s.next() {
			if s.info != byte(KindSkip) {
				at.Next = s.clock
			}
		}
		at.End = s.Offset()
		if n := len(dst); n > 0 && dst[n-1].Client <= at.Client {
			ordered = false
		}
		dst = append(dst, at)
	}
	deletes = s.Offset()
	if err := s.rest(); err != nil {
		return dst[:0], u, 0, err
	}
	if !ordered {
		sorted := slices.Clone(dst)
		slices.SortStableFunc(sorted, func(a, b Section) int {
			return clientClock{client: a.Client}.compare(clientClock{client: b.Client})
		})
		for i := 1; i < len(sorted); i++ {
			repeated = repeated || sorted[i-1].Client == sorted[i].Client
		}
		if !repeated {
			copy(dst, sorted)
		}
	}
	if odd := s.odd || s.Padded(); odd || repeated {
		return Sections(rewritten(u, withJSON, odd, repeated), dst[:0])
	}
	return dst, u, deletes, nil
}

// CheckV2 is ValidateV2 that also reports whether the clients of u are descending
// and each there once, which is how Yjs writes them.
func CheckV2(u []byte) (ordered bool, err error) {
	f := fromVersion2{layout: withAny, check: true}
	if err := f.read(u); err != nil {
		return false, err
	}
	return !f.clients.unordered, nil
}

// CheckStruct checks the struct that b begins with, and returns how many bytes it has.
// It is not ok if Validate would refuse an update with it, or if Yjs would write it
// otherwise. A length that is 0 or too large for the clock is the caller's to refuse.
func CheckStruct(b []byte) (size int, ok bool) {
	s := scanner{Reader: lib0.NewReader(b), layout: withJSON}
	s.one()
	return s.Offset(), !s.Failed() && !s.odd && !s.Padded()
}
