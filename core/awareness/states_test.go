package awareness

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/weft-sync/weft/core/lib0"
)

// e is an entry of an awareness update; its state is JSON.
type e struct {
	client, clock uint64
	state         string
}

func (e e) String() string { return fmt.Sprintf("%d@%d=%s", e.client, e.clock, e.state) }

// encode writes an awareness update, without the help of the code under test.
func encode(entries ...e) []byte {
	b := lib0.AppendUint(nil, uint64(len(entries)))
	for _, e := range entries {
		b = lib0.AppendUint(b, e.client)
		b = lib0.AppendUint(b, e.clock)
		b = lib0.AppendString(b, e.state)
	}
	return b
}

func decode(t testing.TB, update []byte) []e {
	t.Helper()
	r := lib0.NewReader(update)
	var entries []e
	for n := r.Uint("n"); n > 0 && r.Err() == nil; n-- {
		entries = append(entries, e{r.Uint("client"), r.Uint("clock"), string(r.String("state"))})
	}
	if err := r.End("update"); err != nil {
		t.Fatalf("%x: %v", update, err)
	}
	return entries
}

// present lists what a States has, by EncodeAll, in words.
func present(t testing.TB, s *States) string { return fmt.Sprint(decode(t, s.EncodeAll())) }

// words describes a change.
func words(c Change) string {
	return fmt.Sprintf("+%v ~%v -%v", c.Added, c.Updated, c.Removed)
}

