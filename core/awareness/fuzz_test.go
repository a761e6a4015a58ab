package awareness

import (
	"bytes"
	"errors"
	"testing"

	"github.com/weft-sync/weft/core/lib0"
)

// FuzzApply feeds two updates after each other and checks that errors are of
// the two documented types and change nothing, that the limits hold, and that
// what is known survives being encoded and applied elsewhere.
func FuzzApply(f *testing.F) {
	f.Add(encode(e{1, 1, `{}`}), encode(e{1, 1, `null`}, e{2, 1, `"x"`}), int64(0))
	f.Add(encode(e{1, 2, `{"a":[1,2]}`}), encode(e{1, 1, `1`}), int64(30_000))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x0f}, []byte{1, 1, 1, 9}, int64(100_000))
	limits := Limits{MaxClients: 4, MaxStateBytes: 40, MaxBytes: 100}
	f.Fuzz(func(t *testing.T, first, second []byte, later int64) {
		later = max(0, min(later, 1<<40))
		s := New(limits)
		if _, err := s.SetLocal(0, 3, []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
		for _, update := range [][]byte{first, second} {
			before, version := s.EncodeSince(0), s.Version()
			change, err := s.Apply(0, update)
			if err != nil {
				_, malformed := errors.AsType[*lib0.Error](err)
				_, limited := errors.AsType[*LimitError](err)
				if !malformed && !limited {
					t.Fatal(err)
				}
				if !change.Empty() || s.Version() != version || !bytes.Equal(s.EncodeSince(0), before) {
					t.Fatalf("%v, but something changed", err)
				}
			}
			checkCounts(t, s)
			if s.present > limits.MaxClients || s.bytes > limits.MaxBytes || len(s.entries) > limits.MaxClients+limits.maxRemoved() {
				t.Fatalf("%d clients of %d bytes, %d entries", s.present, s.bytes, len(s.entries))
			}
			if state, _, _ := s.State(3); state == nil {
				t.Fatal("a peer removed the local client")
			}
		}
		other := New(Limits{})
		if _, err := other.Apply(0, s.EncodeSince(0)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(other.EncodeAll(), s.EncodeAll()) {
			t.Fatalf("got %v, want %v", decode(t, other.EncodeAll()), decode(t, s.EncodeAll()))
		}
		s.Expire(later)
		checkCounts(t, s)
		if later >= Timeout && s.present != 1 {
			t.Fatalf("%d clients after the timeout", s.present)
		}
		for range 2 {
			s.ForgetOthers()
			checkCounts(t, s)
			if len(s.entries) != 1 || s.present != 1 {
				t.Fatalf("%d entries, %d clients but the local one forgotten", len(s.entries), s.present)
			}
			if _, err := s.Apply(later, second); err != nil {
				break
			}
		}
	})
}
