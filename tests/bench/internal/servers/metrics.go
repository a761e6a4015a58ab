package servers

import (
	"github.com/weft-sync/weft/tests/bench/internal/load"
	"github.com/weft-sync/weft/tests/bench/internal/report"
)

// A column is what becomes a metric of every scenario.
type column struct {
	id, what, unit string
	better         report.Direction
	asked          *report.Asked
	of             func(load.Result) float64
}

func (sc *scenario) metrics() []report.Metric {
	columns := []column{
		{"cpu", sc.what, "µs", report.Lower, report.AtMost(sc.asked, YWebsocket), func(r load.Result) float64 {
			return micros(r.ServerCPU) / float64(r.Delivered)
		}},
		{"p99", "99th percentile of the time from send to delivery", "ms", report.Lower, report.AtMost(1, YWebsocket), func(r load.Result) float64 {
			return millis(r.P99)
		}},
		{"missing", "deliveries that never came", "", report.Lower, report.AtMost(0, ""), func(r load.Result) float64 {
			return float64(r.Missing())
		}},
		{"p50", "median time from send to delivery", "ms", report.Lower, nil, func(r load.Result) float64 {
			return millis(r.P50)
		}},
		{"rate", "updates carried a second", "/s", report.Higher, nil, func(r load.Result) float64 {
			return float64(r.Sent) / r.Elapsed.Seconds()
		}},
		{"batch", "updates delivered per frame", "", report.Equal, nil, func(r load.Result) float64 {
			return float64(r.Delivered) / float64(r.Frames)
		}},
		{"load", "the load program's own CPU per delivered update, to judge it by", "µs", report.Equal, nil, func(r load.Result) float64 {
			return micros(r.LoadCPU) / float64(r.Delivered)
		}},
	}
	var metrics []report.Metric
	for _, c := range columns {
		m := sc.metric(c)
		if c.id == "missing" {
			total(&m)
		}
		m.Finish()
		metrics = append(metrics, m)
	}
	return metrics
}

// total makes the values of a metric the sums of its rounds: of what must never
// happen, a median would hide what happened once.
func total(m *report.Metric) {
	sum := func(rounds []float64) (v float64) {
		for _, r := range rounds {
			v += r
		}
		return v
	}
	m.Value, m.Rounds = sum(m.Rounds), nil
	for i := range m.Peers {
		m.Peers[i].Value, m.Peers[i].Rounds = sum(m.Peers[i].Rounds), nil
	}
}

func (sc *scenario) metric(c column) report.Metric {
	m := report.Metric{ID: "servers." + sc.name + "." + c.id, What: c.what, Unit: c.unit, Better: c.better, Asked: c.asked}
	values := func(name string) (rounds []float64, notRun string) {
		if err := sc.failed[name]; err != nil {
			return nil, err.Error()
		}
		for _, r := range sc.results[name] {
			rounds = append(rounds, c.of(r))
		}
		return rounds, ""
	}
	m.Rounds, m.NotRun = values(Weft)
	for _, name := range []string{YWebsocket, Hocuspocus} {
		p := report.Peer{Name: name}
		p.Rounds, p.NotRun = values(name)
		m.Peers = append(m.Peers, p)
	}
	return m
}
