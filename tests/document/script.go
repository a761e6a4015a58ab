// Package document holds what npm yjs made of documents, and compares core/crdt
// with it: update by update, event by event, byte by byte.
//
// A script is a list of steps: what is done to some documents, and what Yjs makes
// of it. The stored ones are made by generate.mjs from the yjs that package.json
// pins; lockstep.mjs makes random ones while a test runs. README.md has the form.
package document

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

//go:embed scripts.jsonl.gz
var compressed []byte

// Step is one line of a script. Which of the first fields is there says what it is.
type Step struct {
	Script  string     `json:"script"` // the first line: what follows is about new documents
	Do      []Op       `json:"do"`     // operations, in one transaction
	Apply   *int       `json:"apply"`  // the number of an update
	Given   []Hex      `json:"given"`  // an update that none of the documents made, v1 and v2
	Diff    *Hex       `json:"diff"`   // what the document has and a state vector has not
	Merge   []int      `json:"merge"`
	Check   *Canonical `json:"check"` // what the document shows
	Restore *Hex       `json:"restore"`
	Compare Path       `json:"compare"`
	Rel     Path       `json:"relative"`
	Abs     *Hex       `json:"absolute"`
	Manager *int       `json:"manager"`
	Undo    *int       `json:"undo"`

	// Of a first line.
	Docs []struct {
		Client uint64 `json:"client"`
		GC     bool   `json:"gc"`
	} `json:"docs"`
	Roots   []string `json:"roots"`
	Observe bool     `json:"observe"`

	On      int     `json:"on"` // the document
	Origin  *string `json:"origin"`
	Now     int64   `json:"now"`
	Version int     `json:"version"`

	// What came of it.
	Updates []Update   `json:"updates"`
	Loose   bool       `json:"loose"` // of a diff: the same units, and perhaps in other pieces
	Events  *Canonical `json:"events"`
	Subdocs *Canonical `json:"subdocs"`
	Throws  bool       `json:"throws"`

	// Of a check and a restored document.
	State    []Hex   `json:"state"` // v1 and v2
	Vector   *Hex    `json:"vector"`
	Snapshot []Hex   `json:"snapshot"` // v1 and v2
	Diffs    [][]Hex `json:"diffs"`    // state vector, v1, v2

	// Of positions.
	Index  *int       `json:"index"`
	Assoc  int        `json:"assoc"`
	Bytes  Hex        `json:"bytes"`
	JSON   *Canonical `json:"json"`
	Follow bool       `json:"follow"`
	Path   Path       `json:"path"`

	// Of a comparison of snapshots.
	To    *Hex       `json:"to"`
	From  *Hex       `json:"from"`
	Delta *Canonical `json:"delta"`

	// Of an undo manager.
	Scope          []Path     `json:"scope"`
	CaptureTimeout int64      `json:"captureTimeout"`
	Origins        []string   `json:"origins"`
	What           string     `json:"what"`
	Done           bool       `json:"done"`
	Stack          *Canonical `json:"stack"`
	Stacks         []int      `json:"stacks"`

	IgnoreRemoteMapChanges bool `json:"ignoreRemoteMapChanges"`

	line []byte
}

// Update is one update in both versions of the format.
type Update struct {
	V1, V2 Hex
	Local  bool
}

// UnmarshalJSON reads [v1, v2, local].
func (u *Update) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&u.V1, &u.V2, &u.Local})
}

// Op is one operation: its name, the type it is done to, and what more it takes.
type Op struct {
	Name string
	Path Path
	Args []json.RawMessage
}

// UnmarshalJSON reads [name, path, arguments…].
func (o *Op) UnmarshalJSON(b []byte) error {
	var list []json.RawMessage
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	if len(list) < 2 {
		return fmt.Errorf("operation of %d elements", len(list))
	}
	o.Args = list[2:]
	return errors.Join(json.Unmarshal(list[0], &o.Name), json.Unmarshal(list[1], &o.Path))
}

// Path is a root, "kind:name", and indexes and keys from there on.
type Path []any

// Hex is bytes, in hexadecimal in JSON.
type Hex []byte

// UnmarshalText reads hexadecimal digits.
func (h *Hex) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// Canonical is JSON of which only the meaning counts: keys are sorted.
type Canonical []byte

// UnmarshalJSON sorts what it reads.
func (c *Canonical) UnmarshalJSON(b []byte) error {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*c = canonical(v)
	return nil
}

func canonical(v any) Canonical {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // forms are plain JSON
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Read returns the steps of some scripts, one JSON object a line.
func Read(r io.Reader) iter.Seq2[*Step, error] {
	return func(yield func(*Step, error) bool) {
		for lines := bufio.NewReaderSize(r, 1<<20); ; {
			line, err := lines.ReadBytes('\n')
			if errors.Is(err, io.EOF) && len(line) == 0 {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
			s := &Step{line: bytes.TrimSuffix(line, []byte("\n")), Version: 1}
			if err := json.Unmarshal(line, s); err != nil {
				yield(nil, fmt.Errorf("%.200s: %w", line, err))
				return
			}
			if !yield(s, nil) {
				return
			}
		}
	}
}

// Stored returns the steps of the scripts that are kept.
func Stored() (iter.Seq2[*Step, error], error) {
	z, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	return Read(z), nil
}
