package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Table writes the report for people, a line a metric.
func (r *Report) Table(w io.Writer) {
	fmt.Fprintf(w, "weft benchmarks, %s tier, %s, %s, %d cores, load %s, %.0f s\n\n",
		r.Tier, r.Started.Format("2006-01-02 15:04"), or(r.Machine.CPU, "unknown CPU"), r.Machine.Cores, or(r.Machine.Load, "unknown"), r.Seconds)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "metric\tweft\tpeers (weft's ratio to them)\tasked\t")
	for _, m := range r.Metrics {
		if m.NotRun != "" {
			fmt.Fprintf(t, "%s\tnot run\t%s\t%s\t\n", m.ID, firstLine(m.NotRun), m.Asked)
			continue
		}
		var peers []string
		for _, p := range m.Peers {
			if p.NotRun != "" {
				peers = append(peers, p.Name+" not run: "+firstLine(p.NotRun))
				continue
			}
			peers = append(peers, fmt.Sprintf("%s %s (%s)", p.Name, quantity(p.Value, m.Unit), ratioText(p.Ratio)))
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", m.ID, quantity(m.Value, m.Unit), strings.Join(peers, ", "), m.Asked, verdict(m.Met))
	}
	t.Flush()
	fmt.Fprintln(w)
	for _, m := range r.Metrics {
		if m.Note != "" {
			fmt.Fprintf(w, "%s: %s\n", m.ID, m.Note)
		}
	}
}

// String returns what is asked as people read it.
func (a *Asked) String() string {
	if a == nil {
		return ""
	}
	of := ""
	if a.Peer != "" {
		of = " of " + a.Peer + "'s"
	}
	if a.AtMost != nil {
		return "≤ " + bound(*a.AtMost, of) + of
	}
	return "≥ " + bound(*a.AtLeast, of) + of
}

func bound(v float64, of string) string {
	if of != "" {
		return ratioText(v)
	}
	return number(v)
}

func verdict(met *bool) string {
	switch {
	case met == nil:
		return ""
	case *met:
		return "met"
	}
	return "NOT MET"
}

func quantity(v float64, unit string) string {
	if unit == "" {
		return number(v)
	}
	return number(v) + " " + unit
}

// number prints three significant digits, and whole numbers whole.
func number(v float64) string {
	if v == math.Trunc(v) || math.Abs(v) >= 1000 {
		return thousands(strconv.FormatFloat(math.Round(v), 'f', 0, 64))
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

func thousands(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// ratioText prints a small ratio as a fraction: 1/230 says more than 0.0043.
func ratioText(r float64) string {
	switch {
	case r == 0:
		return "-"
	case r < 0.1:
		return "1/" + number(math.Round(1/r))
	}
	return strconv.FormatFloat(r, 'f', 2, 64)
}

// firstLine leaves the rest of a long reason to the JSON.
func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
