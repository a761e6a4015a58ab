// Package module measures what weft costs a web page: the bytes it downloads,
// the time until it can be used, and the memory that it holds.
package module

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"time"

	"github.com/weft-sync/weft/tests/bench/internal/process"
	"github.com/weft-sync/weft/tests/bench/internal/report"
	"github.com/weft-sync/weft/tests/bench/internal/servers"
)

// Config says what is measured.
type Config struct {
	Root   string // the project's folder
	Binary string // the weft binary, which serves the module
	Slow   bool
	Log    io.Writer
}

// What is asked for.
const (
	moduleBytes = 400_000 // brotli
	bridgeBytes = 3_000   // brotli
	firstCall   = 60      // ms
	// growth, in MiB, is one arena of Go's heap in WebAssembly: the step by
	// which memory grows when a collection comes a little later than the last
	// time. Memory that is kept would need many.
	growth   = 4
	messages = 1_000_000
)

// Run returns all metrics of the group. versions gets the browser's version.
func Run(ctx context.Context, c Config, versions map[string]string) []report.Metric {
	metrics := c.sizes(ctx)
	metrics = append(metrics, c.firstCall(ctx, versions))
	metrics = append(metrics, c.memory(ctx)...)
	for i := range metrics {
		m := &metrics[i]
		m.Finish()
		if m.NotRun != "" {
			fmt.Fprintf(c.Log, "%s: %s\n", m.ID, m.NotRun)
		}
	}
	return metrics
}

func (c Config) script(name string, args ...string) process.Command {
	return process.Command{Path: "node", Args: append([]string{filepath.Join(c.Root, "tests/bench/peers", name)}, args...), Dir: c.Root}
}

// ask runs a script that prints one JSON value.
func (c Config) ask(ctx context.Context, limit time.Duration, v any, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out, err := process.Run(ctx, c.script(name, args...))
	if err != nil {
		return err
	}
	return json.Unmarshal(out, v)
}

func fail(metrics []report.Metric, err error) []report.Metric {
	for i := range metrics {
		metrics[i].NotRun = err.Error()
	}
	return metrics
}

func (c Config) sizes(ctx context.Context) []report.Metric {
	metrics := []report.Metric{
		{ID: "module.size", What: "provider.wasm, brotli", Unit: "B", Better: report.Lower, Asked: report.AtMost(moduleBytes, "")},
		{ID: "module.bridge", What: "the bridge's JavaScript without yjs, minified, brotli", Unit: "B", Better: report.Lower, Asked: report.AtMost(bridgeBytes, "")},
	}
	var got struct {
		Module, Bridge struct{ Raw, Gzip, Brotli int }
	}
	if err := c.ask(ctx, time.Minute, &got, "sizes.mjs"); err != nil {
		return fail(metrics, err)
	}
	metrics[0].Value = float64(got.Module.Brotli)
	metrics[0].Note = fmt.Sprintf("%d bytes raw, %d gzip", got.Module.Raw, got.Module.Gzip)
	metrics[1].Value = float64(got.Bridge.Brotli)
	metrics[1].Note = fmt.Sprintf("%d bytes raw, %d gzip", got.Bridge.Raw, got.Bridge.Gzip)
	return metrics
}

func (c Config) firstCall(ctx context.Context, versions map[string]string) report.Metric {
	m := report.Metric{
		ID: "module.first_call", What: "from the fetch of provider.wasm to the end of its first call, in Chromium, nothing cached",
		Unit: "ms", Better: report.Lower, Asked: report.AtMost(firstCall, ""),
	}
	rounds := 7
	if c.Slow {
		rounds = 21
	}
	err := func() error {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		addr, stop, err := servers.StartWeft(ctx, c.Root, c.Binary)
		if err != nil {
			return err
		}
		defer stop()
		node, err := process.Start(ctx, c.script("first-call.mjs", "http://"+addr))
		if err != nil {
			return err
		}
		defer node.Stop()
		var answer struct {
			Version string
			MS      float64
		}
		for i := range 2 + rounds { // the first load warms the browser up
			line := "load"
			if i == 0 {
				line = "version"
			}
			text, err := node.Ask(line)
			if err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(text), &answer); err != nil {
				return err
			}
			if i >= 2 {
				m.Rounds = append(m.Rounds, answer.MS)
			}
		}
		versions["chromium"] = answer.Version
		fmt.Fprintf(c.Log, "module first call, ms: %.1f\n", m.Rounds)
		return nil
	}()
	if err != nil {
		m.NotRun = err.Error()
	}
	return m
}

func (c Config) memory(ctx context.Context) []report.Metric {
	metrics := []report.Metric{
		{ID: "module.growth", What: "linear memory that a million messages add", Unit: "MiB", Better: report.Lower, Asked: report.AtMost(growth, "")},
		{ID: "module.memory", What: "linear memory after a million messages", Unit: "MiB", Better: report.Lower},
		{ID: "module.step", What: "one call of the module, in Node", Unit: "µs", Better: report.Lower},
	}
	var got struct {
		Before, After float64
		NS            float64
	}
	if err := c.ask(ctx, time.Minute, &got, "memory.mjs", strconv.Itoa(messages)); err != nil {
		return fail(metrics, err)
	}
	metrics[0].Value = (got.After - got.Before) / (1 << 20)
	metrics[1].Value = got.After / (1 << 20)
	metrics[2].Rounds = []float64{got.NS / 1e3}
	fmt.Fprintf(c.Log, "module memory: %.1f MiB, %.1f more than after a tenth of the messages; %.2f µs a call\n", metrics[1].Value, metrics[0].Value, got.NS/1e3)
	return metrics
}
