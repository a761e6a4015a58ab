package room

import (
	"encoding/hex"
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
//	room [queue-limit=BYTES] [keepalive=MS] [max-clients=N] [max-update=BYTES]
//	     [max-document=BYTES] [rate=BYTES] [burst=BYTES] [content=CLOCKS]
//	join m=1 [many] | leave m=1
//	weft m=1 [read-only]  joins as one that speaks the weft framing
//	permit m=1 [read-only] [reason=WORD]
//	epoch HEX [stored]
//	frame m=1          one frame a line, see parseFrame; in the weft framing
//	                   messages are joined with " + "
//	written m=1        its frames are with the socket
//	time now=MS        a tick; other commands happen at the time of the last
//	append             ends the batch
//	ready              who may be sent something
//	take m=1           what it is sent
//	hold m=1           its connection is busy, until it is written
//	round [written]    append, ready, and take of all; with written they are
//	                   all written at once, and nothing is left
//	stored seq=N | wake | stats | members | awaits
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
		if d.HasArg("many") {
			s.room.JoinMany(s.now, s.member(t, d))
		} else {
			s.room.Join(s.now, s.member(t, d))
		}
		return ""
	case "hold":
		s.room.Hold(s.member(t, d))
		return ""
	case "weft":
		s.room.JoinWeft(s.now, s.member(t, d), access(t, d))
		return ""
	case "permit":
		s.room.Permit(s.now, s.member(t, d), access(t, d))
		return ""
	case "epoch":
		epoch, err := hex.DecodeString(d.CmdArgs[0].Key)
		if err != nil {
			d.Fatalf(t, "%v", err)
		}
		s.room.SetEpoch(s.now, epoch, d.HasArg("stored"))
		return ""
	case "awaits":
		return fmt.Sprintln(s.room.AwaitsStored())
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
	d.MaybeScanArgs(t, "max-update", &cfg.Limits.Update)
	d.MaybeScanArgs(t, "max-document", &cfg.Limits.Document)
	d.MaybeScanArgs(t, "rate", &cfg.Limits.Rate)
	d.MaybeScanArgs(t, "burst", &cfg.Limits.Burst)
	s.doc = update.NewDoc()
	content := 0
	if d.MaybeScanArgs(t, "content", &content); content > 0 {
		// One unit a struct, each typed before the last, so that none is a run.
		for clock := range uint64(content) {
			if _, err := s.doc.Apply(insert(9, clock, "x")); err != nil {
				t.Fatal(err)
			}
		}
	}
	cfg.Doc = s.doc
	s.room = New(cfg)
	s.now = 0
	return ""
}

func access(t *testing.T, d *datadriven.TestData) Access {
	a := Access{Write: !d.HasArg("read-only")}
	d.MaybeScanArgs(t, "reason", &a.Reason)
	return a
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
