package room

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// bench drives a room as a host does whose sockets take everything at once.
type bench struct {
	b       testing.TB
	room    *Room
	members []Member
	frames  [][]byte
	clocks  []uint64
}

func newBench(b testing.TB, members int, doc *update.Doc) *bench {
	x := &bench{b: b, room: New(Config{Doc: doc}), clocks: make([]uint64, members)}
	for i := range members {
		m := Member(i + 1)
		x.members = append(x.members, m)
		x.room.Join(0, m)
		x.handle(m, codec.Message{Kind: codec.SyncStep1, Payload: []byte{0}})
	}
	x.round()
	return x
}

func (x *bench) handle(m Member, msg codec.Message) {
	if err := x.room.HandleFrame(0, m, codec.EncodeY(msg)); err != nil {
		x.b.Fatal(err)
	}
}

// typed returns the frame of a keystroke of the i-th member.
func (x *bench) typed(i int) []byte {
	u := insert(uint64(1_000_000+i), x.clocks[i], "x")
	x.clocks[i]++
	return codec.EncodeY(codec.Message{Kind: codec.SyncUpdate, Payload: u})
}

// round takes the outputs of a batch. The slice of ready members is valid until
// Ready is called again, so it can be walked twice.
func (x *bench) round() {
	x.room.Append()
	ready := x.room.Ready()
	for _, m := range ready {
		x.frames = x.room.Take(m, x.frames[:0])
	}
	for _, m := range ready {
		x.room.HandleWritten(0, m)
	}
}

// BenchmarkBroadcastRoom100 is the load of a busy document: 100 members, of whom
// 5 type, with a keystroke to a batch or one of each writer. An operation is an
// update that one member is sent: 99 of them for each keystroke.
func BenchmarkBroadcastRoom100(b *testing.B) {
	for _, writers := range []int{1, 5} {
		b.Run(fmt.Sprintf("batch=%d", writers), func(b *testing.B) {
			x := newBench(b, 100, update.NewDoc())
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; n += 99 * writers {
				for w := range writers {
					if err := x.room.HandleFrame(0, x.members[w], x.typed(w)); err != nil {
						b.Fatal(err)
					}
				}
				x.round()
			}
		})
	}
}

// BenchmarkSaturatedPair is two members that both write as fast as they can,
// with 64 updates of each in a batch. An operation is one update carried.
func BenchmarkSaturatedPair(b *testing.B) {
	x := newBench(b, 2, update.NewDoc())
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += 128 {
		for i := range 128 {
			if err := x.room.HandleFrame(0, x.members[i%2], x.typed(i%2)); err != nil {
				b.Fatal(err)
			}
		}
		x.round()
	}
}

// BenchmarkAwarenessRoom100 is a cursor that moves in a room of 100, with the
// echoes that y-websocket's clients send back. An operation is a state that one
// member is sent.
func BenchmarkAwarenessRoom100(b *testing.B) {
	x := newBench(b, 100, update.NewDoc())
	state := func(client, clock uint64) []byte {
		u := lib0.AppendUint(lib0.AppendUint(lib0.AppendUint(nil, 1), client), clock)
		return lib0.AppendString(u, `{"user":{"name":"Ann"},"cursor":{"anchor":123,"head":125}}`)
	}
	for i, m := range x.members {
		x.handle(m, codec.Message{Kind: codec.Awareness, Payload: state(uint64(i+1), 1)})
	}
	x.round()
	b.ReportAllocs()
	clock := uint64(1)
	for n := 0; n < b.N; n += 100 {
		clock++
		frame := codec.EncodeY(codec.Message{Kind: codec.Awareness, Payload: state(7, clock)})
		for _, m := range x.members {
			if err := x.room.HandleFrame(0, m, frame); err != nil {
				b.Fatal(err)
			}
			if m == 1 {
				x.round()
			}
		}
		x.round()
	}
}

// BenchmarkJoin is a client that comes to a document of 10 MB, alone or with 99
// others at once, as after a restart of the server. An operation is one join.
func BenchmarkJoin(b *testing.B) {
	doc := update.NewDoc()
	text := string(bytes.Repeat([]byte("0123456789"), 100))
	for i := range uint64(10_000) {
		if _, err := doc.Apply(insert(1+i%100, i/100*1000, text)); err != nil {
			b.Fatal(err)
		}
	}
	for _, at := range []int{1, 100} {
		b.Run(fmt.Sprintf("at-once=%d", at), func(b *testing.B) {
			r := New(Config{Doc: doc})
			next := Member(0)
			step1 := codec.EncodeY(codec.Message{Kind: codec.SyncStep1, Payload: []byte{0}})
			b.ReportAllocs()
			for n := 0; n < b.N; n += at {
				first := next + 1
				for range at {
					next++
					r.Join(0, next)
					if err := r.HandleFrame(0, next, step1); err != nil {
						b.Fatal(err)
					}
				}
				r.Append()
				for _, m := range r.Ready() {
					r.Take(m, nil)
				}
				for m := first; m <= next; m++ {
					r.Leave(0, m)
				}
			}
		})
	}
}
