package document

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/weft-sync/weft/core/crdt"
	"github.com/weft-sync/weft/core/update"
)

// trace is a recorded session, as josephg/editing-traces has them: positions count
// code points.
type trace struct {
	StartContent string
	EndContent   string
	Txns         []struct {
		Patches []patch
		Parents []int // the transactions that it follows
		Agent   int
	}
}

type patch struct {
	At, Deleted int
	Inserted    string
}

// UnmarshalJSON reads [position, deleted, inserted].
func (p *patch) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&p.At, &p.Deleted, &p.Inserted})
}

// TestTraces replays the sessions in the folder that WEFT_TRACES names, and one that
// is made here.
func TestTraces(t *testing.T) {
	t.Run("made", func(t *testing.T) { madeTrace(t).replay(t) })
	folder := os.Getenv("WEFT_TRACES")
	if folder == "" {
		t.Log("only the made trace: WEFT_TRACES names no folder of josephg/editing-traces")
		return
	}
	for _, name := range []string{"automerge-paper", "seph-blog1", "rustcode", "sveltecomponent", "friendsforever_flat"} {
		t.Run(name, func(t *testing.T) { readTrace(t, folder, name).replay(t) })
	}
	t.Run("friendsforever.concurrent", func(t *testing.T) {
		readTrace(t, folder, "friendsforever.concurrent").replayConcurrent(t)
	})
}

