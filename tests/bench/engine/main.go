// Command engine is core/crdt under measurement, native or as WebAssembly in Node.
//
// Each line read is a command in JSON, each line written its answer, with the
// nanoseconds it took: the commands that peers/engine.mjs has for the others.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"time"

	"github.com/weft-sync/weft/core/crdt"
)

type command struct {
	Do      string
	File    string
	Files   []string
	Version int
	Times   int
}

type answer struct {
	Nanos   int64   `json:"ns,omitempty"`
	First   int64   `json:"first,omitempty"`
	Updates int     `json:"updates,omitempty"`
	Bytes   int     `json:"bytes,omitempty"`
	Sizes   []int   `json:"sizes,omitempty"`
	SHA256  string  `json:"sha256,omitempty"`
	Items   int     `json:"items,omitempty"`
	Allocs  float64 `json:"allocs,omitempty"` // for each operation or update
}

// Client ids as Yjs draws them: five bytes in an update.
const (
	author = 0x9e3779b9
	reader = 0x9e3779ba
)

func main() {
	var e engine
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var c command
		err := json.Unmarshal(lines.Bytes(), &c)
		var a answer
		if err == nil {
			a, err = e.run(c)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "engine:", err)
			os.Exit(1)
		}
		out, _ := json.Marshal(a)
		fmt.Printf("%s\n", out)
	}
}

type engine struct {
	work    work
	updates [][]byte
	state   [2][]byte
}

func (e *engine) run(c command) (answer, error) {
	switch c.Do {
	case "prepare":
		return e.prepare(c.File)
	case "take":
		for i, f := range c.Files {
			b, err := os.ReadFile(f)
			if err != nil {
				return answer{}, err
			}
			e.state[i] = b
		}
		return answer{}, nil
	case "replay":
		return e.replay()
	case "remote":
		return e.remote()
	case "load":
		return e.load(c.Version, c.Times)
	case "encode":
		return e.encode(c.Version, c.Times)
	case "heap":
		return e.heap()
	case "pattern":
		return e.pattern()
	}
	return answer{}, fmt.Errorf("no command %q", c.Do)
}

func (e *engine) prepare(file string) (answer, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return answer{}, err
	}
	e.work, e.updates = work{}, nil
	return answer{}, json.Unmarshal(b, &e.work)
}

func (e *engine) replay() (a answer, err error) {
	var made [][]byte
	d := newDocument(author, func(u []byte) { made = append(made, u) })
	if e.work.Start != "" {
		if err := d.edit(edit{Inserted: e.work.Start}); err != nil {
			return a, err
		}
	}
	ops := e.work.Users[0]
	m := start()
	for i := range ops {
		if err := d.operate(&ops[i]); err != nil {
			return a, err
		}
	}
	a.Nanos, a.Allocs = m.stop(len(ops))
	e.updates = made
	e.state = [2][]byte{d.doc.Encode(), d.doc.EncodeV2()}
	a.Updates, a.SHA256, a.Sizes = len(made), sum(d.text.String()), []int{len(e.state[0]), len(e.state[1])}
	return a, nil
}

func (e *engine) remote() (a answer, err error) {
	d := newDocument(reader, nil)
	m := start()
	for _, u := range e.updates {
		if _, err := d.doc.Apply(u); err != nil {
			return a, err
		}
	}
	a.Nanos, a.Allocs = m.stop(len(e.updates))
	a.SHA256 = sum(d.text.String())
	return a, nil
}

func (e *engine) load(version, times int) (a answer, err error) {
	a.Nanos = math.MaxInt64
	for range times {
		m := start()
		d := newDocument(reader, nil)
		if version == 1 {
			_, err = d.doc.Apply(e.state[0])
		} else {
			_, err = d.doc.ApplyV2(e.state[1])
		}
		if err != nil {
			return a, err
		}
		text := d.text.String()
		ns, _ := m.stop(1)
		if a.First == 0 {
			a.First = ns
		}
		a.Nanos = min(a.Nanos, ns)
		a.SHA256 = sum(text)
	}
	return a, nil
}

