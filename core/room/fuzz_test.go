package room

import "testing"

// FuzzRoom lets the input decide what happens in a world: who does what, and
// what bytes a misbehaving member sends. After each step the room's counts must
// be right, only PeerErrors may come out of it, and as long as everybody behaved
// all must agree in the end.
func FuzzRoom(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 3, 2, 5, 1, 9, 0, 4, 1, 6}, false)
	f.Add([]byte("people edit, and some connections are slow or break"), false)
	f.Add([]byte{1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 2, 0, 0, 0, 1, 0, 1, 1, 0}, true)
	f.Fuzz(func(t *testing.T, input []byte, misbehave bool) {
		next := func(n int) []byte {
			n = min(n, len(input))
			b := append([]byte(nil), input[:n]...)
			input = input[n:]
			return b
		}
		choose := func(n int) int {
			if len(input) == 0 {
				return 0
			}
			c := int(input[0])
			input = input[1:]
			return c % n
		}
		w := newWorld(t, 3, 60, choose)
		for steps := 0; len(input) > 0 && steps < 400; steps++ {
			w.step()
			if misbehave {
				w.garbage(w.people[0], w.randomFrame(next))
				checkInvariants(t, w.room)
			}
		}
		if !misbehave {
			w.settle()
		}
	})
}

// FuzzHandleFrame feeds single frames to a room with two members.
func FuzzHandleFrame(f *testing.F) {
	for _, line := range []string{
		"step1 7:3 8:1", "update 7:0=abc del:7:1-2", "step2 7:0=abc", `awareness 7@1={"a":1} 8@2=null`, "query", "auth", "hex 00020901ffffffffffffff0f",
	} {
		frame, err := parseFrame(line)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		w := newWorld(t, 2, 1000, func(int) int { return 0 })
		w.settle()
		w.garbage(w.people[0], append([]byte(nil), frame...))
		checkInvariants(t, w.room)
		w.round()
	})
}
