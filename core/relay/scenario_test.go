package relay

import (
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/weft-sync/weft/core/codec"
)

// TestScenarios runs the files in testdata. Each is a story about one relay, told
// with these commands; `go test -rewrite` writes down what happens. After each
// command come the outputs, and what is taken for the upstream and the locals;
// unless a connection is slow, it is written at once.
//
//	relay [queue=BYTES] [upstream=BYTES] [credentials] [elva33]
//	start | stop | open | close CODE | refused STATUS | pong | stats | wake
//	time MS             a tick
//	join L DOC | leave L
//	frame L TEXT        from a local; hex:… for bytes, x*N for many
//	up DOC TEXT         from the upstream: ID and text
//	up33 DOC TEXT       the same in the bytes of v0.33
//	raw TEXT            from the upstream, as it is
//	slow L | slow up    what is taken is not written, until
//	written L | written up
func TestScenarios(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := &scenario{}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "relay" {
				s.new(t, d)
				return ""
			}
			s.out.Reset()
			for line := range strings.Lines(d.Input) {
				line = strings.TrimSpace(line)
				s.out.WriteString(line + "\n")
				if err := s.command(line); err != nil {
					d.Fatalf(t, "%s: %v", line, err)
				}
				s.drain()
			}
			return s.out.String()
		})
	})
}

type scenario struct {
	r    *Relay
	now  int64
	conn uint32
	slow map[Local]bool // 0 is the upstream
	out  strings.Builder
}

func (s *scenario) new(t *testing.T, d *datadriven.TestData) {
	cfg := Config{Credentials: d.HasArg("credentials")}
	if d.HasArg("elva33") {
		cfg.Framing = codec.ELVA33
	}
	d.MaybeScanArgs(t, "queue", &cfg.QueueLimit)
	d.MaybeScanArgs(t, "upstream", &cfg.UpstreamLimit)
	*s = scenario{r: New(cfg), slow: make(map[Local]bool)}
}

func (s *scenario) command(line string) error {
	words := strings.Fields(line)
	arg := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	switch words[0] {
	case "start":
		s.r.Start(s.now)
	case "stop":
		s.r.Stop(s.now)
	case "open":
		s.r.HandleOpen(s.now, s.conn)
	case "refused":
		s.r.HandleRefused(s.now, s.conn, int(number(arg(1))))
	case "close":
		s.r.HandleClose(s.now, s.conn, codec.CloseCode(number(arg(1))))
	case "pong":
		s.r.HandlePong(s.now, s.conn)
	case "time":
		s.now = int64(number(arg(1)))
		s.r.HandleTime(s.now)
	case "join":
		s.r.Join(s.now, s.local(arg(1)), arg(2))
	case "leave":
		s.r.Leave(s.now, s.local(arg(1)))
	case "frame":
		s.r.HandleFrame(s.now, s.local(arg(1)), frame(arg(2)))
	case "up", "up33":
		f := map[string]*codec.Framing{"up": codec.ELVA, "up33": codec.ELVA33}[words[0]]
		s.upstream(append(f.AppendID(nil, arg(1)), frame(arg(2))...))
	case "raw":
		s.upstream(frame(arg(1)))
	case "slow":
		s.slow[s.local(arg(1))] = true
	case "written":
		id := s.local(arg(1))
		delete(s.slow, id)
		if id == 0 {
			s.r.HandleUpstreamWritten(s.now, s.conn)
		} else {
			s.r.HandleWritten(s.now, id)
		}
	case "wake":
		if at := s.r.NextWake(); at != math.MaxInt64 {
			fmt.Fprintf(&s.out, "  at %d\n", at)
		} else {
			s.out.WriteString("  never\n")
		}
	case "stats":
		for _, w := range strings.Fields(strings.Trim(fmt.Sprintf("%+v", s.r.Stats()), "{}")) {
			if !strings.HasSuffix(w, ":0") {
				s.out.WriteString("  " + w + "\n")
			}
		}
	default:
		return fmt.Errorf("unknown command")
	}
	return nil
}

func (s *scenario) local(name string) Local {
	if name == "up" {
		return 0
	}
	return Local(number(name))
}

func (s *scenario) upstream(f []byte) {
	if err := s.r.HandleUpstream(s.now, s.conn, f); err != nil {
		fmt.Fprintf(&s.out, "  error: %v\n", err)
	}
}

// drain does what the host does, until there is no more.
func (s *scenario) drain() {
	for again := true; again; {
		again = false
		for o, ok := s.r.Next(); ok; o, ok = s.r.Next() {
			again = true
			switch o.Kind {
			case Dial:
				s.conn = o.Conn
				fmt.Fprintf(&s.out, "  dial #%d%s\n", o.Conn, map[bool]string{true: " with credentials"}[o.Authorized])
			case Close:
				fmt.Fprintf(&s.out, "  close #%d with %v\n", o.Conn, o.Code)
			case CloseLocal:
				fmt.Fprintf(&s.out, "  close local %d with %v: %s\n", o.Local, o.Code, o.Reason)
				s.r.Leave(s.now, o.Local)
			case Changed:
				fmt.Fprintf(&s.out, "  %v\n", o.Status)
			default:
				fmt.Fprintf(&s.out, "  %v #%d\n", o.Kind, o.Conn)
			}
		}
		if frames := s.r.TakeUpstream(nil); len(frames) > 0 {
			again = true
			for _, f := range frames {
				fmt.Fprintf(&s.out, "  up <- %s\n", show(f))
			}
			if !s.slow[0] {
				s.r.HandleUpstreamWritten(s.now, s.conn)
			}
		}
		ready := slices.Clone(s.r.Ready())
		slices.Sort(ready)
		for _, id := range ready {
			again = true
			for _, f := range s.r.Take(s.now, id, nil) {
				fmt.Fprintf(&s.out, "  %d <- %s\n", id, show(f))
			}
			if !s.slow[id] {
				s.r.HandleWritten(s.now, id)
			}
		}
	}
}

func number(s string) uint64 {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

func frame(s string) []byte {
	if b, ok := strings.CutPrefix(s, "hex:"); ok {
		f, err := hex.DecodeString(b)
		if err != nil {
			panic(err)
		}
		return f
	}
	if c, n, ok := strings.Cut(s, "*"); ok {
		return []byte(strings.Repeat(c, int(number(n))))
	}
	return []byte(s)
}

// show describes a frame: an ID by the document's name, then text or bytes.
func show(f []byte) string {
	words := ""
	if framing := codec.DetectELVA(f); framing != nil {
		if id, rest, err := framing.CutID(f); err == nil {
			words = fmt.Sprintf("[%s] ", id)
			if framing == codec.ELVA33 {
				words = fmt.Sprintf("[v0.33 %s] ", id)
			}
			f = rest
		}
	}
	switch {
	case len(f) == 0:
		return words + "nothing"
	case len(f) > 40:
		return fmt.Sprintf("%s%d bytes", words, len(f))
	case strings.ContainsFunc(string(f), func(r rune) bool { return r < ' ' || r > '~' }):
		return words + hex.EncodeToString(f)
	}
	return words + string(f)
}