func mustApply(t testing.TB, s *States, now int64, entries ...e) Change {
	t.Helper()
	c, err := s.Apply(now, encode(entries...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustSetLocal(t testing.TB, s *States, now int64, client uint64, state string) Change {
	t.Helper()
	c, err := s.SetLocal(now, client, []byte(state))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestApplyRules(t *testing.T) {
	tests := []struct {
		name   string
		before []e
		update []e
		change string
		after  string
	}{
		{"new client", nil, []e{{1, 1, `{}`}}, "+[1] ~[] -[]", "[1@1={}]"},
		{"clock 0 is not newer than unknown", nil, []e{{1, 0, `{}`}}, "+[] ~[] -[]", "[]"},
		{"newer clock", []e{{1, 1, `1`}}, []e{{1, 2, `2`}}, "+[] ~[1] -[]", "[1@2=2]"},
		{"newer clock, same state", []e{{1, 1, `1`}}, []e{{1, 2, `1`}}, "+[] ~[1] -[]", "[1@2=1]"},
		{"equal clock", []e{{1, 1, `1`}}, []e{{1, 1, `2`}}, "+[] ~[] -[]", "[1@1=1]"},
		{"older clock", []e{{1, 2, `1`}}, []e{{1, 1, `2`}}, "+[] ~[] -[]", "[1@2=1]"},
		{"removal with equal clock", []e{{1, 1, `1`}}, []e{{1, 1, `null`}}, "+[] ~[] -[1]", "[]"},
		{"removal with newer clock", []e{{1, 1, `1`}}, []e{{1, 5, `null`}}, "+[] ~[] -[1]", "[]"},
		{"removal with older clock", []e{{1, 2, `1`}}, []e{{1, 1, `null`}}, "+[] ~[] -[]", "[1@2=1]"},
		{"removal of an unknown client", nil, []e{{1, 3, `null`}}, "+[] ~[] -[]", "[]"},
		{"late message after the removal", []e{{1, 3, `1`}, {1, 3, `null`}}, []e{{1, 3, `1`}}, "+[] ~[] -[]", "[]"},
		{"late message after an early removal", []e{{1, 3, `null`}}, []e{{1, 3, `1`}}, "+[] ~[] -[]", "[]"},
		{"back after the removal", []e{{1, 3, `1`}, {1, 3, `null`}}, []e{{1, 4, `2`}}, "+[1] ~[] -[]", "[1@4=2]"},
		{"spaces around null", []e{{1, 1, `1`}}, []e{{1, 1, " \n\tnull\r "}}, "+[] ~[] -[1]", "[]"},
		{"states stay as they are", nil, []e{{1, 1, ` { "b" : 1, "a": 1e0 } `}}, "+[1] ~[] -[]", `[1@1= { "b" : 1, "a": 1e0 } ]`},
		{"ascending order", nil, []e{{300, 1, `1`}, {2, 1, `1`}, {40, 1, `1`}}, "+[300 2 40] ~[] -[]", "[2@1=1 40@1=1 300@1=1]"},
		{"the same client twice", nil, []e{{1, 1, `1`}, {1, 2, `2`}, {1, 2, `null`}}, "+[1] ~[1] -[1]", "[]"},
		{"largest numbers", nil, []e{{lib0.MaxSafeInteger, lib0.MaxSafeInteger, `1`}}, "+[9007199254740991] ~[] -[]", "[9007199254740991@9007199254740991=1]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := New(Limits{})
			mustApply(t, s, 0, tt.before...)
			version := s.Version()
			change := mustApply(t, s, 0, tt.update...)
			if got := words(change); got != tt.change {
				t.Errorf("change: got %s, want %s", got, tt.change)
			}
			if (s.Version() == version) != change.Empty() {
				t.Errorf("version went from %d to %d", version, s.Version())
			}
			if got := present(t, s); got != tt.after {
				t.Errorf("after: got %s, want %s", got, tt.after)
			}
			if s.Len() != len(decode(t, s.EncodeAll())) {
				t.Errorf("Len is %d", s.Len())
			}
			checkCounts(t, s)
		})
	}
}

func TestApplyMalformedChangesNothing(t *testing.T) {
	good := encode(e{1, 2, `{"a":1}`}, e{1 << 40, 7, `null`}, e{3, 1, `"é"`})
	cases := map[string][]byte{
		"empty":                  {},
		"count without entries":  {5},
		"count of 2^53-1":        {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f},
		"clock past 2^53-1":      {1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1, '1'},
		"state beyond the end":   {1, 1, 1, 9, '1'},
		"no JSON":                encode(e{5, 1, `{}`}, e{1, 2, `{a}`}),
		"empty state":            encode(e{1, 9, ``}),
		"two values":             encode(e{5, 1, `1 2`}),
		"undefined":              encode(e{5, 1, `undefined`}),
		"not UTF-8":              encode(e{5, 1, "\"\xff\""}),
		"bytes left over":        append(bytes.Clone(good), 0),
		"malformed but no news":  encode(e{1, 1, `{`}),
		"empty state of removed": encode(e{2, 1, ``}),
	}
	for cut := range good {
		cases[fmt.Sprintf("cut at %d", cut)] = good[:cut]
	}
	for name, update := range cases {
		s := New(Limits{})
		mustApply(t, s, 0, e{1, 1, `1`}, e{2, 1, `1`}, e{2, 1, `null`})
		before := s.Encode([]uint64{1, 2, 3, 5, 1 << 40})
		version, wake := s.Version(), s.NextWake()
		change, err := s.Apply(5, update)
		if _, ok := errors.AsType[*lib0.Error](err); !ok {
			t.Errorf("%s: got %v, want a lib0.Error", name, err)
		}
		if !change.Empty() || s.Version() != version || s.NextWake() != wake ||
			!bytes.Equal(s.Encode([]uint64{1, 2, 3, 5, 1 << 40}), before) {
			t.Errorf("%s: something changed", name)
		}
		checkCounts(t, s)
	}
}

func TestLimits(t *testing.T) {
	limits := Limits{MaxClients: 3, MaxStateBytes: 10, MaxBytes: 20}
	s7 := `"` + strings.Repeat("x", 5) + `"`
	s10 := `"` + strings.Repeat("x", 8) + `"`
	s11 := `"` + strings.Repeat("x", 9) + `"`
	var many []e
	for i := range uint64(13) {
		many = append(many, e{i, 1, `null`})
	}
	tests := []struct {
		name   string
		before []e
		update []e
		want   What // 0: accepted
	}{
		{"as many clients as allowed", []e{{1, 1, `1`}, {2, 1, `1`}}, []e{{3, 1, `1`}}, 0},
		{"one client too many", []e{{1, 1, `1`}, {2, 1, `1`}, {3, 1, `1`}}, []e{{4, 1, `1`}}, Clients},
		{"too many clients at once", nil, []e{{1, 1, `1`}, {2, 1, `1`}, {3, 1, `1`}, {4, 1, `1`}}, Clients},
		{"full, and one is renewed", []e{{1, 1, `1`}, {2, 1, `1`}, {3, 1, `1`}}, []e{{3, 2, `1`}}, 0},
		{"full, and one goes", []e{{1, 1, `1`}, {2, 1, `1`}, {3, 1, `1`}}, []e{{3, 1, `null`}}, 0},
		{"full, and an echo", []e{{1, 1, `1`}, {2, 1, `1`}, {3, 1, `1`}}, []e{{1, 1, `1`}, {2, 1, `1`}}, 0},
		{"the longest state", nil, []e{{1, 1, s10}}, 0},
		{"a state too long", nil, []e{{1, 1, s11}}, StateBytes},
		{"all bytes", nil, []e{{1, 1, s10}, {2, 1, s10}}, 0},
		{"too many bytes", []e{{1, 1, s10}, {2, 1, s10}}, []e{{3, 1, `1`}}, TotalBytes},
		{"too many bytes by growing", []e{{1, 1, s10}, {2, 1, s7}}, []e{{3, 1, `1`}, {2, 2, s10}}, TotalBytes},
		{"a state that shrinks", []e{{1, 1, s10}, {2, 1, s10}}, []e{{2, 2, s7}}, 0},
		{"too many entries", nil, many, Entries},
		{"many removals", nil, many[:12], 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := New(limits)
			mustApply(t, s, 0, tt.before...)
			before := present(t, s)
			change, err := s.Apply(0, encode(tt.update...))
			checkCounts(t, s)
			if tt.want == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			le, ok := errors.AsType[*LimitError](err)
			if !ok || le.What != tt.want || le.Got <= le.Max {
				t.Fatalf("got %v, want a LimitError about %v", err, tt.want)
			}
			if le.SendersFault() != (tt.want == Entries || tt.want == StateBytes) {
				t.Errorf("SendersFault of %v is %v", le.What, le.SendersFault())
			}
			if !change.Empty() || present(t, s) != before {
				t.Error("something changed")
			}
		})
	}
}

func TestLimitErrorText(t *testing.T) {
	for want, e := range map[string]LimitError{
		"awareness: entries in an update: 12 is over the limit of 8": {Entries, 8, 12},
		"awareness: clients: 1 is over the limit of 0":               {Clients, 0, 1},
		"awareness: bytes of a state: 90 is over the limit of 10":    {StateBytes, 10, 90},
		"awareness: bytes of all states: 2 is over the limit of 1":   {TotalBytes, 1, 2},
		"awareness: unknown limit: 2 is over the limit of 1":         {What(9), 1, 2},
	} {
		if got := e.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestMemoryIsBounded removes clients that a peer makes up, without end.
func TestMemoryIsBounded(t *testing.T) {
	s := New(Limits{MaxClients: 50})
	mustSetLocal(t, s, 0, 7, `{}`)
	if _, err := s.SetLocal(0, 7, nil); err != nil {
		t.Fatal(err)
	}
	for i := range uint64(10_000) {
		mustApply(t, s, int64(i), e{100 + i, 1, `null`})
		mustApply(t, s, int64(i), e{1e6 + i, 1, `1`}, e{1e6 + i, 1, `null`})
		if len(s.entries) > 3*50 || len(s.index) != len(s.entries) {
			t.Fatalf("%d entries, %d in the index", len(s.entries), len(s.index))
		}
	}
	if _, clock, ok := s.State(7); !ok || clock != 2 {
		t.Errorf("the local client's clock was forgotten: %d, %v", clock, ok)
	}
	// The newest removal is remembered.
	if c := mustApply(t, s, 10_000, e{1e6 + 9_999, 1, `1`}); !c.Empty() {
		t.Errorf("a late message brought a client back: %s", words(c))
	}
	checkCounts(t, s)
}

func TestExpire(t *testing.T) {
	s := New(Limits{})
	if s.NextWake() != math.MaxInt64 {
		t.Errorf("wakes at %d without clients", s.NextWake())
	}
	mustApply(t, s, 1000, e{1, 1, `1`}, e{2, 1, `1`})
	mustApply(t, s, 5000, e{2, 2, `1`})
	for _, step := range []struct {
		now    int64
		change string
		wake   int64
	}{
		{30_999, "+[] ~[] -[]", 31_000},
		{31_000, "+[] ~[] -[1]", 35_000},
		{34_999, "+[] ~[] -[]", 35_000},
		{40_000, "+[] ~[] -[2]", 91_000},
		{90_999, "+[] ~[] -[]", 91_000},
		{91_000, "+[] ~[] -[]", 100_000},
		{100_000, "+[] ~[] -[]", math.MaxInt64},
	} {
		if got := words(s.Expire(step.now)); got != step.change {
			t.Errorf("at %d: got %s, want %s", step.now, got, step.change)
		}
		if s.NextWake() != step.wake {
			t.Errorf("at %d: wakes at %d, want %d", step.now, s.NextWake(), step.wake)
		}
	}
	if len(s.entries) != 0 || len(s.index) != 0 {
		t.Error("something is left")
	}
}

func TestLocal(t *testing.T) {
	s := New(Limits{})
	if got := words(mustSetLocal(t, s, 0, 9, `{"a":1}`)); got != "+[9] ~[] -[]" {
		t.Error(got)
	}
	if got := present(t, s); got != `[9@1={"a":1}]` {
		t.Errorf("a first clock that others ignore: %s", got)
	}
	// It is renewed, not expired.
	if s.NextWake() != 15_000 {
		t.Errorf("wakes at %d", s.NextWake())
	}
	if got := words(s.Expire(15_000)); got != "+[] ~[9] -[]" {
		t.Error(got)
	}
	// A peer cannot remove it; the others are told that it is there.
	if got := words(mustApply(t, s, 16_000, e{9, 7, `null`})); got != "+[] ~[9] -[]" {
		t.Error(got)
	}
	if got := present(t, s); got != `[9@8={"a":1}]` {
		t.Error(got)
	}
	// It can remove itself, with a newer clock.
	c, err := s.SetLocal(17_000, 9, nil)
	if err != nil || words(c) != "+[] ~[] -[9]" {
		t.Error(words(c), err)
	}
	if got := fmt.Sprint(decode(t, s.Encode([]uint64{9}))); got != "[9@9=null]" {
		t.Error(got)
	}
	// And come back later, however much later.
	s.Expire(1e9)
	if s.NextWake() != math.MaxInt64 {
		t.Errorf("wakes at %d", s.NextWake())
	}
	mustSetLocal(t, s, 1e9, 9, `2`)
	if got := present(t, s); got != `[9@10=2]` {
		t.Error(got)
	}
	if got := words(s.Remove(1e9, 9)); got != "+[] ~[] -[9]" {
		t.Error(got)
	}
	if got := fmt.Sprint(decode(t, s.Encode([]uint64{9}))); got != "[9@11=null]" {
		t.Error(got)
	}
	// Another client becomes the local one: the former is forgotten in time.
	mustSetLocal(t, s, 1e9, 10, `3`)
	s.Expire(1e9 + Memory)
	if _, _, ok := s.State(9); ok {
		t.Error("the former local client is never forgotten")
	}
	checkCounts(t, s)
}

func TestSetLocalErrors(t *testing.T) {
	s := New(Limits{MaxStateBytes: 8})
	for _, state := range []string{``, `null`, ` null `, `{`, "\"\xff\""} {
		if _, err := s.SetLocal(0, 1, []byte(state)); err == nil {
			t.Errorf("%q was accepted", state)
		} else if _, ok := errors.AsType[*lib0.Error](err); !ok {
			t.Errorf("%q: %v", state, err)
		}
	}
	if _, err := s.SetLocal(0, 1, []byte(`"12345678"`)); err == nil {
		t.Error("too long a state was accepted")
	} else if le, ok := errors.AsType[*LimitError](err); !ok || le.What != StateBytes {
		t.Error(err)
	}
	if c, err := s.SetLocal(0, 1, nil); err != nil || !c.Empty() || s.Len() != 0 {
		t.Error(c, err)
	}
}

func TestRemoveAndEncode(t *testing.T) {
	s := New(Limits{})
	mustApply(t, s, 0, e{1, 5, `1`}, e{2, 6, `2`}, e{3, 7, `3`})
	version := s.Version()
	if got := words(s.Remove(0, 2, 99, 2, 1)); got != "+[] ~[] -[2 1]" {
		t.Error(got)
	}
	for _, tt := range []struct {
		what string
		got  []byte
		want string
	}{
		{"all", s.EncodeAll(), "[3@7=3]"},
		{"some", s.Encode([]uint64{3, 1, 99, 1}), "[1@5=null 3@7=3]"},
		{"none", s.Encode(nil), "[]"},
		{"since the removal", s.EncodeSince(version), "[1@5=null 2@6=null]"},
		{"since the beginning", s.EncodeSince(0), "[1@5=null 2@6=null 3@7=3]"},
		{"since now", s.EncodeSince(s.Version()), "[]"},
	} {
		if got := fmt.Sprint(decode(t, tt.got)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.what, got, tt.want)
		}
		if len(tt.got) != cap(tt.got) {
			t.Errorf("%s: %d bytes in a slice of %d", tt.what, len(tt.got), cap(tt.got))
		}
	}
	// A removal reaches a third States through the encoding of a second.
	third := New(Limits{})
	mustApply(t, third, 0, e{1, 5, `1`})
	if c, err := third.Apply(0, s.EncodeSince(version)); err != nil || words(c) != "+[] ~[] -[1]" {
		t.Error(words(c), err)
	}
	var clients []uint64
	for c := range s.All() {
		clients = append(clients, c)
		break
	}
	if !slices.Equal(clients, []uint64{3}) {
		t.Error(clients)
	}
	if got := (Change{Added: []uint64{1}, Updated: []uint64{2}, Removed: []uint64{3}}).Clients(); !slices.Equal(got, []uint64{1, 2, 3}) {
		t.Error(got)
	}
}

func TestApplyKeepsNothingOfTheUpdate(t *testing.T) {
	s := New(Limits{})
	update := encode(e{1, 1, `"before"`})
	if _, err := s.Apply(0, update); err != nil {
		t.Fatal(err)
	}
	clear(update)
	if got := present(t, s); got != `[1@1="before"]` {
		t.Error(got)
	}
	// A long state does not keep its bytes when a short one follows.
	mustApply(t, s, 0, e{1, 2, `"` + strings.Repeat("x", 10_000) + `"`})
	mustApply(t, s, 0, e{1, 3, `1`})
	if n := cap(s.entries[0].state); n > 100 {
		t.Errorf("a state of one byte keeps %d", n)
	}
}

func TestApplyAllocs(t *testing.T) {
	s := New(Limits{})
	for i := range uint64(100) {
		mustApply(t, s, 0, e{i, 1, `{"cursor":{"a":12,"h":13}}`})
	}
	clock := byte(1)
	update := encode(e{7, 1, `{"cursor":{"a":12,"h":13}}`})
	if n := testing.AllocsPerRun(100, func() {
		clock++
		update[2] = clock
		if c, err := s.Apply(0, update); err != nil || len(c.Updated) != 1 {
			t.Fatal(c, err)
		}
		if c, err := s.Apply(0, update); err != nil || !c.Empty() { // the echo
			t.Fatal(c, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// checkCounts compares the sums with what they sum up.
func checkCounts(t testing.TB, s *States) {
	t.Helper()
	present, size := 0, 0
	for i := range s.entries {
		e := &s.entries[i]
		if s.index[e.client] != i {
			t.Errorf("client %d is at %d, not at %d", e.client, i, s.index[e.client])
		}
		if e.state != nil {
			present++
			size += len(e.state)
		}
		if s.due(e) < s.wake {
			t.Errorf("client %d is due at %d, before %d", e.client, s.due(e), s.wake)
		}
	}
	if present != s.present || size != s.bytes || len(s.index) != len(s.entries) {
		t.Errorf("present %d, not %d; bytes %d, not %d; index %d, not %d",
			s.present, present, s.bytes, size, len(s.index), len(s.entries))
	}
}

func BenchmarkApply(b *testing.B) {
	s := New(Limits{})
	for i := range uint64(100) {
		mustApply(b, s, 0, e{1000 + i, 1, `{"cursor":{"a":12,"h":13}}`})
	}
	update := lib0.AppendUint(nil, 1)
	b.ReportAllocs()
	for clock := uint64(2); b.Loop(); clock++ {
		update = append(lib0.AppendUint(lib0.AppendUint(update[:1], 1000+clock%100), clock), 26)
		update = append(update, `{"cursor":{"a":12,"h":13}}`...)
		if _, err := s.Apply(0, update); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeSince(b *testing.B) {
	s := New(Limits{})
	for i := range uint64(100) {
		mustApply(b, s, 0, e{1000 + i, 1, `{"cursor":{"a":12,"h":13}}`})
	}
	version := s.Version() - 1
	b.ReportAllocs()
	for b.Loop() {
		s.EncodeSince(version)
	}
}
