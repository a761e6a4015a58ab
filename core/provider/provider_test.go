package provider_test

import (
	"errors"
	"math"
	"testing"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/provider"
)

// connected returns a provider that is Synced over connection 1, with no output left.
func connected(t testing.TB, cfg provider.Config) *provider.Provider {
	t.Helper()
	p := provider.New(cfg)
	if err := p.Connect(0); err != nil {
		t.Fatal(err)
	}
	p.HandleOpen(0, 1)
	if err := p.HandleFrame(0, 1, step2(0, 0)); err != nil {
		t.Fatal(err)
	}
	drain(p)
	if !p.Synced() {
		t.Fatal("not synced")
	}
	return p
}

func step2(update ...byte) []byte {
	return codec.EncodeY(codec.Message{Kind: codec.SyncStep2, Payload: update})
}

func drain(p *provider.Provider) (n int) {
	for _, ok := p.Next(); ok; _, ok = p.Next() {
		n++
	}
	return n
}

// In steady state a local edit costs its frame, and what comes in costs nothing.
func TestAllocations(t *testing.T) {
	u := coretest.Typing(1, 0, nil, "a")
	update := codec.EncodeY(codec.Message{Kind: codec.SyncUpdate, Payload: u})
	presence := codec.EncodeY(codec.Message{Kind: codec.Awareness, Payload: parsePresence(`7@1:{"a":1}`)})
	step1 := codec.EncodeY(codec.Message{Kind: codec.SyncStep1, Payload: []byte{0}})
	for _, test := range []struct {
		name string
		max  float64
		do   func(p *provider.Provider)
	}{
		{"local edit", 1, func(p *provider.Provider) {
			if p.Update(0, u) != nil {
				t.Fatal("refused")
			}
			drain(p)
			p.HandleWritten(0, 1)
		}},
		{"update from the server", 0, func(p *provider.Provider) {
			if p.HandleFrame(0, 1, update) != nil {
				t.Fatal("refused")
			}
			drain(p)
		}},
		{"presence from the server", 0, func(p *provider.Provider) {
			if p.HandleFrame(0, 1, presence) != nil {
				t.Fatal("refused")
			}
			drain(p)
		}},
		{"step 1 from the server, a state vector is decoded", 2, func(p *provider.Provider) {
			if p.HandleFrame(0, 1, step1) != nil {
				t.Fatal("refused")
			}
			drain(p)
		}},
		{"time", 0, func(p *provider.Provider) { p.HandleTime(1); drain(p) }},
	} {
		p := connected(t, provider.Config{})
		for range 10 { // let the queue reach its size
			test.do(p)
		}
		if got := testing.AllocsPerRun(100, func() { test.do(p) }); got > test.max {
			t.Errorf("%s: %v allocations, at most %v expected", test.name, got, test.max)
		}
	}
}

// Each kind of message, fed whole, cut at every byte, and with a byte too many in its
// payload: whole it is good, else the connection ends with one code and a typed error.
func TestFramesCutAnywhere(t *testing.T) {
	for _, text := range []string{
		"step1 7:3,8:1", "step2 7:0+abc,8:0+d", "update 7:0+abc", "denied no such user",
		`awareness 7@1:{"a":[1,"x"]};8@2:null`, "query",
	} {
		whole, err := parseFrame(text)
		if err != nil {
			t.Fatal(err)
		}
		m, err := codec.DecodeY(whole)
		if err != nil {
			t.Fatal(err)
		}
		p := connected(t, provider.Config{})
		if err := p.HandleFrame(0, 1, whole); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		bad := [][]byte{}
		for n := range whole {
			bad = append(bad, whole[:n])
		}
		if m.Kind != codec.Auth && m.Kind != codec.QueryAwareness {
			m.Payload = append(append([]byte(nil), m.Payload...), 0)
			bad = append(bad, codec.EncodeY(m))
		}
		for _, b := range bad {
			p := connected(t, provider.Config{})
			e, ok := errors.AsType[*codec.PeerError](p.HandleFrame(0, 1, b))
			if !ok || e.Code != codec.BadMessage {
				t.Errorf("%s as %x: error %v", text, b, e)
				continue
			}
			if o, _ := p.Next(); o.Kind != provider.Close || o.Conn != 1 || o.Code != codec.BadMessage {
				t.Errorf("%s as %x: %v with %v", text, b, o.Kind, o.Code)
			}
			if p.State() != provider.Waiting {
				t.Errorf("%s as %x: %v", text, b, p.State())
			}
		}
	}
}

