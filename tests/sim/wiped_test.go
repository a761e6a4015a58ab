package sim

import (
	"testing"

	"github.com/weft-sync/weft/core/coretest"
)

// The store is wiped while somebody is offline, and somebody else begins anew under the
// same name. Who comes back is told, nothing is mixed by itself, and each of the three
// choices does what it says.
func TestStoreWiped(t *testing.T) {
	for _, choice := range []string{"keep", "merge", "replace"} {
		t.Run(choice, func(t *testing.T) {
			w := coretest.NewWorld(11, coretest.Link{Latency: 5, Jitter: 10}, nil)
			s := newStore(w)
			site := w.AddSite("site", coretest.Clock{}, s)
			anna := w.AddPeer(coretest.PeerConfig{Name: "anna", Client: 1, Site: site, Document: "one", Weft: true})
			anna.Connect()
			for range 20 {
				anna.Edit()
			}
			settled(t, w)
			anna.Disconnect()
			anna.Edit()
			old := anna.Doc.Encode()

			site.Kill()
			s.kill()
			s.wipe("one")
			site.Start()
			bert := w.AddPeer(coretest.PeerConfig{Name: "bert", Client: 2, Site: site, Document: "one", Weft: true})
			bert.Connect()
			for range 20 {
				bert.Edit()
			}
			settled(t, w)
			anew := bert.Doc.Encode()

			anna.Connect()
			w.Run(120_000)
			if anna.Diverged != 1 || anna.Dials != 2 {
				t.Errorf("told %d times, with %d attempts", anna.Diverged, anna.Dials)
			}
			if why := coretest.Difference(anna.Doc.Encode(), old); why != "" {
				t.Errorf("anna's document was changed: %s", why)
			}
			if why := coretest.Difference(bert.Doc.Encode(), anew); why != "" {
				t.Errorf("bert's document was changed: %s", why)
			}
			want := anew
			switch choice {
			case "keep":
				settled(t, w)
				return
			case "merge":
				both := anna.Doc
				if _, err := both.Doc.Apply(append([]byte(nil), anew...)); err != nil {
					t.Fatal(err)
				}
				want = both.Encode()
			case "replace":
				anna.Clear()
			}
			anna.Rejoin()
			settled(t, w)
			for _, p := range []*coretest.Peer{anna, bert} {
				if why := coretest.Difference(p.Doc.Encode(), want); why != "" {
					t.Errorf("%s: %s", p.Name, why)
				}
			}
			if anna.Diverged != 1 {
				t.Error("told again after the choice")
			}
		})
	}
}
