// Package vectors holds what npm yjs made of updates, and runs an implementation
// against it. The same cases run on three runtimes: natively, under GOOS=js in
// Node, and on the shipped WebAssembly module under wazero.
//
// The cases are made by generate.mjs from the yjs that package.json pins, with a
// seeded generator, and stored as gzip of JSON lines. See README.md for the form.
package vectors

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"testing"
)

//go:embed vectors.jsonl.gz
var compressed []byte

// Implementation is something that can do what Yjs does with updates.
type Implementation interface {
	Merge(updates [][]byte) ([]byte, error)
	Diff(u, sv []byte) ([]byte, error)
	StateVector(u []byte) ([]byte, error)
	Validate(u []byte) error
}

// Case is one set of updates and what Yjs made of them. Numbers are places in
// Blobs.
type Case struct {
	Name    string   `json:"name"`
	Blobs   []Blob   `json:"blobs"`
	Merges  []Merge  `json:"merges"`
	Diffs   [][3]int `json:"diffs"`   // update, state vector, Y.diffUpdate
	Vectors [][2]int `json:"vectors"` // update, Y.encodeStateVectorFromUpdate
	Invalid []int    `json:"invalid"` // updates that Yjs throws on

	V2 CaseV2 `json:"-"` // in the same object
}

// UnmarshalJSON reads both versions' fields.
func (c *Case) UnmarshalJSON(b []byte) error {
	type fields Case
	if err := json.Unmarshal(b, (*fields)(c)); err != nil {
		return err
	}
	return json.Unmarshal(b, &c.V2)
}

// Merge is one call of Y.mergeUpdates.
type Merge struct {
	Of  []int
	Out int
}

// UnmarshalJSON reads [[of...], out].
func (m *Merge) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&m.Of, &m.Out})
}

// Blob is bytes, in hexadecimal in JSON.
type Blob []byte

// UnmarshalText reads hexadecimal digits.
func (b *Blob) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

// Load returns all cases.
func Load() ([]Case, error) {
	z, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	return Read(z)
}

// Read reads cases as JSON lines.
func Read(r io.Reader) (cases []Case, err error) {
	for d := json.NewDecoder(bufio.NewReader(r)); ; {
		var c Case
		if err := d.Decode(&c); errors.Is(err, io.EOF) {
			return cases, nil
		} else if err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
}

// Run runs every stored case.
func Run(t *testing.T, impl Implementation) {
	cases, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatal("no cases are stored")
	}
	for i := range cases {
		t.Run(cases[i].Name, func(t *testing.T) { RunCase(t, impl, &cases[i]) })
	}
}

// RunCase runs one case; what is about version 2 only on an ImplementationV2.
func RunCase(t *testing.T, impl Implementation, c *Case) {
	for i, m := range c.Merges {
		of := make([][]byte, len(m.Of))
		for k, u := range m.Of {
			of[k] = c.Blobs[u]
		}
		got, err := impl.Merge(of)
		compare(t, "merge", i, got, err, c.Blobs[m.Out])
		if t.Failed() {
			for _, u := range of {
				t.Logf("of   %x", u)
			}
			return
		}
	}
	for i, d := range c.Diffs {
		got, err := impl.Diff(c.Blobs[d[0]], c.Blobs[d[1]])
		compare(t, "diff", i, got, err, c.Blobs[d[2]])
		if t.Failed() {
			t.Fatalf("of   %x\nfor  %x", c.Blobs[d[0]], c.Blobs[d[1]])
		}
	}
	for i, v := range c.Vectors {
		got, err := impl.StateVector(c.Blobs[v[0]])
		compare(t, "state vector", i, got, err, c.Blobs[v[1]])
		if t.Failed() {
			t.Fatalf("of   %x", c.Blobs[v[0]])
		}
		if err := impl.Validate(c.Blobs[v[0]]); err != nil {
			t.Fatalf("validate %x: %v", c.Blobs[v[0]], err)
		}
	}
	for _, u := range c.Invalid {
		if impl.Validate(c.Blobs[u]) == nil {
			t.Errorf("%x was taken, and Yjs throws on it", c.Blobs[u])
		}
	}
	if v2, ok := impl.(ImplementationV2); ok {
		runCaseV2(t, v2, c)
	}
}

func compare(t *testing.T, what string, i int, got []byte, err error, want []byte) {
	t.Helper()
	if err != nil {
		t.Errorf("%s %d: %v", what, i, err)
	} else if !bytes.Equal(got, want) {
		t.Errorf("%s %d:\ngot  %x\nwant %x", what, i, got, want)
	}
}
