package sim

import (
	"strconv"

	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/provider"
	"github.com/weft-sync/weft/core/room"
	"github.com/weft-sync/weft/core/update"
)

// Result is what a run came to.
type Result struct {
	Seed     uint64
	Sum      uint64 // hash of the trace
	Lines    uint64 // of the trace
	Problems []string
	Bytes    int // of the final documents
	Replaced uint64
	Saved    int // edits that were reported saved
	Rejected int // updates that were refused
}

// rounds is how often a run does its worst and then recovers.
const rounds = 2

// Run runs the world of a seed. print, which may be nil, gets its trace.
func Run(seed uint64, print func(line []byte)) Result {
	s := newSimulation(seed, print)
	for range rounds {
		s.storm()
		s.recover()
		if len(s.world.Problems) > 0 {
			break
		}
		s.restart()
	}
	saved, rejected := 0, 0
	for _, p := range s.world.Peers() {
		saved += p.Saved
		rejected += p.Rejected
	}
	return Result{
		Saved: saved, Rejected: rejected,
		Seed: seed, Sum: s.world.Trace.Sum(), Lines: s.world.Trace.Lines(),
		Problems: s.world.Problems, Bytes: s.bytes, Replaced: s.site.Replaced,
	}
}

type simulation struct {
	world *coretest.World
	rand  *coretest.Rand
	store *store
	site  *coretest.Site
	docs  []string
	tabs  []*coretest.Channel
	names int // peers so far
	bytes int

	// readOnly names the peers that may not write at present; guests never may.
	readOnly map[string]bool
	guests   map[string]*coretest.Peer
}

func newSimulation(seed uint64, print func([]byte)) *simulation {
	draw := coretest.NewRand(seed)
	link := coretest.Link{
		Latency:   draw.Between(1, 60),
		Jitter:    draw.Between(0, 60),
		Bandwidth: pick(draw, 0, 0, 64, 16),
	}
	w := coretest.NewWorld(draw.Uint64(), link, print)
	s := &simulation{world: w, rand: w.Rand.Fork(), store: newStore(w), docs: []string{"one", "two"}[:1+draw.Intn(2)],
		readOnly: map[string]bool{}, guests: map[string]*coretest.Peer{}}
	clock := s.clock()
	clock.Offset = max(clock.Offset, -clock.Offset) // a server's clock counts from its start
	s.site = w.AddSite("site", clock, s.store)
	s.site.Access = func(token, _ string) room.Access {
		return room.Access{Write: !s.readOnly[token] && s.guests[token] == nil}
	}
	s.site.QueueLimit = pick(draw, 0, 4000, 300)
	for range s.docs {
		s.tabs = append(s.tabs, w.NewChannel())
	}
	for range 3 + draw.Intn(5) {
		s.enter()
	}
	return s
}

func pick(r *coretest.Rand, choices ...int) int { return choices[r.Intn(len(choices))] }

// clock draws a clock that is up to 11 days off and up to 5 s a day fast or slow.
func (s *simulation) clock() coretest.Clock {
	return coretest.Clock{Offset: s.rand.Between(-1e9, 1e9), PPM: s.rand.Between(-60, 60)}
}

// enter lets somebody new open a document.
func (s *simulation) enter() {
	s.names++
	n := s.rand.Intn(len(s.docs))
	cfg := coretest.PeerConfig{
		Name:     "peer" + strconv.Itoa(s.names),
		Client:   1 + s.rand.Uint64()%(1<<32-1),
		Site:     s.site,
		Document: s.docs[n],
		Clock:    s.clock(),
		Provider: provider.Config{QueueLimit: pick(s.rand, 0, 200)},
	}
	if s.rand.Chance(250) {
		cfg.Tabs = s.tabs[n]
	}
	if s.rand.Chance(200) {
		cfg.Provider.ResyncInterval = s.rand.Between(500, 20_000)
	}
	if s.rand.Chance(150) {
		s.world.Net.SetLink(cfg.Name, coretest.Link{Latency: 100, Jitter: 100, Bandwidth: 2})
	}
	cfg.Weft = s.rand.Chance(600)
	cfg.Guest = cfg.Weft && cfg.Tabs == nil && s.rand.Chance(150)
	p := s.world.AddPeer(cfg)
	if cfg.Guest {
		s.guests[p.Name] = p
	}
	p.Connect()
}

