package servers

import (
	"github.com/weft-sync/weft/tests/bench/internal/load"
	"github.com/weft-sync/weft/tests/bench/internal/report"
)

// what every scenario's metrics are called and made from.
type column struct {
	id, what, unit string
	better         report.Direction
	of             func(load.Result) float64
}

func (sc *scenario) metrics() []report.Metric {
	cpu := column{"cpu", "", "µs", report.Lower, func(r load.Result) float64 { return micros(r.ServerCPU) / float64(r.Delivered) }}
	var asked *report.Asked
	switch sc.name {
	case "fanout":
		cpu.what = "server CPU per delivered update: a room of 100, 5 of them typing 20 characters a second, each with a phase of its own"
		asked = report.AtMost(0.5, YWebsocket)
	case "fanout-together":
		cpu.what = "the same with all 5 writers sending in the same instant"
	case "saturation":
		cpu.what = "server CPU per update carried: 4 rooms of 2, both writing with 64 updates outstanding"
		asked = report.AtMost(0.2, YWebsocket)
	}
	p99 := sc.metric(column{"p99", "99th percentile of the time from send to delivery", "ms", report.Lower,
		func(r load.Result) float64 { return millis(r.P99) }})
	p99.Asked = report.AtMost(1, YWebsocket)
	missing := sc.metric(column{"missing", "deliveries that never came", "", report.Lower,
		func(r load.Result) float64 { return float64(r.Missing()) }})
	missing.Asked = report.AtMost(0, "")
	first := sc.metric(cpu)
	first.Asked = asked

	metrics := []report.Metric{
		first, p99, missing,
		sc.metric(column{"p50", "median time from send to delivery", "ms", report.Lower,
			func(r load.Result) float64 { return millis(r.P50) }}),
		sc.metric(column{"batch", "updates delivered per frame", "", report.Equal,
			func(r load.Result) float64 { return float64(r.Delivered) / float64(r.Frames) }}),
		sc.metric(column{"load", "the load program's own CPU per delivered update, to judge it by", "µs", report.Equal,
			func(r load.Result) float64 { return micros(r.LoadCPU) / float64(r.Delivered) }}),
	}
	if sc.name == "saturation" {
		metrics = append(metrics, sc.metric(column{"rate", "updates carried a second", "/s", report.Higher,
			func(r load.Result) float64 { return float64(r.Delivered) / r.Elapsed.Seconds() }}))
	}
	for i := range metrics {
		metrics[i].Finish()
	}
	return metrics
}

func (sc *scenario) metric(c column) report.Metric {
	m := report.Metric{ID: "servers." + sc.name + "." + c.id, What: c.what, Unit: c.unit, Better: c.better}
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
