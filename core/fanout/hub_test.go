package fanout

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/weft-sync/weft/core/codec"
)

func take(h *Hub, now int64, id Member) string {
	var words []string
	for _, f := range h.Take(now, id, nil) {
		words = append(words, string(f))
	}
	return strings.Join(words, " ")
}

func TestHub(t *testing.T) {
	h := New(Config{QueueLimit: 100})
	if !h.Join(0, 1, "a") || h.Join(0, 2, "a") || !h.Join(0, 3, "b") || h.Join(0, 4, "a") {
		t.Error("first is wrong")
	}
	if n := h.Send("a", 1, []byte("one")); n != 2 {
		t.Errorf("sent to %d", n)
	}
	h.Send("a", 2, nil) // an empty frame is a frame
	h.Send("nobody", 0, []byte("x"))
	h.Send("b", 0, []byte("two")) // from nobody
	if got := h.Ready(); !slices.Equal(got, []Member{2, 4, 1, 3}) {
		t.Errorf("ready: %v", got)
	}
	for id, want := range map[Member]string{1: "", 2: "one", 3: "two", 4: "one ", 9: ""} {
		if got := take(h, 0, id); got != want {
			t.Errorf("%d: %q, want %q", id, got, want)
		}
	}
	if len(h.Ready()) > 0 {
		t.Error("ready while being written")
	}
	h.Send("a", 1, []byte("later"))
	if len(h.Ready()) > 0 || take(h, 0, 2) != "" {
		t.Error("taken while being written")
	}
	h.HandleWritten(2)
	if got := h.Ready(); !slices.Equal(got, []Member{2}) {
		t.Errorf("ready: %v", got)
	}
	h.Hold(2)
	if len(h.Ready()) > 0 {
		t.Error("ready while held")
	}
	h.HandleWritten(2)
	if !slices.Equal(h.Ready(), []Member{2}) || take(h, 0, 2) != "later" {
		t.Error("what was held is gone")
	}

	if g, ok := h.Group(3); g != "b" || !ok {
		t.Errorf("group %q %v", g, ok)
	}
	if h.Leave(1) {
		t.Error("last is wrong")
	}
	if h.Leave(1) /* gone already */ || h.Leave(2) || !h.Leave(4) || !h.Leave(3) {
		t.Error("last is wrong")
	}
	if s := h.Stats(); s.Members != 0 || s.Groups != 0 || s.QueueBytes != 0 {
		t.Errorf("%+v is left", s)
	}
}

// TestOverflow checks that a member which does not read is cut off at the bound,
// and costs the others nothing.
func TestOverflow(t *testing.T) {
	h := New(Config{QueueLimit: 1000})
	for id := range Member(3) {
		h.Join(0, id+1, "g")
	}
	frame := make([]byte, 100)
	read := 0
	for range 50 {
		h.Send("g", 1, frame)
		for _, id := range h.Ready() {
			if n := len(h.Take(0, id, nil)); id == 2 {
				read += n
				h.HandleWritten(2)
			} // 3 never gets its first write done
		}
		if s := h.Stats(); s.QueueBytes > 1000 {
			t.Fatalf("%d bytes are queued", s.QueueBytes)
		}
	}
	if read != 50 {
		t.Errorf("the reader got %d of 50", read)
	}
	if got := h.Overflowed(); !slices.Equal(got, []Member{3}) {
		t.Errorf("overflowed: %v", got)
	}
	if got := h.Overflowed(); len(got) > 0 {
		t.Errorf("told again: %v", got)
	}
	s := h.Stats()
	if s.Overflowed != 1 || s.Dropped != 49 || s.QueueBytes != 0 {
		t.Errorf("%+v", s)
	}
	h.HandleWritten(3)
	if len(h.Ready()) > 0 {
		t.Error("it is sent something after a hole")
	}
	// A frame that is larger than the bound passes alone.
	h.Send("g", 1, make([]byte, 5000))
	if len(h.Overflowed()) > 0 || len(h.Take(0, 2, nil)) != 1 {
		t.Error("a large frame does not pass")
	}
}

func TestKeepalive(t *testing.T) {
	h := New(Config{Keepalive: 1000, SignOfLife: []byte("!")})
	if h.NextWake() != math.MaxInt64 {
		t.Error("it wakes for nobody")
	}
	h.Join(100, 1, "g")
	h.Join(100, 2, "g")
	h.Send("g", 1, []byte("x"))
	take(h, 300, 2) // and it is not written for a long time
	last := int64(100)
	for now := int64(100); now < 10_000; now += 50 {
		if now < h.NextWake() {
			continue
		}
		h.HandleTime(now)
		if got := take(h, now, 1); got != "" {
			if got != "!" || now-last > 1000 {
				t.Errorf("%q after %d", got, now-last)
			}
			last = now
			h.HandleWritten(1)
		}
		if got := take(h, now, 2); got != "" {
			t.Errorf("%q to one that is being written to", got)
		}
	}
	if last < 9000 {
		t.Errorf("the last sign of life was at %d", last)
	}
	h.Leave(1)
	h.Leave(2)
	h.HandleTime(20_000)
	if h.NextWake() != math.MaxInt64 {
		t.Error("it wakes for nobody")
	}
}

func TestJoinTwicePanics(t *testing.T) {
	defer func() {
		if _, ok := recover().(codec.UsageError); !ok {
			t.Error("no UsageError")
		}
	}()
	h := New(Config{})
	h.Join(0, 1, "a")
	h.Join(0, 1, "b")
}

// TestRandomHub compares a hub with lists of strings.
func TestRandomHub(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	h := New(Config{QueueLimit: 1 << 20})
	type model struct {
		group   string
		waiting []string
		writing bool
	}
	members := map[Member]*model{}
	next := Member(1)
	for step := range 20_000 {
		ids := slices.Sorted(maps.Keys(members))
		var id Member
		if len(ids) > 0 {
			id = ids[rng.IntN(len(ids))]
		}
		m := members[id]
		switch rng.IntN(12) {
		case 0:
			g := string(rune('a' + rng.IntN(4)))
			h.Join(0, next, g)
			members[next] = &model{group: g}
			next++
		case 1:
			if m != nil && len(ids) > 5 {
				h.Leave(id)
				delete(members, id)
			}
		case 2, 3, 4:
			if m == nil {
				continue
			}
			f := fmt.Sprint(step)
			h.Send(m.group, id, []byte(f))
			for other, o := range members {
				if other != id && o.group == m.group {
					o.waiting = append(o.waiting, f)
				}
			}
		case 5, 6:
			if m != nil && m.writing {
				h.HandleWritten(id)
				m.writing = false
			}
		case 7:
			ready := slices.Sorted(slices.Values(h.Ready()))
			var want []Member
			for _, id := range ids {
				if m := members[id]; len(m.waiting) > 0 && !m.writing {
					want = append(want, id)
				}
			}
			if !slices.Equal(ready, want) {
				t.Fatalf("step %d: ready %v, want %v", step, ready, want)
			}
		default:
			if m == nil {
				continue
			}
			want := ""
			if !m.writing && len(m.waiting) > 0 {
				want, m.waiting, m.writing = strings.Join(m.waiting, " "), nil, true
			}
			if got := take(h, 0, id); got != want {
				t.Fatalf("step %d: %d took %q, want %q", step, id, got, want)
			}
		}
	}
}