func (s *simulation) someone() *coretest.Peer {
	peers := s.world.Peers()
	return peers[s.rand.Intn(len(peers))]
}

// storm lets people work for a minute or three while everything goes wrong.
func (s *simulation) storm() {
	for until := s.world.Now() + s.rand.Between(60_000, 180_000); s.world.Now() < until; {
		if s.rand.Chance(300) {
			// People type in bursts.
			p := s.someone()
			for range 1 + s.rand.Intn(12) {
				p.Edit()
				s.world.Run(s.rand.Between(0, 40))
			}
		} else {
			s.world.Run(s.rand.Between(0, 800))
		}
		s.mishap()
	}
}

func (s *simulation) mishap() {
	switch n := s.rand.Intn(1000); {
	case n < 300:
		s.someone().Edit()
	case n < 450:
		s.someone().Move()
	case n < 520:
		s.world.Net.Cut()
	case n < 540:
		s.world.Net.HalfOpen()
	case n < 555:
		s.part()
	case n < 575:
		s.world.Net.Part(nil)
	case n < 590:
		s.kill()
	case n < 640:
		s.someone().Disconnect()
	case n < 720:
		for _, p := range s.world.Peers() {
			if !p.Provider.ShouldConnect() {
				p.Connect()
			}
		}
	case n < 735:
		if len(s.world.Peers()) < 10 {
			s.enter()
		}
	case n < 745:
		// Who leaves for good takes along what never reached anybody; that is
		// not lost by us, and the others agree all the same.
		if len(s.world.Peers()) > 3 {
			s.someone().Leave()
		}
	case n < 760:
		s.site.Idle()
	case n < 790:
		// Somebody may not write any more, or may again.
		p := s.someone()
		s.readOnly[p.Name] = !s.readOnly[p.Name]
		s.site.Recheck()
	}
}

// part separates some peers from the site.
func (s *simulation) part() {
	groups := map[string]int{}
	for _, p := range s.world.Peers() {
		if s.rand.Chance(400) {
			groups[p.Name] = 1
		}
	}
	s.world.Net.Part(groups)
}

// kill ends the site's process, and starts it again a little later.
func (s *simulation) kill() {
	if !s.site.Up() {
		return
	}
	s.site.Kill()
	s.store.kill()
	s.world.After(s.rand.Between(50, 8000), s.site.Start)
}

// recover heals everything and waits until all agree.
func (s *simulation) recover() {
	s.world.Net.Part(nil)
	clear(s.readOnly)
	s.site.Recheck()
	for _, p := range s.world.Peers() {
		p.Connect()
		if p.Diverged > 0 {
			s.world.Problem(p.Name, "was told of another history")
		}
		if p.Refusals > 0 {
			s.world.Problem(p.Name, "was refused")
		}
	}
	if why := s.world.Settle(600_000); why != "" {
		s.world.Problem("world", "does not settle: "+why)
	}
	for _, d := range s.store.docs {
		s.store.verify(d)
	}
}

// restart kills the site when all is stored, and looks that nothing is missing.
func (s *simulation) restart() {
	s.site.Kill()
	s.store.kill()
	s.bytes = 0
	for _, p := range s.world.Peers() {
		all := s.store.whole(p.Document)
		s.bytes = max(s.bytes, len(all))
		if s.guests[p.Name] != nil {
			if structs, _, err := update.Contents(all); err != nil || structs.Contains(p.Doc.Client, 0) {
				s.world.Problem(p.Name, "may not write, and did")
			}
			continue
		}
		if why := coretest.Difference(p.Doc.Encode(), all); why != "" {
			s.world.Problem(p.Name, "the document and what is stored: "+why)
		}
	}
	s.site.Start()
}
