package sim

import (
	"strconv"
	"testing"

	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/provider"
)

// calm returns a world without mishaps: a site, and n peers on one document.
func calm(seed uint64, n int, cfg provider.Config) (*coretest.World, *coretest.Site, *store, []*coretest.Peer) {
	w := coretest.NewWorld(seed, coretest.Link{Latency: 5, Jitter: 10}, nil)
	s := newStore(w)
	site := w.AddSite("site", coretest.Clock{}, s)
	peers := make([]*coretest.Peer, n)
	for i := range peers {
		peers[i] = w.AddPeer(coretest.PeerConfig{
			Name: "peer" + strconv.Itoa(i+1), Client: uint64(i + 1), Site: site, Document: "one", Provider: cfg,
		})
	}
	return w, site, s, peers
}

func settled(t *testing.T, w *coretest.World) {
	t.Helper()
	if why := w.Settle(300_000); why != "" {
		t.Errorf("does not settle: %s", why)
	}
	for _, p := range w.Problems {
		t.Error(p)
	}
}

// A member on a line that takes less than what the others write is neither thrown
// out nor a burden: the room holds no more for it than its limit, and it has
// everything soon after the others stop.
func TestSlowMember(t *testing.T) {
	w, site, _, peers := calm(1, 6, provider.Config{})
	site.QueueLimit = 4000
	slow := peers[0]
	w.Net.SetLink(slow.Name, coretest.Link{Latency: 200, Jitter: 200, Bandwidth: 1})
	for _, p := range peers {
		p.Connect()
	}
	for range 5 { // bursts of five seconds, 500 edits a second
		for range 500 {
			for _, p := range peers[1:] {
				p.Edit()
				w.Run(2)
			}
		}
		w.Run(30_000)
	}
	slow.Edit()
	settled(t, w)
	for _, p := range peers {
		if p.Losses+p.Refusals > 0 {
			t.Errorf("%s lost its connection", p.Name)
		}
	}
	if site.Replaced == 0 {
		t.Error("the slow member's queue was never replaced: the test is too kind")
	}
	t.Logf("at most %d bytes held, %d queues replaced, document of %d bytes", site.Peak, site.Replaced, slow.Doc.Size())
}

// A member whose own line is slow sends fewer, larger frames, and all of its edits.
func TestSlowWriter(t *testing.T) {
	w, _, _, peers := calm(2, 2, provider.Config{QueueLimit: 2000})
	slow := peers[0]
	w.Net.SetLink(slow.Name, coretest.Link{Latency: 200, Bandwidth: 1})
	for _, p := range peers {
		p.Connect()
	}
	w.Run(2000)
	for range 1000 {
		slow.Edit()
		w.Run(10)
	}
	settled(t, w)
	if slow.Losses > 0 {
		t.Error("lost its connection")
	}
}

// A document that takes longer than the timeout to load is loaded in the end.
func TestLargeDocumentOnSlowLine(t *testing.T) {
	w, site, _, peers := calm(6, 1, provider.Config{})
	writer := peers[0]
	writer.Connect()
	for range 10_000 {
		writer.Edit()
		w.Run(1)
	}
	settled(t, w)
	late := w.AddPeer(coretest.PeerConfig{Name: "late", Client: 7, Site: site, Document: "one"})
	w.Net.SetLink(late.Name, coretest.Link{Latency: 100, Bandwidth: 1})
	late.Connect()
	settled(t, w)
	t.Logf("%d bytes at 1 byte/ms: there after %d attempts, at %d s", late.Doc.Size(), late.Dials, w.Now()/1000)
}

// While the site is away, providers ask rarely, and each at its own time; when it is
// back all are within the longest pause.
func TestSiteIsAway(t *testing.T) {
	w, site, s, peers := calm(3, 100, provider.Config{})
	for _, p := range peers {
		p.Connect()
	}
	settled(t, w)
	site.Kill()
	s.kill()
	before := w.Net.Dials()
	w.Run(60_000)
	first := w.Net.Dials() - before
	w.Run(600_000)
	later := w.Net.Dials() - before - first
	// Once a pause has grown to 30 s an attempt comes every 15 s on average.
	if perPeer := float64(later) / float64(len(peers)) / 10; perPeer > 5 {
		t.Errorf("%.1f attempts a minute and peer", perPeer)
	}
	t.Logf("attempts of %d peers: %d in the first minute, %d in ten more", len(peers), first, later)
	site.Start()
	w.Run(31_000)
	for _, p := range peers {
		if !p.Provider.Synced() {
			t.Errorf("%s is %v", p.Name, p.Provider.State())
		}
	}
	settled(t, w)
}

// A connection that is open and dead is noticed by its provider within the timeout,
// and edits made meanwhile arrive.
func TestHalfOpenIsNoticed(t *testing.T) {
	w, _, _, peers := calm(4, 2, provider.Config{})
	for _, p := range peers {
		p.Connect()
	}
	settled(t, w)
	for range 2 { // both, in some order, perhaps one of them twice
		w.Net.HalfOpen()
	}
	for _, p := range peers {
		p.Edit()
	}
	w.Run(40_000)
	for _, p := range peers {
		if !p.Provider.Synced() {
			t.Errorf("%s is %v", p.Name, p.Provider.State())
		}
	}
	settled(t, w)
}

// Presence follows connections at once: nobody waits for a renewal or an expiry.
func TestPresenceFollowsConnections(t *testing.T) {
	w, _, _, peers := calm(7, 3, provider.Config{MaxBackoff: 200})
	sees := func(when string, want ...int) {
		t.Helper()
		w.Run(1500)
		for i, p := range peers {
			if got := p.Presence.Len(); got != want[i] {
				t.Errorf("%s %s sees %d, want %d", when, p.Name, got, want[i])
			}
		}
	}
	sees("before anything", 1, 1, 1)
	for _, p := range peers {
		p.Connect()
	}
	sees("connected,", 3, 3, 3)
	peers[0].Disconnect()
	sees("after a disconnect", 1, 2, 2)
	peers[0].Connect()
	sees("connected again,", 3, 3, 3)
	for range 3 {
		w.Net.Cut()
		sees("after a cut", 3, 3, 3)
	}
	w.Net.Part(map[string]int{peers[1].Name: 1})
	peers[1].Leave()
	w.Net.Part(nil)
	peers = []*coretest.Peer{peers[0], peers[2]}
	w.Run(120_000) // nobody was told; it expires
	sees("after one vanished", 2, 2)
	settled(t, w)
}

// A tab is closed before its edits reach the site, which is away; another tab has
// them and brings them.
func TestOtherTabBringsEdits(t *testing.T) {
	w, site, _, peers := calm(5, 1, provider.Config{})
	channel := w.NewChannel()
	var tabs []*coretest.Peer
	for i := range 2 {
		tabs = append(tabs, w.AddPeer(coretest.PeerConfig{
			Name: "tab" + strconv.Itoa(i+1), Client: uint64(10 + i), Site: site, Document: "one", Tabs: channel,
		}))
	}
	for _, p := range append(peers, tabs...) {
		p.Connect()
	}
	settled(t, w)
	w.Net.Part(map[string]int{"tab1": 1}) // what it sends will never leave
	tabs[0].Edit()
	w.Run(100)
	tabs[0].Leave()
	w.Run(5000)
	if why := coretest.Difference(tabs[0].Doc.Encode(), peers[0].Doc.Encode()); why != "" {
		t.Errorf("three seconds later, the closed tab's document and another person's: %s", why)
	}
	settled(t, w)
}
