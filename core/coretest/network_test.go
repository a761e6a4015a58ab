package coretest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/coretest"
)

// side writes down what happens at one side of its connections, and when frames
// have left only if it is told to.
type side struct {
	name   string
	log    *strings.Builder
	writes bool
}

func (s *side) Opened(*coretest.End) { fmt.Fprintf(s.log, "%s opened\n", s.name) }
func (s *side) Received(_ *coretest.End, frame []byte) {
	fmt.Fprintf(s.log, "%s received %s\n", s.name, frame)
}
func (s *side) Written(*coretest.End) {
	if s.writes {
		fmt.Fprintf(s.log, "%s written\n", s.name)
	}
}
func (s *side) Closed(_ *coretest.End, code codec.CloseCode) {
	fmt.Fprintf(s.log, "%s closed %d\n", s.name, code)
}

// listener accepts a connection, and keeps its end.
type listener struct {
	*side
	end *coretest.End
}

func (l *listener) Accept(e *coretest.End) coretest.Endpoint {
	l.end = e
	return l.side
}

func TestNetwork(t *testing.T) {
	type party struct {
		w    *coretest.World
		a    *coretest.End
		b    *listener
		side *side
	}
	for _, test := range []struct {
		name string
		do   func(p party)
		want string
	}{
		{"frames keep their order", func(p party) {
			p.a.Send([]byte("1"), []byte("2"))
			p.a.Send([]byte("3"))
			p.w.Run(1000)
		}, "b received 1\nb received 2\nb received 3\n"},
		{"what was sent before a close arrives", func(p party) {
			p.a.Send([]byte("1"))
			p.a.Close(4000)
			p.w.Run(1000)
			p.b.end.Send([]byte("2"))
			p.w.Run(1000)
		}, "b received 1\nb closed 4000\n"},
		{"a cut tells both, and loses what is on the way", func(p party) {
			p.a.Send([]byte("1"))
			p.w.Net.Cut()
			p.a.Send([]byte("2"))
			p.w.Run(1000)
		}, "CLOSED"},
		{"half open: nobody is told", func(p party) {
			p.w.Net.HalfOpen()
			p.a.Send([]byte("1"))
			p.b.end.Send([]byte("2"))
			p.w.Run(600_000)
		}, ""},
		{"places apart: what is sent waits, in order", func(p party) {
			p.a.Send([]byte("1"))
			p.w.Net.Part(map[string]int{"here": 1})
			p.a.Send([]byte("2"))
			p.w.Run(1000)
			p.a.Send([]byte("3"))
			fmt.Fprintln(p.side.log, "healed")
			p.w.Net.Part(nil)
			p.w.Run(1000)
		}, "healed\nb received 1\nb received 2\nb received 3\n"},
		{"nobody listens", func(p party) {
			p.w.Net.Dial(p.side, "here", "nowhere", nil)
			p.w.Run(1000)
		}, "a closed 1006\n"},
		{"the other place dies", func(p party) {
			p.b.end.Send([]byte("1"))
			p.w.Net.BreakAt("there")
			p.w.Run(1000)
		}, "a closed 1006\n"},
		{"attempts between places apart hang", func(p party) {
			p.w.Net.Part(map[string]int{"here": 1})
			p.w.Net.Dial(p.side, "here", "there", p.b)
			p.w.Run(600_000)
		}, ""},
	} {
		for seed := range uint64(20) {
			w := coretest.NewWorld(seed, coretest.Link{Latency: 5, Jitter: 50}, nil)
			var log strings.Builder
			a := &side{name: "a", log: &log}
			b := &listener{side: &side{name: "b", log: &log}}
			end := w.Net.Dial(a, "here", "there", b)
			w.Run(1000)
			if log.String() != "a opened\n" {
				t.Fatalf("after Dial: %q", log.String())
			}
			log.Reset()
			test.do(party{w, end, b, a})
			got := log.String()
			if test.want == "CLOSED" { // in either order
				if !strings.Contains(got, "a closed 1006\n") || !strings.Contains(got, "b closed 1006\n") || strings.Contains(got, "received") {
					t.Errorf("%s, seed %d:\n%s", test.name, seed, got)
				}
			} else if got != test.want {
				t.Errorf("%s, seed %d:\n%swant:\n%s", test.name, seed, got, test.want)
			}
		}
	}
}

// A slow line takes its time for each byte, and says when they have left.
func TestBandwidth(t *testing.T) {
	w := coretest.NewWorld(1, coretest.Link{Latency: 10, Bandwidth: 100}, nil)
	var log strings.Builder
	a := &side{name: "a", log: &log, writes: true}
	b := &listener{side: &side{name: "b", log: &log}}
	end := w.Net.Dial(a, "here", "there", b)
	w.Run(100)
	log.Reset()
	end.Send(make([]byte, 100_000))
	w.Run(999)
	if log.String() != "" {
		t.Errorf("after a second: %q", log.String())
	}
	w.Run(3)
	if log.String() != "a written\n" {
		t.Errorf("when it has left: %q", log.String())
	}
	w.Run(100)
	if !strings.Contains(log.String(), "b received") {
		t.Error("not received")
	}
}

// A frame that its sender changes after it was sent is found out.
func TestChangedFrameIsFound(t *testing.T) {
	w := coretest.NewWorld(1, coretest.Link{Latency: 10}, nil)
	var log strings.Builder
	end := w.Net.Dial(&side{name: "a", log: &log}, "here", "there", &listener{side: &side{name: "b", log: &log}})
	w.Run(100)
	f := []byte("frame")
	end.Send(f)
	f[0]++
	defer func() {
		if recover() == nil {
			t.Error("not found")
		}
	}()
	w.Run(100)
}

// The generator's numbers are part of what makes a seed mean the same everywhere.
func TestRandIsSplitMix64(t *testing.T) {
	r := coretest.NewRand(1234567)
	for i, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821} {
		if got := r.Uint64(); got != want {
			t.Errorf("number %d is %d, want %d", i, got, want)
		}
	}
	for range 1000 {
		if v := r.Between(-3, 5); v < -3 || v > 5 {
			t.Fatalf("%d is not between -3 and 5", v)
		}
	}
	if r.Intn(0) != 0 || r.Between(7, 7) != 7 || r.Chance(0) || !r.Chance(1000) {
		t.Error("the ends are wrong")
	}
}
