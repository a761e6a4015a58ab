package provider_test

import (
	"errors"
	"math"
	"testing"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/provider"
	"github.com/weft-sync/weft/core/update"
)

// FuzzFrame feeds any bytes as a frame, from the server and from a tab: never a
// panic, errors are the peer's fault and end exactly that connection, and what is
// put out can be decoded.
func FuzzFrame(f *testing.F) {
	for _, text := range []string{
		"step1 none", "step1 7:3,8:1", "step2 7:0+abc", "update 7:0+abc,8:0+d", "query", "denied no",
		`awareness 7@1:{"a":[1,2,{}]};8@2:null`, "step1 none + query + step2 nothing", "hex 6600",
		"hex 0002ffffffffffffff0f00", "hex 000209ffffffffffffff0f01", "hex",
	} {
		b, err := parseFrame(text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		p := connected(t, provider.Config{Broadcast: true})
		err := p.HandleFrame(0, 1, frame)
		if _, ok := errors.AsType[*codec.PeerError](err); err != nil && !ok {
			t.Fatalf("error %T: %v", err, err)
		}
		if p.Connected() != (err == nil) {
			t.Fatalf("connected %v after error %v", p.Connected(), err)
		}
		checkOutputs(t, p)
		p = connected(t, provider.Config{Broadcast: true})
		if err2 := p.HandleBroadcast(0, frame); (err2 == nil) != (err == nil) {
			t.Fatalf("from the server %v, from a tab %v", err, err2)
		}
		if !p.Synced() {
			t.Fatal("a tab's frame ended the connection")
		}
		checkOutputs(t, p)
	})
}

func checkOutputs(t *testing.T, p *provider.Provider) {
	t.Helper()
	for o, ok := p.Next(); ok; o, ok = p.Next() {
		var err error
		switch o.Kind {
		case provider.Apply:
			err = update.Validate(o.Payload)
		case provider.AskDiff:
			_, err = update.DecodeStateVector(o.Payload)
		case provider.Send, provider.Broadcast:
			_, err = codec.DecodeY(o.Payload)
		}
		if err != nil {
			t.Fatalf("%v of what cannot be decoded: %v", o.Kind, err)
		}
	}
}