func (e *engine) encode(version, times int) (a answer, err error) {
	d := newDocument(reader, nil)
	if _, err := d.doc.Apply(e.state[0]); err != nil {
		return a, err
	}
	a.Nanos = math.MaxInt64
	for range times {
		m := start()
		var out []byte
		if version == 1 {
			out = d.doc.Encode()
		} else {
			out = d.doc.EncodeV2()
		}
		ns, _ := m.stop(1)
		if a.First == 0 {
			a.First = ns
		}
		a.Nanos, a.Bytes = min(a.Nanos, ns), len(out)
	}
	return a, nil
}

// heapDocs is how many documents are loaded to know what one takes: what is freed or
// made beside them counts little then.
const heapDocs = 10

// heap returns what a loaded document keeps of the heap.
func (e *engine) heap() (a answer, err error) {
	before := used()
	var docs [heapDocs]*document
	for i := range docs {
		docs[i] = newDocument(reader, nil)
		if _, err := docs[i].doc.Apply(e.state[0]); err != nil {
			return a, err
		}
		a.Items = len(docs[i].text.String())
	}
	a.Bytes = int(used()-before) / heapDocs
	runtime.KeepAlive(docs)
	return a, nil
}

func used() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// pattern lets all users do their operations at once, and gives the first all of them.
// A user alone has a reader.
func (e *engine) pattern() (a answer, err error) {
	made := make([][][]byte, len(e.work.Users))
	var docs []*document
	for i := range e.work.Users {
		docs = append(docs, newDocument(author-uint64(i), func(u []byte) { made[i] = append(made[i], u) }))
	}
	to := docs[0]
	if len(docs) == 1 {
		to = newDocument(reader, nil)
	}
	if e.work.Start != "" {
		if err := docs[0].edit(edit{Inserted: e.work.Start}); err != nil {
			return a, err
		}
		for _, d := range append(docs[1:], to) {
			for _, u := range made[0] {
				if _, err := d.doc.Apply(u); err != nil {
					return a, err
				}
			}
		}
		made[0] = nil
	}
	m := start()
	for i, ops := range e.work.Users {
		for k := range ops {
			if err := docs[i].operate(&ops[k]); err != nil {
				return a, err
			}
		}
	}
	for i, list := range made {
		if docs[i] == to {
			continue
		}
		for _, u := range list {
			if _, err := to.doc.Apply(u); err != nil {
				return a, err
			}
		}
	}
	a.Nanos, _ = m.stop(1)
	a.Bytes, a.SHA256, a.Items = len(to.doc.Encode()), sum(to.text.String()), to.array.Len()
	return a, nil
}

// document is a document with the roots that are worked on.
type document struct {
	doc   *crdt.Doc
	text  crdt.Text
	array crdt.Array
	dict  crdt.Map
}

func newDocument(client uint64, sink func(u []byte)) *document {
	d := crdt.NewDoc(crdt.WithClientID(client))
	if sink != nil {
		d.OnUpdate(func(u []byte, _ *crdt.Txn) { sink(u) })
	}
	return &document{d, d.Text("text"), d.Array("array"), d.Map("map")}
}

// operate does an operation in a transaction of its own.
func (d *document) operate(op *op) error {
	switch {
	case op.key != "":
		return d.doc.Transact(func(tx *crdt.Txn) error { return d.dict.Set(tx, op.key, op.value) })
	case op.list:
		return d.doc.Transact(func(tx *crdt.Txn) error {
			if op.Deleted > 0 {
				if err := d.array.Delete(tx, op.At, op.Deleted); err != nil {
					return err
				}
			}
			return d.array.Insert(tx, op.At, op.values...)
		})
	}
	return d.edit(op.edit)
}

func (d *document) edit(e edit) error {
	return d.doc.Transact(func(tx *crdt.Txn) error {
		if e.Deleted > 0 {
			if err := d.text.Delete(tx, e.At, e.Deleted); err != nil {
				return err
			}
		}
		if e.Inserted == "" {
			return nil
		}
		return d.text.Insert(tx, e.At, e.Inserted)
	})
}

func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}

// meter measures time and allocations.
type meter struct {
	at     time.Time
	allocs uint64
}

func start() meter {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return meter{time.Now(), m.Mallocs}
}

// stop returns the nanoseconds since the start, and the allocations for each of n.
func (m meter) stop(n int) (int64, float64) {
	ns := time.Since(m.at).Nanoseconds()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return ns, float64(s.Mallocs-m.allocs) / float64(n)
}
