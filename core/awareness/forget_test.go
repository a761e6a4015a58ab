package awareness

import (
	"bytes"
	"math"
	"testing"
)

func TestForgetOthers(t *testing.T) {
	tests := []struct {
		name   string
		local  string // state of client 5; empty: there is no local client
		others []e
		change string
		after  string
		wake   int64
	}{
		{"nobody", "", nil, "+[] ~[] -[]", "[]", math.MaxInt64},
		{"nobody else", `{}`, nil, "+[] ~[] -[]", "[5@1={}]", Renewal},
		{"without a local client", "", []e{{2, 3, `1`}, {1, 3, `1`}}, "+[] ~[] -[1 2]", "[]", math.MaxInt64},
		{"after the local one", `{}`, []e{{9, 3, `1`}, {1, 3, `1`}}, "+[] ~[] -[1 9]", "[5@1={}]", Renewal},
		{"removed ones", `{}`, []e{{9, 3, `1`}, {9, 3, `null`}, {8, 1, `null`}}, "+[] ~[] -[]", "[5@1={}]", Renewal},
	}
	for _, tt := range tests {
		for _, localFirst := range []bool{true, false} {
			s := New(Limits{})
			setLocal := func() {
				if tt.local != "" {
					mustSetLocal(t, s, 0, 5, tt.local)
				}
			}
			if localFirst {
				setLocal()
			}
			mustApply(t, s, 0, tt.others...)
			if !localFirst {
				setLocal()
			}
			version := s.Version()
			change := s.ForgetOthers()
			if got := words(change); got != tt.change {
				t.Errorf("%s: change: got %s, want %s", tt.name, got, tt.change)
			}
			if (s.Version() == version) != change.Empty() {
				t.Errorf("%s: version went from %d to %d", tt.name, version, s.Version())
			}
			if got := present(t, s); got != tt.after {
				t.Errorf("%s: after: got %s, want %s", tt.name, got, tt.after)
			}
			if s.NextWake() != tt.wake {
				t.Errorf("%s: wakes at %d, want %d", tt.name, s.NextWake(), tt.wake)
			}
			checkCounts(t, s)
			// Whoever was there is heard again, with the clock it had.
			for _, o := range tt.others {
				if o.state == null {
					continue
				}
				if c := mustApply(t, s, 0, o); len(c.Added) != 1 {
					t.Errorf("%s: %v is not heard: %s", tt.name, o, words(c))
				}
			}
			checkCounts(t, s)
		}
	}
}

// TestForgetOthersKeepsTheLocalClock is about a local client without a state: its
// next one must still be newer than its last.
func TestForgetOthersKeepsTheLocalClock(t *testing.T) {
	s := New(Limits{})
	mustSetLocal(t, s, 0, 5, `{}`)
	if _, err := s.SetLocal(0, 5, nil); err != nil {
		t.Fatal(err)
	}
	mustApply(t, s, 0, e{1, 1, `1`})
	s.ForgetOthers()
	if s.NextWake() != math.MaxInt64 {
		t.Errorf("wakes at %d", s.NextWake())
	}
	mustSetLocal(t, s, 0, 5, `{}`)
	if got := present(t, s); got != "[5@3={}]" {
		t.Error(got)
	}
	if got, want := s.EncodeSince(0), encode(e{5, 3, `{}`}); !bytes.Equal(got, want) {
		t.Errorf("got %v", decode(t, got))
	}
	checkCounts(t, s)
}
