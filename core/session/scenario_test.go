package session_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/room"
	"github.com/weft-sync/weft/core/session"
)

// TestScenarios runs the files in testdata: each tells what happens on connections,
// with one command a line. The output repeats the commands, with what the session
// put out. -rewrite writes what happens as what is expected.
//
//	new [documents=N] [queue=BYTES]   begins a connection
//	run
//	frame DOC MESSAGES    joined with " + ": step1, update, token TEXT, leave, hex BYTES
//	grant DOC [ro] [for MS] | deny DOC REASON TEXT | fault DOC CODE TEXT
//	stale DOC             an answer to an Ask that nobody waits for
//	parted DOC | recheck DOC | close
//	time MS               later by so much
//	state DOC
func TestScenarios(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		var s *scenario
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "new" {
				cfg := session.Config{}
				d.MaybeScanArgs(t, "documents", &cfg.Documents)
				d.MaybeScanArgs(t, "queue", &cfg.Queue)
				s = &scenario{s: session.New(cfg), asks: map[string]uint64{}}
				return ""
			}
			s.out.Reset()
			for line := range strings.Lines(d.Input) {
				line = strings.TrimSpace(line)
				s.out.WriteString(line + "\n")
				if err := s.command(line); err != nil {
					d.Fatalf(t, "%s: %v", line, err)
				}
			}
			return s.out.String()
		})
	})
}

type scenario struct {
	s    *session.Session
	now  int64
	asks map[string]uint64 // by document, the last one
	out  strings.Builder
}

func (s *scenario) command(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	doc, arg, _ := strings.Cut(rest, " ")
	switch verb {
	case "frame":
		frame, err := parseFrame(doc, arg)
		if err != nil {
			return err
		}
		if err := s.s.HandleFrame(s.now, frame); err != nil {
			pe, ok := errors.AsType[*codec.PeerError](err)
			if !ok {
				return err
			}
			fmt.Fprintf(&s.out, "  close with %v: %s\n", pe.Code, pe.Reason)
		}
	case "grant":
		g := session.Grant{Access: room.Access{Write: true}}
		if tail, ok := strings.CutPrefix(arg, "ro"); ok {
			g.Access, arg = room.Access{Reason: "guest"}, strings.TrimSpace(tail)
		}
		if arg != "" {
			var ms int64
			if _, err := fmt.Sscanf(arg, "for %d", &ms); err != nil {
				return err
			}
			g.Expires = s.now + ms
		}
		s.s.HandleGrant(s.now, doc, s.asks[doc], g)
	case "stale":
		s.s.HandleGrant(s.now, doc, s.asks[doc]+100, session.Grant{Access: room.Access{Write: true}})
		s.s.HandleDenial(s.now, doc, s.asks[doc]+100, codec.Bad, "")
	case "deny":
		reason, text, _ := strings.Cut(arg, " ")
		for d := codec.Missing; d <= codec.Unavailable; d++ {
			if d.String() == reason {
				s.s.HandleDenial(s.now, doc, s.asks[doc], d, text)
			}
		}
	case "fault":
		e := codec.Ending{}
		if _, err := fmt.Sscanf(arg, "%d %s", &e.Code, &e.Text); err != nil {
			return err
		}
		s.s.HandleFault(s.now, doc, e)
	case "parted":
		s.s.HandleParted(s.now, doc)
	case "recheck":
		s.s.Recheck(s.now, doc)
	case "close":
		s.s.Close(s.now)
	case "time":
		var ms int64
		if _, err := fmt.Sscan(rest, &ms); err != nil {
			return err
		}
		s.now += ms
		s.s.HandleTime(s.now)
	case "state":
		wake := "never"
		if at := s.s.NextWake(); at != math.MaxInt64 {
			wake = fmt.Sprintf("in %d ms", at-s.now)
		}
		fmt.Fprintf(&s.out, "  %v, %d documents, wake %s\n", s.s.State(doc), s.s.Documents(), wake)
	default:
		return errors.New("no such command")
	}
	for o, ok := s.s.Next(); ok; o, ok = s.s.Next() {
		s.out.WriteString("  " + s.describe(o) + "\n")
	}
	return nil
}

func parseFrame(doc, text string) ([]byte, error) {
	b := codec.Weft.AppendID(nil, doc)
	if text == "" {
		return b, nil
	}
	for m := range strings.SplitSeq(text, " + ") {
		kind, arg, _ := strings.Cut(m, " ")
		switch kind {
		case "step1":
			b = codec.Weft.Append(b, codec.Message{Kind: codec.SyncStep1, Payload: []byte{0}})
		case "update":
			b = codec.Weft.Append(b, codec.Message{Kind: codec.SyncUpdate, Payload: []byte{0, 0}})
		case "token":
			b = codec.Weft.Append(b, codec.Message{Kind: codec.Access, Payload: codec.AccessNotice{Text: arg}.Append(nil)})
		case "leave":
			b = codec.Weft.Append(b, codec.Message{Kind: codec.Leave})
		case "hex":
			raw, err := hex.DecodeString(strings.ReplaceAll(arg, " ", ""))
			if err != nil {
				return nil, err
			}
			b = append(b, raw...)
		default:
			return nil, fmt.Errorf("no such message: %q", kind)
		}
	}
	return b, nil
}

func (s *scenario) describe(o session.Output) string {
	switch o.Kind {
	case session.Ask:
		s.asks[o.Doc] = o.Seq
		return fmt.Sprintf("Ask for %s with %q", o.Doc, o.Token)
	case session.Join:
		return fmt.Sprintf("Join %s, write=%v", o.Doc, o.Access.Write)
	case session.Permit:
		return fmt.Sprintf("Permit %s, write=%v", o.Doc, o.Access.Write)
	case session.Deliver:
		return fmt.Sprintf("Deliver to %s: %s", o.Doc, describe(o.Frame))
	case session.Part:
		return "Part from " + o.Doc
	case session.Send:
		id, messages, err := codec.CutWeft(o.Frame)
		if err != nil || string(id) != o.Doc {
			return "Send of what is no frame"
		}
		return fmt.Sprintf("Send about %s: %s", id, describe(messages))
	}
	return "nothing known"
}

func describe(messages []byte) string {
	var words []string
	if err := codec.EachWeft(messages, func(m codec.Message) error {
		switch m.Kind {
		case codec.Access:
			a, err := codec.DecodeAccess(m.Payload)
			if err != nil {
				return err
			}
			switch a.Kind {
			case codec.Token:
				words = append(words, fmt.Sprintf("token %q", a.Text))
			case codec.Accepted:
				words = append(words, fmt.Sprintf("accepted for %d ms", a.Millis))
			case codec.Renew:
				words = append(words, fmt.Sprintf("renew, %d ms are left", a.Millis))
			case codec.Refused:
				words = append(words, strings.TrimSpace(fmt.Sprintf("refused: %v %s", a.Denial, a.Text)))
			}
		case codec.Fault:
			e, err := codec.DecodeFault(m.Payload)
			if err != nil {
				return err
			}
			words = append(words, fmt.Sprintf("fault %v: %s", e.Code, e.Text))
		default:
			words = append(words, m.Kind.String())
		}
		return nil
	}); err != nil {
		return err.Error()
	}
	return strings.Join(words, " + ")
}