// While a write lasts, local edits hold at most the limit, however many there are.
func TestQueueIsBounded(t *testing.T) {
	p := connected(t, provider.Config{QueueLimit: 1000})
	var last, sent int
	for i := range 10_000 {
		if err := p.Update(0, coretest.Typing(1, uint64(i), nil, "a")); err != nil {
			t.Fatal(err)
		}
		for o, ok := p.Next(); ok; o, ok = p.Next() {
			sent++
			last = len(o.Payload)
		}
	}
	if sent != 1 || last > 32 {
		t.Fatalf("%d frames sent while the first was written, the last of %d bytes", sent, last)
	}
	p.HandleWritten(0, 1)
	if o, ok := p.Next(); !ok || o.Kind != provider.AskDiff {
		t.Fatalf("after the write: %v, want AskDiff", o.Kind)
	}
	if o, ok := p.Next(); ok {
		t.Fatalf("after AskDiff: %v, want nothing", o.Kind)
	}
}

// Time that goes back, as a host's clock may by mistake, is time that stands still.
func TestTimeNeverGoesBack(t *testing.T) {
	p := provider.New(provider.Config{})
	if err := p.Connect(1_000_000); err != nil {
		t.Fatal(err)
	}
	p.HandleClose(0, 1, 1006, "")
	if got := p.NextWake(); got != 1_000_200 {
		t.Fatalf("the next attempt is at %d", got)
	}
	p.HandleTime(-5)
	if p.State() != provider.Waiting {
		t.Fatalf("state %v", p.State())
	}
}

// A host's clock may start anywhere.
func TestTimeMayBeNegative(t *testing.T) {
	p := provider.New(provider.Config{})
	if err := p.Connect(-1_000_000); err != nil {
		t.Fatal(err)
	}
	p.HandleClose(-999_000, 1, 1006, "")
	if got := p.NextWake(); got != -998_800 {
		t.Fatalf("the next attempt is at %d", got)
	}
}

func TestConfigIsBounded(t *testing.T) {
	for _, cfg := range []provider.Config{
		{},
		{MinBackoff: -1, MaxBackoff: -1, Timeout: 0, ResyncInterval: -1, QueueLimit: -1},
		{MinBackoff: math.MaxInt64, MaxBackoff: math.MaxInt64, Timeout: math.MaxInt64, ResyncInterval: math.MaxInt64},
		{MinBackoff: 1000, MaxBackoff: 10},
	} {
		cfg.Rand = coretest.NewRand(1).Uint64
		p := provider.New(cfg)
		if err := p.Connect(0); err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			if p.NextWake() <= int64(i) {
				t.Fatalf("%+v: wakes at %d", cfg, p.NextWake())
			}
			p.HandleClose(int64(i), uint32(i+1), 1006, "")
			if p.State() != provider.Waiting || p.NextWake() <= int64(i) {
				t.Fatalf("%+v: %v until %d after attempt %d", cfg, p.State(), p.NextWake(), i)
			}
			if err := p.Connect(int64(i)); err != nil {
				t.Fatal(err)
			}
			drain(p)
		}
	}
}

func TestSetMaxBackoff(t *testing.T) {
	p := provider.New(provider.Config{})
	if _, ok := errors.AsType[codec.UsageError](p.SetMaxBackoff(0)); !ok {
		t.Error("0 was accepted")
	}
	if err := p.SetMaxBackoff(50); err != nil {
		t.Fatal(err)
	}
	if err := p.Connect(0); err != nil {
		t.Fatal(err)
	}
	p.HandleClose(0, 1, 1006, "")
	if got := p.NextWake(); got != 50 {
		t.Errorf("waits %d ms, want 50", got)
	}
}

// BenchmarkLocalEdit is one keystroke: in, out as a frame, written.
func BenchmarkLocalEdit(b *testing.B) {
	p := connected(b, provider.Config{})
	u := coretest.Typing(1, 0, nil, "a")
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Update(0, u); err != nil {
			b.Fatal(err)
		}
		drain(p)
		p.HandleWritten(0, 1)
	}
}

// BenchmarkRemoteEdit is one keystroke of somebody else's.
func BenchmarkRemoteEdit(b *testing.B) {
	p := connected(b, provider.Config{})
	f := codec.EncodeY(codec.Message{Kind: codec.SyncUpdate, Payload: coretest.Typing(1, 0, nil, "a")})
	b.ReportAllocs()
	for b.Loop() {
		if err := p.HandleFrame(0, 1, f); err != nil {
			b.Fatal(err)
		}
		drain(p)
	}
}
