package update

import (
	"math/rand/v2"
	"testing"

	"github.com/weft-sync/weft/core/lib0"
)

// Updates written by hand. The tests do not use the package's own encoder for
// them.

// bs joins bytes and strings.
func bs(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			b = append(b, byte(p))
		case byte:
			b = append(b, p)
		case string:
			b = append(b, p...)
		case []byte:
			b = append(b, p...)
		}
	}
	return b
}

// vu is a varUint.
func vu(v uint64) []byte { return lib0.AppendUint(nil, v) }

// vs is a string with its length.
func vs(s string) []byte { return lib0.AppendString(nil, s) }

// sec is one client's section.
type sec struct {
	client, clock uint64
	structs       [][]byte
}

func of(client, clock uint64, structs ...[]byte) sec { return sec{client, clock, structs} }

// del is one client's part of a delete set: clock, length, clock, length...
type del struct {
	client uint64
	ranges []uint64
}

func deletes(client uint64, ranges ...uint64) del { return del{client, ranges} }

// up is an update of sections and dels.
func up(parts ...any) []byte {
	var secs, dels []byte
	ns, nd := 0, 0
	for _, p := range parts {
		switch p := p.(type) {
		case sec:
			ns++
			secs = bs(secs, vu(uint64(len(p.structs))), vu(p.client), vu(p.clock))
			for _, s := range p.structs {
				secs = append(secs, s...)
			}
		case del:
			nd++
			dels = bs(dels, vu(p.client), vu(uint64(len(p.ranges)/2)))
			for _, n := range p.ranges {
				dels = append(dels, vu(n)...)
			}
		}
	}
	return bs(vu(uint64(ns)), secs, vu(uint64(nd)), dels)
}

func gc(n uint64) []byte   { return bs(0, vu(n)) }
func skip(n uint64) []byte { return bs(10, vu(n)) }

// root is an item of a root type; after is one with an origin.
func root(kind Kind, content []byte) []byte { return bs(int(kind), 1, vs("root"), content) }
func after(client, clock uint64, kind Kind, content []byte) []byte {
	return bs(int(kind)|infoOrigin, vu(client), vu(clock), content)
}

// word is text after the unit before a clock.
func word(client, clock uint64, s string) []byte {
	if clock == 0 {
		return root(KindString, vs(s))
	}
	return after(client, clock-1, KindString, vs(s))
}

// contents has one content of each kind and form.
var contents = []struct {
	name string
	kind Kind
	wire []byte
	len  uint64
}{
	{"deleted", KindDeleted, vu(300), 300},
	{"json", KindJSON, bs(3, vs("undefined"), vs(`{"a":[1]}`), vs(" 1 ")), 3},
	{"binary", KindBinary, bs(3, 0, 1, 255), 1},
	{"empty binary", KindBinary, bs(0), 1},
	{"string", KindString, vs("aé😀"), 4},
	{"long string", KindString, vs("The quick brown fox jumps over the lazy dog."), 44},
	{"embed", KindEmbed, vs(`{"image":"x"}`), 1},
	{"format", KindFormat, bs(vs("bold"), vs("true")), 1},
	{"array", KindType, bs(0), 1},
	{"map", KindType, bs(1), 1},
	{"text", KindType, bs(2), 1},
	{"xml element", KindType, bs(3, vs("p")), 1},
	{"xml fragment", KindType, bs(4), 1},
	{"xml hook", KindType, bs(5, vs("hook")), 1},
	{"xml text", KindType, bs(6), 1},
	{"any", KindAny, bs(3, 127, 119, vs("é"), 118, 1, vs("k"), 117, 1, 125, 0x40), 3},
	{"doc", KindDoc, bs(vs("guid"), 118, 1, vs("gc"), 121), 1},
}

// places has each form of an item's place, in front of which comes the kind.
var places = []struct {
	name string
	bits byte
	wire []byte
}{
	{"root parent", 0, bs(1, vs("root"))},
	{"root parent with key", infoParentSub, bs(1, vs(""), vs("key"))},
	{"parent id", 0, bs(0, vu(lib0.MaxSafeInteger), vu(7))},
	{"parent id with key", infoParentSub, bs(0, vu(3), vu(1<<40), vs(""))},
	{"origin", infoOrigin, bs(vu(3), vu(4))},
	{"right origin", infoRightOrigin, bs(vu(3), vu(4))},
	{"both origins", infoOrigins, bs(vu(3), vu(4), vu(1<<32), vu(0))},
	{"origin, key known", infoOrigin | infoParentSub, bs(vu(3), vu(4))},
}

// everything is an update with every content in every place.
func everything() []byte {
	var structs [][]byte
	for _, p := range places {
		for _, c := range contents {
			structs = append(structs, bs(int(byte(c.kind)|p.bits), p.wire, c.wire))
		}
		structs = append(structs, gc(3), skip(1<<33))
	}
	return up(of(1<<53-1, 0, structs...), of(9, 5, gc(1)), deletes(1<<53-1, 0, 4, 9, 1), deletes(0, 7, 1<<40))
}

// randomUpdates returns n updates of a few clients, as editing makes them: each
// id is the same struct wherever it occurs, but cut differently.
func randomUpdates(r *rand.Rand, n int) [][]byte {
	clients := []uint64{1<<53 - 1, 1 << 33, 70_000, 5, 0}
	us := make([][]byte, n)
	for i := range us {
		var parts []any
		for _, c := range clients {
			if r.IntN(3) == 0 {
				parts = append(parts, randomSection(r, c))
			}
		}
		for _, c := range clients {
			if r.IntN(4) == 0 {
				at := r.Uint64N(60)
				parts = append(parts, deletes(c, at, 1+r.Uint64N(5), at+r.Uint64N(10), 1+r.Uint64N(3)))
			}
		}
		us[i] = up(parts...)
	}
	return us
}

func randomSection(r *rand.Rand, client uint64) sec {
	s := of(client, r.Uint64N(50))
	clock := s.clock
	for n := 1 + r.IntN(5); n > 0; n-- {
		size := 1 + r.Uint64N(4)
		switch r.IntN(8) {
		case 0:
			s.structs = append(s.structs, gc(size))
		case 1:
			s.structs = append(s.structs, skip(size))
		case 2:
			s.structs = append(s.structs, after(client, clock, KindDeleted, vu(size)))
		default:
			s.structs = append(s.structs, word(client, clock, "text"[:size]))
		}
		clock += size
	}
	return s
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

func mustMerge(t testing.TB, us ...[]byte) []byte {
	t.Helper()
	m, err := Merge(us...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// union returns what all of some updates hold.
func union(t testing.TB, us ...[]byte) (structs, deletes IDSet) {
	t.Helper()
	for _, u := range us {
		s, d, err := Contents(u)
		if err != nil {
			t.Fatalf("%x: %v", u, err)
		}
		structs.Merge(s)
		deletes.Merge(d)
	}
	return structs, deletes
}

// wantUnion checks that an update holds exactly what some others hold.
func wantUnion(t testing.TB, got []byte, us ...[]byte) {
	t.Helper()
	structs, deletes := union(t, us...)
	s, d := union(t, got)
	if !s.Equal(structs) || !d.Equal(deletes) {
		t.Fatalf("%x\nholds %v, deletes %v\nwant  %v, deletes %v", got, list(s), list(d), list(structs), list(deletes))
	}
}

type clientRange struct {
	client uint64
	Range
}

func list(s IDSet) (l []clientRange) {
	for c, r := range s.All() {
		l = append(l, clientRange{c, r})
	}
	return l
}

// empty is an update with nothing in it.
var empty = []byte{0, 0}