// FuzzEvents drives a provider with any order of events, as a host would never
// feed them, and checks what must hold whatever happens.
func FuzzEvents(f *testing.F) {
	f.Add([]byte{0, 3, 7, 9, 10, 11, 1, 0, 4, 12, 12, 2, 0})
	f.Add([]byte{32, 14, 11, 0x0f, 0x1f, 6, 10, 0x2f, 6, 0x3f, 0x4f, 12, 3, 0x5f, 13})
	f.Add([]byte{96, 14, 0x6f, 0x7f, 11, 0x0f, 0x8f, 0x9f, 0xaf, 14, 0xbf, 6, 6, 0xcf, 12, 12})
	f.Add([]byte{0, 3, 5, 8, 8, 8, 6, 12, 3, 4, 0, 3, 7, 1})
	f.Fuzz(func(t *testing.T, events []byte) {
		if len(events) > 1000 {
			return
		}
		cfg := provider.Config{Rand: coretest.NewRand(1).Uint64, Broadcast: true, ResyncInterval: 7000, QueueLimit: 40}
		if len(events) > 0 { // the first one also says whether weft.v1 is offered, and whether there are tokens
			cfg.Weft, cfg.Document, cfg.Token = events[0]&32 != 0, "a", events[0]&64 != 0
		}
		p := provider.New(cfg)
		w := watcher{t: t, p: p}
		now, clock := int64(0), uint64(0)
		usage := func(err error) {
			if _, ok := errors.AsType[codec.UsageError](err); err != nil && !ok {
				t.Fatalf("error %T: %v", err, err)
			}
		}
		for _, e := range events {
			conn := w.dialled - uint32(e>>7) // sometimes the one before
			switch e & 15 {
			case 0:
				usage(p.Connect(now))
			case 1:
				usage(p.Disconnect(now, []byte{0}))
			case 2:
				if e&16 != 0 {
					p.Destroy(now, nil)
				}
			case 3:
				p.HandleOpen(now, conn)
			case 4:
				p.HandleClose(now, conn, 1006, "")
			case 5:
				p.HandleClose(now, conn, codec.CloseCode(4390+uint16(e>>4)), "")
			case 6:
				usage(p.Update(now, coretest.Typing(1, clock, nil, "ab")))
				clock += 2
			case 7:
				usage(p.Awareness(now, parsePresence(`1@1:{}`)))
			case 8, 9:
				frames := []string{"step1 none", "step2 nothing", "update 7:0+a", "query", "denied x", "hex ff", `awareness 7@1:{}`}
				b, _ := parseFrame(frames[int(e>>4)%len(frames)])
				if e&1 == 0 {
					_ = p.HandleFrame(now, conn, b)
				} else {
					_ = p.HandleBroadcast(now, b)
				}
			case 10:
				p.HandleWritten(now, conn)
			case 11:
				p.HandleStateVector(now, conn, []byte{0})
				p.HandleDiff(now, conn, []byte{0, 0})
				p.HandleAwareness(now, conn, []byte{0})
			case 12:
				if at := p.NextWake(); at != math.MaxInt64 {
					now = max(now, at)
				}
				p.HandleTime(now)
				if p.NextWake() <= now {
					t.Fatalf("still due after HandleTime: %d", p.NextWake())
				}
			case 13:
				now += int64(e) * 100
				p.HandleTime(now)
			case 14:
				p.HandleOpenWeft(now, conn)
			case 15:
				const kinds = 13
				switch n := int(e>>4) % (kinds + 3); n {
				case kinds:
					usage(p.Rejoin(now))
				case kinds + 1, kinds + 2:
					p.HandleToken(now, conn, []string{"", "t"}[n-kinds-1])
				default:
					b, err := parseWeft("a", [kinds]string{
						"rw + cross 7:0+a | none", "ack 1 0", "ack 1 1", "nack 1 3 50", "nack 1 1 0", "ro", "renew", "refused 3",
						"epoch ab", "fault 4409 0", "fault 1012 70", "progress 1 2 + update 7:0+a", "ack 2 2 + leave",
					}[n])
					if err != nil {
						t.Fatal(err)
					}
					_ = p.HandleFrame(now, conn, b)
				}
			}
			w.look()
		}
	})
}

// watcher checks the outputs of a provider against each other and its getters.
type watcher struct {
	t         *testing.T
	p         *provider.Provider
	dialled   uint32
	status    provider.Status
	synced    bool
	destroyed bool
}

func (w *watcher) look() {
	for o, ok := w.p.Next(); ok; o, ok = w.p.Next() {
		switch o.Kind {
		case provider.Dial:
			if o.Conn <= w.dialled {
				w.t.Fatalf("Dial %d after %d", o.Conn, w.dialled)
			}
			w.dialled = o.Conn
		case provider.Send, provider.Close:
			if o.Conn != w.dialled {
				w.t.Fatalf("%v to %d, the connection is %d", o.Kind, o.Conn, w.dialled)
			}
		case provider.StatusChanged:
			w.status = o.Status
		case provider.CountsChanged:
			if c := o.Counts; c.Unsynced > c.Unsaved || c.Saved && c.Unsaved > 0 {
				w.t.Fatalf("counts do not fit: %+v", c)
			}
		case provider.SyncedChanged:
			if w.synced == o.Synced {
				w.t.Fatalf("Synced %v twice", o.Synced)
			}
			w.synced = o.Synced
		}
	}
	s := w.p.State()
	if s == provider.Destroyed {
		w.destroyed = true
	}
	switch {
	case w.destroyed && s != provider.Destroyed:
		w.t.Fatalf("%v after Destroyed", s)
	case w.synced != w.p.Synced():
		w.t.Fatalf("Synced was said to be %v, is %v", w.synced, w.p.Synced())
	case w.p.Connected() != (w.status == provider.Connected):
		w.t.Fatalf("status %v in state %v", w.status, s)
	case w.p.ShouldConnect() == (s == provider.Stopped || s == provider.Destroyed):
		w.t.Fatalf("ShouldConnect is %v in state %v", w.p.ShouldConnect(), s)
	case (w.p.NextWake() == math.MaxInt64) == w.p.ShouldConnect():
		w.t.Fatalf("NextWake %d in state %v", w.p.NextWake(), s)
	}
}
