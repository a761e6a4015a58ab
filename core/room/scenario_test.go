package room

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/weft-sync/weft/core/awareness"
	"github.com/weft-sync/weft/core/update"
)

// TestScenarios runs the files in testdata/scenarios. Each is a story about one
// room, told with these commands; `go test -rewrite` writes down what happens.
//
//	room [queue-limit=BYTES] [keepalive=MS] [max-clients=N]
//	join m=1 | leave m=1
//	frame m=1          one frame a line, see parseFrame
//	written m=1        its frames are with the socket
//	time now=MS        a tick; other commands happen at the time of the last
//	append             ends the batch
//	ready              who may be sent something
//	take m=1           what it is sent
//	round [written]    append, ready, and take of all; with written they are
//	                   all written at once, and nothing is left
//	stored seq=N | wake | stats | members
func TestScenarios(t *testing.T) {
	datadriven.Walk(t, "testdata/scenarios", func(t *testing.T, path string) {
		s := &scenario{}
		datadriven.RunTest(t, path, s.run)
	})
}

// scenario is the state of one file.
type scenario struct {
	room *Room
	doc  *update.Doc
	now  int64
}

func (s *scenario) run(t *testing.T, d *datadriven.TestData) string {
	if s.room == nil && d.Cmd != "room" {
		d.Fatalf(t, "the first command has to be room")
	}
	switch d.Cmd {
	case "room":
		return s.newRoom(t, d)
	case "join":
		s.room.Join(s.now, s.member(t, d))
		return ""
	case "leave":
		s.room.Leave(s.now, s.member(t, d))
		return ""
	case "frame":
		return s.frame(t, d)
	case "written":
		s.room.HandleWritten(s.now, s.member(t, d))
		return ""
	case "time":
		d.ScanArgs(t, "now", &s.now)
		s.room.HandleTime(s.now)
		return ""
	case "append":
		return s.append()
	case "ready":
		return s.ready()
	case "take":
		return s.take(s.member(t, d))
	case "round":
		return s.round(d.HasArg("written"))
	case "stored":
		var seq uint64
		d.ScanArgs(t, "seq", &seq)
		s.room.HandleStored(seq)
		return fmt.Sprintf("stored %d of %d\n", s.room.Stored(), s.room.Appended())
	case "wake":
		if at := s.room.NextWake(); at != math.MaxInt64 {
			return fmt.Sprintf("at %d\n", at)
		}
		return "never\n"
	case "stats":
		return s.stats()
	case "members":
		return s.members()
	}
	d.Fatalf(t, "unknown command %q", d.Cmd)
	return ""
}

func (s *scenario) newRoom(t *testing.T, d *datadriven.TestData) string {
	cfg := Config{Awareness: awareness.Limits{MaxStateBytes: 50}}
	d.MaybeScanArgs(t, "queue-limit", &cfg.QueueLimit)
	d.MaybeScanArgs(t, "keepalive", &cfg.Keepalive)
	d.MaybeScanArgs(t, "max-clients", &cfg.Awareness.MaxClients)
	s.doc = update.NewDoc()
	cfg.Doc = s.doc
	s.room = New(cfg)
	s.now = 0
	return ""
}

func (s *scenario) member(t *testing.T, d *datadriven.TestData) Member {
	var m uint64
	d.ScanArgs(t, "m", &m)
	return Member(m)
}

// members tells the state of each member.
func (s *scenario) members() string {
	var b strings.Builder
	for _, m := range s.room.order {
		f := m.feed
		if f == following && m.at < s.room.log.first {
			f = behind // it will find out when it takes
		}
		fmt.Fprintf(&b, "%d: %v, %v", m.id, m.phase, f)
		if f == following {
			fmt.Fprintf(&b, ", %d to read", s.room.log.end()-m.at)
		}
		fmt.Fprintf(&b, ", has %s\n", describeVector(knownBy(m)))
	}
	return b.String()
}

// stats prints the counters that are not zero.
func (s *scenario) stats() string {
	words := strings.Fields(strings.Trim(fmt.Sprintf("%+v", s.room.Stats()), "{}"))
	kept := words[:0]
	for _, w := range words {
		if !strings.HasSuffix(w, ":0") {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, "\n") + "\n"
}