func readTrace(t *testing.T, folder, name string) *trace {
	f, err := os.Open(filepath.Join(folder, name+".json.gz"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("skipped:", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var tr trace
	if err := json.NewDecoder(z).Decode(&tr); err != nil {
		t.Fatal(err)
	}
	for _, tx := range tr.Txns {
		for _, p := range tx.Patches {
			for _, r := range p.Inserted {
				if r > 0xffff {
					t.Skipf("skipped: %q takes two units, and this test takes code points for units", r)
				}
			}
		}
	}
	return &tr
}

// madeTrace is a session made from a seed: typing with other alphabets, going back,
// deleting, several patches at once.
func madeTrace(t *testing.T) *trace {
	const seed = 11
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	tr := &trace{StartContent: "Anfang\n"}
	text := []rune(tr.StartContent)
	letters := []rune("abcdefgh ijk\néß€漢字")
	for at := 0; len(tr.Txns) < 20_000; {
		var patches []patch
		for range 1 + r.IntN(8)/7 {
			if r.IntN(50) == 0 {
				at = r.IntN(len(text) + 1)
			}
			at = min(at, len(text))
			p := patch{At: at}
			if r.IntN(4) == 0 && at > 0 {
				p.Deleted = 1 + r.IntN(min(at, 3))
				p.At -= p.Deleted
			}
			if p.Deleted == 0 || r.IntN(8) == 0 {
				for range 1 + r.IntN(12)/11*5 {
					p.Inserted += string(letters[r.IntN(len(letters))])
				}
			}
			text = append(text[:p.At:p.At], append([]rune(p.Inserted), text[p.At+p.Deleted:]...)...)
			at = p.At + utf8.RuneCountInString(p.Inserted)
			patches = append(patches, p)
		}
		tr.Txns = append(tr.Txns, struct {
			Patches []patch
			Parents []int
			Agent   int
		}{Patches: patches})
	}
	tr.EndContent = string(text)
	return tr
}

// author is a document of somebody who types, with the updates that come of it.
type author struct {
	doc  *crdt.Doc
	text crdt.Text
	made [][]byte
}

func newAuthor(client uint64) *author {
	d := crdt.NewDoc(crdt.WithClientID(client))
	a := &author{doc: d, text: d.Text("text")}
	d.OnUpdate(func(u []byte, tx *crdt.Txn) {
		if tx.Local() {
			a.made = append(a.made, u)
		}
	})
	return a
}

func (a *author) do(patches []patch) error {
	return a.doc.Transact(func(tx *crdt.Txn) error {
		for _, p := range patches {
			if p.Deleted > 0 {
				if err := a.text.Delete(tx, p.At, p.Deleted); err != nil {
					return err
				}
			}
			if p.Inserted != "" {
				if err := a.text.Insert(tx, p.At, p.Inserted); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// replay replays a session of one author: through local operations, through its
// updates one by one, and through their merge.
func (tr *trace) replay(t *testing.T) {
	a := newAuthor(0x9e3779b9)
	if err := a.do([]patch{{Inserted: tr.StartContent}}); err != nil {
		t.Fatal(err)
	}
	for i, tx := range tr.Txns {
		if err := a.do(tx.Patches); err != nil {
			t.Fatalf("transaction %d: %v", i, err)
		}
	}
	tr.compare(t, "typed", a.text.String())
	tr.hear(t, a.made)
	if got, want := stateOf(t, a.made), a.doc.Encode(); string(got) != string(want) {
		t.Error("the state of a reader is not the author's")
	}
}

// hear gives updates to readers: one by one, and merged, in both versions.
func (tr *trace) hear(t *testing.T, updates [][]byte) {
	merged, err := update.Merge(updates...)
	if err != nil {
		t.Fatal(err)
	}
	whole := crdt.NewDoc()
	if _, err := whole.Apply(merged); err != nil {
		t.Fatal(err)
	}
	tr.compare(t, "merged", whole.Text("text").String())
	v2 := crdt.NewDoc()
	if _, err := v2.ApplyV2(whole.EncodeV2()); err != nil {
		t.Fatal(err)
	}
	tr.compare(t, "version 2", v2.Text("text").String())
}

// stateOf returns the state of a document that hears updates one by one.
func stateOf(t *testing.T, updates [][]byte) []byte {
	d := crdt.NewDoc()
	for i, u := range updates {
		if _, err := d.Apply(u); err != nil {
			t.Fatalf("update %d: %v", i, err)
		}
	}
	return d.Encode()
}

func (tr *trace) compare(t *testing.T, how, got string) {
	t.Helper()
	if got == tr.EndContent {
		return
	}
	at := 0
	for at < len(got) && at < len(tr.EndContent) && got[at] == tr.EndContent[at] {
		at++
	}
	cut := func(s string) string {
		return fmt.Sprintf("%.60q", strings.ToValidUTF8(s[max(0, min(at-20, len(s))):], ""))
	}
	t.Errorf("%s: %d bytes, want %d; they differ from byte %d on:\ngot  %s\nwant %s", how, len(got), len(tr.EndContent), at, cut(got), cut(tr.EndContent))
}

// replayConcurrent replays a session of several authors: each types into a document
// that has just what the author had seen.
func (tr *trace) replayConcurrent(t *testing.T) {
	// seen[i][a] is how many transactions of agent a were there when i was done.
	seen := make([]map[int]int, len(tr.Txns))
	agents := map[int]*author{}
	heard := map[int]map[int]int{} // by agent: how many of each other's it has
	var all [][]byte
	for i, tx := range tr.Txns {
		a := agents[tx.Agent]
		if a == nil {
			// The order of what was inserted at one place at the same time follows the ids.
			a = newAuthor(uint64(1 + tx.Agent))
			agents[tx.Agent], heard[tx.Agent] = a, map[int]int{}
		}
		seen[i] = map[int]int{}
		for _, parent := range tx.Parents {
			for agent, n := range seen[parent] {
				seen[i][agent] = max(seen[i][agent], n)
			}
		}
		if seen[i][tx.Agent] != len(a.made) {
			t.Fatalf("transaction %d: agent %d goes back to its transaction %d of %d", i, tx.Agent, seen[i][tx.Agent], len(a.made))
		}
		for agent, n := range seen[i] {
			if agent == tx.Agent {
				continue
			}
			if heard[tx.Agent][agent] > n {
				t.Fatalf("transaction %d: agent %d has seen less of agent %d than before", i, tx.Agent, agent)
			}
			for ; heard[tx.Agent][agent] < n; heard[tx.Agent][agent]++ {
				if _, err := a.doc.Apply(agents[agent].made[heard[tx.Agent][agent]]); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := a.do(tx.Patches); err != nil {
			t.Fatalf("transaction %d: %v", i, err)
		}
		seen[i][tx.Agent]++
		if len(a.made) != seen[i][tx.Agent] {
			t.Fatalf("transaction %d made %d updates", i, len(a.made)-seen[i][tx.Agent]+1)
		}
		all = append(all, a.made[len(a.made)-1])
	}
	for n, a := range agents {
		for m, other := range agents {
			for _, u := range other.made[heard[n][m]:] {
				if _, err := a.doc.Apply(u); err != nil && n != m {
					t.Fatal(err)
				}
			}
		}
		tr.compare(t, fmt.Sprintf("agent %d", n), a.text.String())
		if got, want := a.doc.StateVector(), agents[0].doc.StateVector(); string(got) != string(want) {
			t.Errorf("agent %d has another state vector than agent 0", n)
		}
	}
	tr.hear(t, all)
}
