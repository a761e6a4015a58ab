// Package merge measures core/update.Merge beside npm yjs's mergeUpdates, on the
// same small updates, and checks that both give the same bytes.
package merge

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/tests/bench/internal/process"
	"github.com/weft-sync/weft/tests/bench/internal/report"
)

// Config says what to merge.
type Config struct {
	Root   string // the project's folder
	Traces string // folder of the recorded sessions; empty leaves them out
	Slow   bool
	Log    io.Writer
}

const (
	count = 16_000 // updates, as the project's goal has it
	seed  = 1
	// asked is the ratio to reach: a hundred times faster.
	asked = 0.01
	// traceFile is the recorded session that is used.
	traceFile = "automerge-paper.json.gz"
)

// Run measures both inputs.
func Run(ctx context.Context, c Config) []report.Metric {
	rounds := 3
	if c.Slow {
		rounds = 15
	}
	metrics := c.input(ctx, "typing", rounds, "four clients typing, seeded", strconv.Itoa(seed))
	what := "the first edits of " + traceFile
	if c.Traces == "" {
		return append(metrics, notRun("trace", what, errors.New("WEFT_TRACES names no folder"))...)
	}
	return append(metrics, c.input(ctx, "trace", rounds, what, filepath.Join(c.Traces, traceFile))...)
}

func notRun(name, what string, err error) []report.Metric {
	m := metric(name, what)
	for i := range m {
		m[i].NotRun = err.Error()
	}
	return m
}

// metric returns the two metrics of an input, without values.
func metric(name, what string) []report.Metric {
	return []report.Metric{
		{
			ID: "merge." + name + ".time", Unit: "ms", Better: report.Lower,
			What: fmt.Sprintf("merging %d small updates: %s", count, what), Asked: report.AtMost(asked, "yjs"),
		},
		{
			ID: "merge." + name + ".differences", Better: report.Lower,
			What: "1 when the merged bytes are not the bytes that yjs makes", Asked: report.AtMost(0, ""),
		},
	}
}

func (c Config) input(ctx context.Context, name string, rounds int, what, source string) []report.Metric {
	m := metric(name, what)
	ours, theirs, same, err := c.measure(ctx, name, rounds, source)
	if err != nil {
		fmt.Fprintf(c.Log, "merge %s: %v\n", name, err)
		return notRun(name, what, err)
	}
	m[0].Rounds, m[0].Peers = ours, []report.Peer{{Name: "yjs", Rounds: theirs}}
	if !same {
		m[1].Value = 1
	}
	for i := range m {
		m[i].Finish()
	}
	return m
}

func (c Config) measure(ctx context.Context, name string, rounds int, source string) (ours, theirs []float64, same bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute+time.Duration(rounds)*10*time.Second)
	defer cancel()
	dir, err := os.MkdirTemp("", "weft-bench-")
	if err != nil {
		return nil, nil, false, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "updates")
	if _, err := process.Run(ctx, process.Command{
		Path: "node", Args: []string{filepath.Join(c.Root, "tests/bench/peers/make-updates.mjs"), name, strconv.Itoa(count), source, file}, Dir: c.Root,
	}); err != nil {
		return nil, nil, false, err
	}
	made, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, false, err
	}
	updates, err := split(made)
	if err != nil {
		return nil, nil, false, err
	}
	node, err := process.Start(ctx, process.Command{
		Path: "node", Args: []string{filepath.Join(c.Root, "tests/bench/peers/merge.mjs"), file}, Dir: c.Root,
	})
	if err != nil {
		return nil, nil, false, err
	}
	defer node.Stop()

	same = true
	for round := -1; round < rounds; round++ { // round -1 warms both up
		a, err := weft(updates)
		if err != nil {
			return nil, nil, false, err
		}
		b, err := yjs(node)
		if err != nil {
			return nil, nil, false, err
		}
		fmt.Fprintf(c.Log, "merge %-8s round %d  weft %8.2f ms  yjs %8.2f ms  (1/%.0f)  %d bytes\n",
			name, round+1, a.Nanos/1e6, b.Nanos/1e6, b.Nanos/a.Nanos, b.Bytes)
		same = same && a.Bytes == b.Bytes && a.SHA256 == b.SHA256
		if round >= 0 {
			ours, theirs = append(ours, a.Nanos/1e6), append(theirs, b.Nanos/1e6)
		}
	}
	return ours, theirs, same, nil
}

// A merged is one timed merge.
type merged struct {
	Nanos  float64 `json:"ns"`
	Bytes  int     `json:"bytes"`
	SHA256 string  `json:"sha256"`
}

// repeats is how often we merge in a round. One merge takes us milliseconds,
// in which a single collection of garbage or another process is half the time;
// the mean of several holds its fair share of both.
const repeats = 20

func weft(updates [][]byte) (merged, error) {
	runtime.GC()
	var out []byte
	var err error
	start := time.Now()
	for range repeats {
		if out, err = update.Merge(updates...); err != nil {
			return merged{}, err
		}
	}
	ns := float64(time.Since(start)) / repeats
	sum := sha256.Sum256(out)
	return merged{ns, len(out), hex.EncodeToString(sum[:])}, nil
}

func yjs(node *process.Child) (m merged, err error) {
	line, err := node.Ask("merge")
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal([]byte(line), &m)
}

// split cuts a file of length-prefixed updates.
func split(b []byte) ([][]byte, error) {
	var updates [][]byte
	for len(b) > 0 {
		n, size := binary.Uvarint(b) // the same bytes as a lib0 varint
		if size <= 0 || n > uint64(len(b)-size) {
			return nil, errors.New("merge: the updates are cut short")
		}
		updates = append(updates, bytes.Clone(b[size:size+int(n)]))
		b = b[size+int(n):]
	}
	if len(updates) != count {
		return nil, fmt.Errorf("merge: %d updates made, %d wanted", len(updates), count)
	}
	return updates, nil
}
