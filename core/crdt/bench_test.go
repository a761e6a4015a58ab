package crdt_test

import (
	"compress/gzip"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/weft-sync/weft/core/crdt"
)

// edit is one edit of a text, a transaction of its own.
type edit struct {
	at, deleted int
	inserted    string
}

func (e *edit) in(text crdt.Text) func(*crdt.Txn) error {
	return func(tx *crdt.Txn) error {
		if e.deleted > 0 {
			if err := text.Delete(tx, e.at, e.deleted); err != nil {
				return err
			}
		}
		return text.Insert(tx, e.at, e.inserted)
	}
}

// session returns the edits of one person at one text: those of automerge-paper if
// WEFT_TRACES names the folder of josephg/editing-traces, and otherwise as many as are
// asked for that are much alike: typing, with corrections, here and there.
func session(tb testing.TB, edits int) (list []edit) {
	folder := os.Getenv("WEFT_TRACES")
	if folder == "" {
		return madeSession(edits)
	}
	f, err := os.Open(filepath.Join(folder, "automerge-paper.json.gz"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	var recorded struct {
		Txns []struct{ Patches [][3]any }
	}
	if err := json.NewDecoder(z).Decode(&recorded); err != nil {
		tb.Fatal(err)
	}
	for _, x := range recorded.Txns {
		for _, p := range x.Patches {
			list = append(list, edit{int(p[0].(float64)), int(p[1].(float64)), p[2].(string)})
		}
	}
	return list
}

func madeSession(edits int) (list []edit) {
	r := rand.New(rand.NewPCG(1, 2))
	for at, n := 0, 0; len(list) < edits; {
		if r.IntN(3) == 0 {
			at = r.IntN(n + 1)
		}
		for range r.IntN(30) {
			list = append(list, edit{at, 0, string(rune('a' + r.IntN(26)))})
			at++
			n++
		}
		for range r.IntN(8) {
			if at > 0 {
				at--
				n--
				list = append(list, edit{at: at, deleted: 1})
			}
		}
	}
	return list[:edits]
}

// played returns the document of a session, and the update of each edit.
func played(tb testing.TB, list []edit) (d *crdt.Doc, updates [][]byte) {
	d = crdt.NewDoc(crdt.WithClientID(1<<31 + 7)) // five bytes, as random ones have
	d.OnUpdate(func(u []byte, _ *crdt.Txn) { updates = append(updates, u) })
	text := d.Text("text")
	for i := range list {
		if err := d.Transact(list[i].in(text)); err != nil {
			tb.Fatal(err)
		}
	}
	return d, updates
}

const benchEdits = 100_000

// BenchmarkReplay makes the edits of a session, each with its update emitted.
func BenchmarkReplay(b *testing.B) {
	list := session(b, benchEdits)
	b.ReportAllocs()
	for b.Loop() {
		d := crdt.NewDoc(crdt.WithClientID(1))
		d.OnUpdate(func([]byte, *crdt.Txn) {})
		text := d.Text("text")
		for i := range list {
			if err := d.Transact(list[i].in(text)); err != nil {
				b.Fatal(err)
			}
		}
	}
	perEdit(b, len(list))
}

// BenchmarkApply applies the updates of a session one by one.
func BenchmarkApply(b *testing.B) {
	_, updates := played(b, session(b, benchEdits))
	b.ReportAllocs()
	for b.Loop() {
		d := crdt.NewDoc()
		for _, u := range updates {
			if _, err := d.Apply(u); err != nil {
				b.Fatal(err)
			}
		}
	}
	perEdit(b, len(updates))
}

func perEdit(b *testing.B, edits int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(edits), "ns/edit")
}

// BenchmarkLoad loads the document of a session and reads its text.
func BenchmarkLoad(b *testing.B) {
	d, _ := played(b, session(b, benchEdits))
	load := func(b *testing.B, u []byte, apply func(*crdt.Doc, []byte) (bool, error)) {
		b.ReportAllocs()
		b.SetBytes(int64(len(u)))
		for b.Loop() {
			d := crdt.NewDoc()
			if _, err := apply(d, u); err != nil {
				b.Fatal(err)
			}
			if d.Text("text").String() == "" {
				b.Fatal("no text")
			}
		}
	}
	b.Run("v1", func(b *testing.B) { load(b, d.Encode(), (*crdt.Doc).Apply) })
	b.Run("v2", func(b *testing.B) { load(b, d.EncodeV2(), (*crdt.Doc).ApplyV2) })
}

// BenchmarkEncode encodes the whole document of a session.
func BenchmarkEncode(b *testing.B) {
	d, _ := played(b, session(b, benchEdits))
	b.Run("v1", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d.Encode()
		}
	})
	b.Run("v2", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d.EncodeV2()
		}
	})
}
