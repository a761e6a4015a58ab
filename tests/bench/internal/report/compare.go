package report

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"text/tabwriter"
)

// A Change is what became of one metric between two reports.
type Change struct {
	Metric string
	Of     string  // "value", or "ratio to <peer>"
	Before float64 // median
	After  float64
	// Low and High hold After/Before - 1 with 95 % confidence, from the rounds.
	Low, High float64
	Verdict   Verdict
}

// Verdict says what a change means.
type Verdict string

const (
	Better  Verdict = "better"
	Worse   Verdict = "worse"
	Same    Verdict = "same"    // within what the rounds of one run differ
	Gone    Verdict = "gone"    // measured before, not after
	New     Verdict = "new"     // measured after, not before
	Changed Verdict = "changed" // of a metric that improves in no direction
)

// resamples is how often the rounds are drawn again to find how far the median
// of as many rounds strays.
const resamples = 2000

// Compare returns a change for every metric of either report, in the order of
// the later one.
//
// A metric with a peer is compared by its ratio to the first peer: the two
// reports may come from machines, or from hours, of different speed. A change
// counts when its whole confidence interval is on one side of zero, and further
// from it than what rounds cannot show: see threshold.
func Compare(before, after *Report) []Change {
	var changes []Change
	for _, b := range after.Metrics {
		a, ok := find(before, b.ID)
		switch {
		case b.NotRun != "" && ok && a.NotRun == "":
			changes = append(changes, Change{Metric: b.ID, Of: "value", Before: a.Value, Verdict: Gone})
		case b.NotRun != "":
		case !ok || a.NotRun != "":
			changes = append(changes, Change{Metric: b.ID, Of: "value", After: b.Value, Verdict: New})
		default:
			changes = append(changes, compare(a, b))
		}
	}
	for _, a := range before.Metrics {
		if _, ok := find(after, a.ID); !ok && a.NotRun == "" {
			changes = append(changes, Change{Metric: a.ID, Of: "value", Before: a.Value, Verdict: Gone})
		}
	}
	return changes
}

func compare(a, b Metric) Change {
	c := Change{Metric: b.ID, Of: "value"}
	before, after := a.Rounds, b.Rounds
	if len(a.Peers) > 0 && len(b.Peers) > 0 && a.Peers[0].Name == b.Peers[0].Name {
		x, y := ratios(a.Rounds, a.Peers[0].Rounds), ratios(b.Rounds, b.Peers[0].Rounds)
		if len(x) > 0 && len(y) > 0 {
			c.Of, before, after = "ratio to "+b.Peers[0].Name, x, y
		}
	}
	if len(before) == 0 {
		before = []float64{a.Value}
	}
	if len(after) == 0 {
		after = []float64{b.Value}
	}
	c.Before, c.After = Median(before), Median(after)
	c.Low, c.High = interval(before, after)
	least := max(threshold(a), threshold(b))
	switch {
	case c.Low <= least && c.High >= -least:
		c.Verdict = Same
	case b.Better == Equal:
		c.Verdict = Changed
	case (c.High < 0) == (b.Better == Lower):
		c.Verdict = Better
	default:
		c.Verdict = Worse
	}
	return c
}

// threshold is the relative change below which a metric counts as the same: one
// or two rounds say nothing of how far they stray, and even many rounds of one
// run do not hold what differs from run to run. A metric without rounds is
// counted, not timed.
func threshold(m Metric) float64 {
	switch n := len(m.Rounds); {
	case n == 0:
		return 0.005
	case n < 3:
		return 0.10
	}
	return 0.02
}

// interval returns the 95 % bootstrap interval of the relative change of the
// median. Its draws are seeded: the same two reports give the same answer.
func interval(before, after []float64) (low, high float64) {
	draw := rand.New(rand.NewPCG(1, 2))
	changes := make([]float64, resamples)
	for i := range changes {
		changes[i] = relative(Median(again(draw, before)), Median(again(draw, after)))
	}
	slices.Sort(changes)
	return changes[resamples*25/1000], changes[resamples*975/1000]
}

func again(draw *rand.Rand, v []float64) []float64 {
	s := make([]float64, len(v))
	for i := range s {
		s[i] = v[draw.IntN(len(v))]
	}
	return s
}

// relative returns b/a - 1; from nothing to something it is a whole.
func relative(a, b float64) float64 {
	switch {
	case a == b:
		return 0
	case a == 0:
		return 1
	}
	return b/a - 1
}

func find(r *Report, id string) (Metric, bool) {
	i := slices.IndexFunc(r.Metrics, func(m Metric) bool { return m.ID == id })
	if i < 0 {
		return Metric{}, false
	}
	return r.Metrics[i], true
}

// WriteChanges writes the changes for people and reports whether one of them is
// for the worse.
func WriteChanges(w io.Writer, changes []Change) (worse bool) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "metric\tof\tbefore\tafter\tchange (95 %)\t")
	for _, c := range changes {
		span := ""
		if c.Verdict != Gone && c.Verdict != New {
			span = fmt.Sprintf("%+.1f %% … %+.1f %%", 100*c.Low, 100*c.High)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", c.Metric, c.Of, number(c.Before), number(c.After), span, c.Verdict)
		worse = worse || c.Verdict == Worse || c.Verdict == Gone
	}
	t.Flush()
	return worse
}
