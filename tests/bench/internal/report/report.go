// Package report is the benchmarks' result: a stable JSON document, a table for
// people, and the comparison of two results.
//
// The schema is described in tests/bench/README.md; a field is added freely, but
// one that is there keeps its name and meaning as long as [Schema] does.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

// Schema names the form of the JSON document.
const Schema = "weft-bench/1"

// A Report is the result of one run.
type Report struct {
	Schema   string            `json:"schema"`
	Started  time.Time         `json:"started"`
	Seconds  float64           `json:"seconds"` // how long the run took
	Tier     string            `json:"tier"`
	Commit   string            `json:"commit,omitempty"`
	Machine  Machine           `json:"machine"`
	Versions map[string]string `json:"versions"`
	Metrics  []Metric          `json:"metrics"`
}

// A Metric is one measured number, with the same number of the peers that were
// measured side by side with it.
type Metric struct {
	ID     string    `json:"id"`   // stable: group.name
	What   string    `json:"what"` // one line for people
	Unit   string    `json:"unit"`
	Better Direction `json:"better"`

	Value  float64   `json:"value"`            // median of Rounds
	Rounds []float64 `json:"rounds,omitempty"` // in the order they were run
	Peers  []Peer    `json:"peers,omitempty"`

	Asked *Asked `json:"asked,omitempty"`
	Met   *bool  `json:"met,omitempty"` // whether Value, or its ratio, is as asked
	Note  string `json:"note,omitempty"`

	// NotRun says why there is no value; then Value means nothing.
	NotRun string `json:"not_run,omitempty"`
}

// Direction says which way a metric improves.
type Direction string

const (
	Lower  Direction = "lower"
	Higher Direction = "higher"
	Equal  Direction = "" // neither: information
)

// A Peer is the same measurement of somebody else's program. Round i of a peer
// was run next to round i of ours.
type Peer struct {
	Name   string    `json:"name"`
	Value  float64   `json:"value"`
	Rounds []float64 `json:"rounds,omitempty"`
	Ratio  float64   `json:"ratio"` // ours to theirs: median of the rounds' ratios; 0 when theirs is 0
	NotRun string    `json:"not_run,omitempty"`
}

// Asked is the number to reach: a bound of the value, or with Peer set of the
// ratio to that peer.
type Asked struct {
	Peer    string   `json:"peer,omitempty"`
	AtMost  *float64 `json:"at_most,omitempty"`
	AtLeast *float64 `json:"at_least,omitempty"`
}

// AtMost asks for a value, or a ratio to the named peer, of at most v.
func AtMost(v float64, peer string) *Asked { return &Asked{Peer: peer, AtMost: &v} }

// AtLeast asks for a value, or a ratio to the named peer, of at least v.
func AtLeast(v float64, peer string) *Asked { return &Asked{Peer: peer, AtLeast: &v} }

// Finish fills in what follows from the rounds: medians, ratios, and whether
// what was asked is met.
func (m *Metric) Finish() {
	if m.NotRun != "" {
		return
	}
	if len(m.Rounds) > 0 {
		m.Value = Median(m.Rounds)
	}
	for i := range m.Peers {
		p := &m.Peers[i]
		if len(p.Rounds) > 0 {
			p.Value = Median(p.Rounds)
		}
		p.Ratio = Median(ratios(m.Rounds, p.Rounds))
	}
	if m.Asked == nil {
		return
	}
	got, ok := m.Value, true
	if m.Asked.Peer != "" {
		got, ok = m.ratio(m.Asked.Peer)
	}
	if !ok {
		return
	}
	met := (m.Asked.AtMost == nil || got <= *m.Asked.AtMost) && (m.Asked.AtLeast == nil || got >= *m.Asked.AtLeast)
	m.Met = &met
}

// ratio returns ours to the named peer's.
func (m *Metric) ratio(peer string) (float64, bool) {
	i := slices.IndexFunc(m.Peers, func(p Peer) bool { return p.Name == peer && p.NotRun == "" && p.Ratio != 0 })
	if i < 0 {
		return 0, false
	}
	return m.Peers[i].Ratio, true
}

// ratios pairs rounds that were run next to each other, so that what slowed the
// machine down slowed both.
func ratios(ours, theirs []float64) []float64 {
	var r []float64
	for i := range min(len(ours), len(theirs)) {
		if theirs[i] != 0 {
			r = append(r, ours[i]/theirs[i])
		}
	}
	return r
}

// Median returns the middle value, or the mean of the two in the middle, or 0
// of nothing.
func Median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(v))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// Write writes the report as indented JSON.
func (r *Report) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// Read reads a report from a file.
func Read(name string) (*Report, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var r Report
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if r.Schema != Schema {
		return nil, fmt.Errorf("%s: schema %q, this program reads %q", name, r.Schema, Schema)
	}
	return &r, nil
}
