package provider_test

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/weft-sync/weft/core/awareness"
	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/provider"
	"github.com/weft-sync/weft/core/update"
)

// TestScenarios runs the files in testdata: each is one provider with a document
// whose client is 1. A block is a list of commands, and its output the commands
// with what the provider put out. The commands are the cases of scenario.command;
// the notations for payloads are at parseUpdate, parseStateVector, parsePresence.
// -rewrite writes what happens as what is expected.
func TestScenarios(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		var s *scenario
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "new" {
				s = newScenario(t, d)
				return ""
			}
			if d.Cmd != "run" || s == nil {
				d.Fatalf(t, "blocks are new, then run")
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
	p        *provider.Provider
	now      int64
	conn     uint32
	clock    uint64 // of client 1
	doc      *update.Doc
	presence *awareness.States
	answers  bool // asks are answered
	writes   bool // frames are written at once
	out      strings.Builder
}

// newScenario reads the arguments of a new block: jitter (the values of the
// source; without it each delay is the longest), timeout, resync, limit, broadcast;
// weft (for a document named a), token, epoch (hex).
func newScenario(t *testing.T, d *datadriven.TestData) *scenario {
	cfg := provider.Config{Broadcast: d.HasArg("broadcast")}
	d.MaybeScanArgs(t, "timeout", &cfg.Timeout)
	d.MaybeScanArgs(t, "resync", &cfg.ResyncInterval)
	d.MaybeScanArgs(t, "limit", &cfg.QueueLimit)
	if seed := 0; d.MaybeScanArgs(t, "seed", &seed) {
		cfg.Rand = coretest.NewRand(uint64(seed)).Uint64
	}
	if d.HasArg("weft") {
		cfg.Weft, cfg.Document, cfg.Token = true, "a", d.HasArg("token")
	}
	epoch := ""
	d.MaybeScanArgs(t, "epoch", &epoch)
	if b, err := hex.DecodeString(epoch); err != nil {
		t.Fatal(err)
	} else if len(b) > 0 {
		cfg.Epoch = b
	}
	s := &scenario{
		p: provider.New(cfg), doc: update.NewDoc(), presence: awareness.New(awareness.Limits{}),
		answers: true, writes: true,
	}
	if _, err := s.presence.SetLocal(0, 1, []byte(`{"name":"me"}`)); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *scenario) command(line string) error {
	verb, arg, _ := strings.Cut(line, " ")
	switch verb {
	case "connect":
		s.check(s.p.Connect(s.now))
	case "disconnect":
		s.check(s.p.Disconnect(s.now, s.farewell(arg)))
	case "destroy":
		s.p.Destroy(s.now, s.farewell(arg))
	case "open": // [conn]
		s.p.HandleOpen(s.now, s.which(arg))
	case "open-weft": // [conn]
		s.p.HandleOpenWeft(s.now, s.which(arg))
	case "token": // text
		s.p.HandleToken(s.now, s.conn, arg)
	case "rejoin":
		s.check(s.p.Rejoin(s.now))
	case "weft": // messages in the weft framing, from the server, about "a"
		b, err := parseWeft("a", arg)
		if err != nil {
			return err
		}
		s.check(s.p.HandleFrame(s.now, s.conn, b))
	case "elsewhere": // messages about another document
		b, err := parseWeft("b", arg)
		if err != nil {
			return err
		}
		s.check(s.p.HandleFrame(s.now, s.conn, b))
	case "big": // client 1 types N separate units
		n, err := strconv.Atoi(arg)
		if err != nil {
			return err
		}
		return s.big(n)
	case "counts":
		c := s.p.Counts()
		s.out.WriteString(fmt.Sprintf("  %d unsynced, %d unsaved, saved=%v; %v, weft=%v, epoch %x\n", c.Unsynced, c.Unsaved, c.Saved,
			s.p.Permission(), s.p.Weft(), s.p.Epoch()))
	case "closed-because": // code reason
		code, reason, _ := strings.Cut(arg, " ")
		n, err := strconv.ParseUint(code, 10, 16)
		if err != nil {
			return err
		}
		s.p.HandleClose(s.now, s.conn, codec.CloseCode(n), reason)
	case "closed": // code [conn]
		code, conn, _ := strings.Cut(arg, " ")
		n, err := strconv.ParseUint(code, 10, 16)
		if err != nil {
			return err
		}
		s.p.HandleClose(s.now, s.which(conn), codec.CloseCode(n), "")
	case "frame": // messages, from the server
		b, err := parseFrame(arg)
		if err != nil {
			return err
		}
		s.check(s.p.HandleFrame(s.now, s.conn, b))
	case "stale": // messages, from the connection before
		b, err := parseFrame(arg)
		if err != nil {
			return err
		}
		s.check(s.p.HandleFrame(s.now, s.conn-1, b))
	case "tab": // messages, from another tab
		b, err := parseFrame(arg)
		if err != nil {
			return err
		}
		s.check(s.p.HandleBroadcast(s.now, b))
	case "type": // text, at the end of what client 1 typed
		var after *coretest.ID
		if s.clock > 0 {
			after = &coretest.ID{Client: 1, Clock: s.clock - 1}
		}
		u := coretest.Typing(1, s.clock, after, arg)
		s.clock += uint64(len(arg))
		if _, err := s.doc.Apply(append([]byte(nil), u...)); err != nil {
			return err
		}
		s.check(s.p.Update(s.now, u))
	case "bad-update":
		s.check(s.p.Update(s.now, []byte{1, 2, 3}))
	case "presence": // JSON
		if _, err := s.presence.SetLocal(s.now, 1, []byte(arg)); err != nil {
			return err
		}
		s.check(s.p.Awareness(s.now, s.presence.Encode([]uint64{1})))
	case "bad-presence":
		s.check(s.p.Awareness(s.now, []byte{1, 2, 3}))
	case "after": // milliseconds
		n, err := strconv.ParseInt(arg, 10, 64)
		if err != nil {
			return err
		}
		s.now += n
		s.p.HandleTime(s.now)
	case "wake": // go to the time of NextWake
		if s.p.NextWake() == math.MaxInt64 {
			s.out.WriteString("  nothing to wait for\n")
			break
		}
		s.out.WriteString(fmt.Sprintf("  %d ms pass\n", s.p.NextWake()-s.now))
		s.now = s.p.NextWake()
		s.p.HandleTime(s.now)
	case "stall": // writes take time from now on
		s.writes = false
	case "written": // [conn]: the write in progress ends
		s.p.HandleWritten(s.now, s.which(arg))
	case "flow": // and writes take none again
		s.writes = true
		s.p.HandleWritten(s.now, s.conn)
	case "ignore-asks":
		s.answers = false
	case "answer": // sv, diff or presence, conn
		s.answer(arg)
	case "state":
		s.out.WriteString(fmt.Sprintf("  %v connected=%v synced=%v wanted=%v attempts=%d wake=%s\n", s.p.State(),
			s.p.Connected(), s.p.Synced(), s.p.ShouldConnect(), s.p.Attempts(), s.wake()))
	default:
		return fmt.Errorf("no such command")
	}
	s.drain()
	return nil
}

func (s *scenario) wake() string {
	if s.p.NextWake() == math.MaxInt64 {
		return "never"
	}
	return fmt.Sprintf("in %d ms", s.p.NextWake()-s.now)
}

func (s *scenario) check(err error) {
	if err != nil {
		s.out.WriteString(fmt.Sprintf("  error (%T): %v\n", err, err))
	}
}

func (s *scenario) farewell(arg string) []byte {
	if arg != "bye" {
		return nil
	}
	_, clock, _ := s.presence.State(1)
	return parsePresence(fmt.Sprintf("1@%d:null", clock))
}

func (s *scenario) which(arg string) uint32 {
	if n, err := strconv.ParseUint(arg, 10, 32); err == nil {
		return uint32(n)
	}
	return s.conn
}

// answer answers by hand, for a connection that may not be the current one.
func (s *scenario) answer(arg string) {
	what, conn, _ := strings.Cut(arg, " ")
	switch what {
	case "sv":
		s.p.HandleStateVector(s.now, s.which(conn), s.doc.StateVector())
	case "diff":
		u, _ := s.doc.Diff([]byte{0})
		s.p.HandleDiff(s.now, s.which(conn), u)
	case "presence":
		s.p.HandleAwareness(s.now, s.which(conn), s.presence.Encode([]uint64{1}))
	}
}

// drain performs the outputs as a host does, and writes them down.
func (s *scenario) drain() {
	for o, ok := s.p.Next(); ok; o, ok = s.p.Next() {
		s.out.WriteString("  " + describe(o) + "\n")
		switch o.Kind {
		case provider.Dial:
			s.conn = o.Conn
		case provider.Send:
			if s.writes {
				s.p.HandleWritten(s.now, o.Conn)
			}
		case provider.Apply:
			u := append([]byte(nil), o.Payload...)
			fresh, err := s.doc.Apply(u)
			s.check(err)
			if fresh && o.Conn == provider.Tabs {
				s.check(s.p.Relay(s.now, u))
			}
		case provider.ApplyAwareness:
			if _, err := s.presence.Apply(s.now, o.Payload); err != nil {
				s.check(err)
			}
		case provider.ClearAwareness:
			var others []uint64
			for client := range s.presence.All() {
				if client != 1 {
					others = append(others, client)
				}
			}
			s.presence.Remove(s.now, others...)
		}
		if !s.answers {
			continue
		}
		switch o.Kind {
		case provider.AskStateVector:
			s.p.HandleStateVector(s.now, o.Conn, s.doc.StateVector())
		case provider.AskDiff:
			u, err := s.doc.Diff(o.Payload)
			s.check(err)
			s.p.HandleDiff(s.now, o.Conn, u)
		case provider.AskAwareness:
			if state, _, _ := s.presence.State(1); state != nil {
				if _, err := s.presence.SetLocal(s.now, 1, append([]byte(nil), state...)); err != nil {
					s.check(err)
				}
				s.p.HandleAwareness(s.now, o.Conn, s.presence.Encode([]uint64{1}))
			}
		case provider.AskAllAwareness:
			s.p.HandleAwareness(s.now, o.Conn, s.presence.EncodeAll())
		}
	}
}

func describe(o provider.Output) string {
	to := "server " + strconv.Itoa(int(o.Conn))
	if o.Conn == provider.Tabs {
		to = "tabs"
	}
	switch o.Kind {
	case provider.Dial:
		if o.Weft {
			return "Dial " + to + ", offering weft.v1"
		}
		return "Dial " + to
	case provider.AskToken:
		return "AskToken for " + to
	case provider.PermissionChanged:
		return fmt.Sprintf("Permission to %v: %q", o.Permission, o.Payload)
	case provider.CountsChanged:
		return fmt.Sprintf("Counts: %d unsynced, %d unsaved, saved=%v", o.Counts.Unsynced, o.Counts.Unsaved, o.Counts.Saved)
	case provider.Rejected:
		u := "gone"
		if len(o.Payload) > 0 {
			u = describeUpdate(o.Payload)
		}
		return fmt.Sprintf("Rejected for %v, again in %d ms: %s %q", o.Reason, o.Retry, u, o.Text)
	case provider.AuthFailed:
		return fmt.Sprintf("AuthFailed: %v %q", o.Denial, o.Text)
	case provider.EpochChanged:
		return fmt.Sprintf("Epoch %x", o.Payload)
	case provider.Progressed:
		return fmt.Sprintf("Progress %d of %d", o.Done, o.Total)
	case provider.Close:
		return fmt.Sprintf("Close %s with %d", to, o.Code)
	case provider.Send, provider.Broadcast:
		return fmt.Sprintf("%v to %s: %s", o.Kind, to, describeFrame(o.Payload))
	case provider.AskStateVector, provider.AskAwareness, provider.AskAllAwareness:
		return fmt.Sprintf("%v for %s", o.Kind, to)
	case provider.AskDiff:
		return fmt.Sprintf("AskDiff for %s: %s", to, describeStateVector(o.Payload))
	case provider.Apply:
		return fmt.Sprintf("Apply from %s: %s", to, describeUpdate(o.Payload))
	case provider.ApplyAwareness:
		return fmt.Sprintf("ApplyAwareness from %s: %s", to, describePresence(o.Payload))
	case provider.StatusChanged:
		return "Status " + o.Status.String()
	case provider.SyncedChanged:
		return fmt.Sprintf("Synced %v", o.Synced)
	case provider.Refused:
		return fmt.Sprintf("Refused by %s with %d", to, o.Code)
	case provider.Denied:
		return fmt.Sprintf("Denied by %s: %q", to, o.Payload)
	}
	return o.Kind.String()
}

func describeFrame(b []byte) string {
	if id, messages, err := codec.CutWeft(b); err == nil {
		words := []string{"about " + string(id) + ":"}
		if err := codec.EachWeft(messages, func(m codec.Message) error {
			words = append(words, describeMessage(m))
			return nil
		}); err != nil {
			return err.Error()
		}
		return words[0] + " " + strings.Join(words[1:], " + ")
	}
	m, err := codec.DecodeY(b)
	if err != nil {
		return err.Error()
	}
	return describeMessage(m)
}

func describeMessage(m codec.Message) string {
	switch m.Kind {
	case codec.Access:
		a, err := codec.DecodeAccess(m.Payload)
		if err != nil {
			return err.Error()
		}
		return fmt.Sprintf("token %q", a.Text)
	case codec.Epoch:
		return fmt.Sprintf("epoch %x", m.Payload)
	case codec.SyncStep1:
		return "step1 " + describeStateVector(m.Payload)
	case codec.SyncStep2:
		return "step2 " + describeUpdate(m.Payload)
	case codec.SyncUpdate:
		return "update " + describeUpdate(m.Payload)
	case codec.Awareness:
		return "awareness " + describePresence(m.Payload)
	case codec.QueryAwareness:
		return "query"
	}
	return m.Kind.String()
}

// parseWeft reads messages of the weft framing that are joined with " + ": those of
// parseFrame but query and denied, and the ones below.
func parseWeft(doc, text string) ([]byte, error) {
	b := codec.Weft.AppendID(nil, doc)
	for msg := range strings.SplitSeq(text, " + ") {
		kind, arg, _ := strings.Cut(msg, " ")
		var n, r, t uint64
		put := func(k codec.Kind, payload []byte) {
			b = codec.Weft.Append(b, codec.Message{Kind: k, Payload: payload})
		}
		switch kind {
		case "cross": // update | state vector
			u, sv, _ := strings.Cut(arg, " | ")
			put(codec.SyncCross, codec.AppendCross(nil, parseUpdate(u), parseStateVector(sv)))
		case "ro":
			put(codec.Read, []byte(arg))
		case "rw":
			put(codec.ReadWrite, []byte(arg))
		case "ack": // received saved
			if _, err := fmt.Sscan(arg, &r, &n); err != nil {
				return nil, err
			}
			put(codec.Ack, codec.Acknowledgement{Received: r, Saved: n}.Append(nil))
		case "nack": // update reason retry
			if _, err := fmt.Sscan(arg, &n, &r, &t); err != nil {
				return nil, err
			}
			put(codec.Nack, codec.Refusal{Update: n, Reason: codec.Reason(r), Retry: t, Text: "no"}.Append(nil))
		case "accepted":
			put(codec.Access, codec.AccessNotice{Kind: codec.Accepted, Millis: 1000}.Append(nil))
		case "renew":
			put(codec.Access, codec.AccessNotice{Kind: codec.Renew, Millis: 1000}.Append(nil))
		case "refused": // denial
			if _, err := fmt.Sscan(arg, &n); err != nil {
				return nil, err
			}
			put(codec.Access, codec.AccessNotice{Kind: codec.Refused, Denial: codec.Denial(n), Text: "no"}.Append(nil))
		case "epoch":
			e, err := hex.DecodeString(arg)
			if err != nil {
				return nil, err
			}
			put(codec.Epoch, e)
		case "fault": // code retry
			if _, err := fmt.Sscan(arg, &n, &r); err != nil {
				return nil, err
			}
			put(codec.Fault, codec.Ending{Code: codec.CloseCode(n), Retry: r, Text: "over"}.Append(nil))
		case "progress": // done total
			if _, err := fmt.Sscan(arg, &n, &t); err != nil {
				return nil, err
			}
			put(codec.Progress, codec.Part{Done: n, Total: t}.Append(nil))
		case "leave":
			put(codec.Leave, nil)
		case "token":
			put(codec.Access, codec.AccessNotice{Text: arg}.Append(nil))
		default:
			y, err := parseFrame(msg)
			if err != nil {
				return nil, err
			}
			b = append(b, y...)
		}
	}
	return b, nil
}

// big makes a document that takes several messages: n units of client 1, each typed
// before the last one, so that none continues another. It tells of no edit.
func (s *scenario) big(n int) error {
	for range n {
		u := coretest.Typing(1, s.clock, nil, "x")
		s.clock++
		if _, err := s.doc.Apply(u); err != nil {
			return err
		}
	}
	return nil
}

// parseFrame reads messages that are joined with " + ".
func parseFrame(text string) ([]byte, error) {
	var b []byte
	for msg := range strings.SplitSeq(text, " + ") {
		kind, arg, _ := strings.Cut(msg, " ")
		switch kind {
		case "step1":
			b = codec.AppendY(b, codec.Message{Kind: codec.SyncStep1, Payload: parseStateVector(arg)})
		case "step2":
			b = codec.AppendY(b, codec.Message{Kind: codec.SyncStep2, Payload: parseUpdate(arg)})
		case "update":
			b = codec.AppendY(b, codec.Message{Kind: codec.SyncUpdate, Payload: parseUpdate(arg)})
		case "awareness":
			b = codec.AppendY(b, codec.Message{Kind: codec.Awareness, Payload: parsePresence(arg)})
		case "query":
			b = codec.AppendY(b, codec.Message{Kind: codec.QueryAwareness})
		case "denied":
			b = codec.AppendY(b, codec.Message{Kind: codec.Auth, Payload: []byte(arg)})
		case "hex":
			raw, err := hex.DecodeString(arg)
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

// parseUpdate reads "nothing" or runs of typing, such as 7:0+abc,8:4+d: client 7
// typed abc at clock 0, client 8 typed d at clock 4.
func parseUpdate(text string) []byte {
	parts := [][]byte{{0, 0}}
	if text != "nothing" {
		for run := range strings.SplitSeq(text, ",") {
			var client, clock uint64
			var typed string
			if _, err := fmt.Sscanf(run, "%d:%d+%s", &client, &clock, &typed); err != nil {
				panic(err)
			}
			var after *coretest.ID
			if clock > 0 {
				after = &coretest.ID{Client: client, Clock: clock - 1}
			}
			parts = append(parts, coretest.Typing(client, clock, after, typed))
		}
	}
	u, err := update.Merge(parts...)
	if err != nil {
		panic(err)
	}
	return u
}

// describeUpdate names the ids that an update has: 7:0-3 is client 7, clocks 0 to 2.
func describeUpdate(u []byte) string {
	structs, deletes, err := update.Contents(u)
	if err != nil {
		return err.Error()
	}
	var parts []string
	for client, r := range structs.All() {
		parts = append(parts, fmt.Sprintf("%d:%d-%d", client, r.Start, r.End))
	}
	for client, r := range deletes.All() {
		parts = append(parts, fmt.Sprintf("deleted %d:%d-%d", client, r.Start, r.End))
	}
	if parts == nil {
		return "nothing"
	}
	return strings.Join(parts, ",")
}

// parseStateVector reads "none" or clients with their clocks, such as 7:3,8:1.
func parseStateVector(text string) []byte {
	if text == "none" {
		return []byte{0}
	}
	entries := strings.Split(text, ",")
	b := lib0.AppendUint(nil, uint64(len(entries)))
	for _, e := range entries {
		var client, clock uint64
		if _, err := fmt.Sscanf(e, "%d:%d", &client, &clock); err != nil {
			panic(err)
		}
		b = lib0.AppendUint(lib0.AppendUint(b, client), clock)
	}
	return b
}

func describeStateVector(sv []byte) string {
	r := lib0.NewReader(sv)
	var parts []string
	for range r.Uint("clients") {
		parts = append(parts, fmt.Sprintf("%d:%d", r.Uint("client"), r.Uint("clock")))
	}
	if r.Err() != nil {
		return r.Err().Error()
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, ",")
}

// parsePresence reads entries such as 7@3:{"name":"x"};8@1:null.
func parsePresence(text string) []byte {
	entries := strings.Split(text, ";")
	b := lib0.AppendUint(nil, uint64(len(entries)))
	for _, e := range entries {
		id, state, _ := strings.Cut(e, ":")
		var client, clock uint64
		if _, err := fmt.Sscanf(id, "%d@%d", &client, &clock); err != nil {
			panic(err)
		}
		b = lib0.AppendString(lib0.AppendUint(lib0.AppendUint(b, client), clock), state)
	}
	return b
}

func describePresence(b []byte) string {
	r := lib0.NewReader(b)
	var parts []string
	for range r.Uint("clients") {
		parts = append(parts, fmt.Sprintf("%d@%d:%s", r.Uint("client"), r.Uint("clock"), r.String("state")))
	}
	if r.Err() != nil {
		return r.Err().Error()
	}
	return strings.Join(parts, ";")
}
