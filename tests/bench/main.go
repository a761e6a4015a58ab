// Command bench measures weft and its peers side by side.
//
//	go run ./tests/bench [-tier fast|slow] [-only merge,engine,servers,module] [-o file] [-check]
//	go run ./tests/bench compare before.json after.json
//
// Results are JSON, in the file or on standard output; progress and a table for
// people go to standard error. README.md beside this file says what is measured
// and how.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/weft-sync/weft/tests/bench/internal/engine"
	"github.com/weft-sync/weft/tests/bench/internal/merge"
	"github.com/weft-sync/weft/tests/bench/internal/module"
	"github.com/weft-sync/weft/tests/bench/internal/probe"
	"github.com/weft-sync/weft/tests/bench/internal/report"
	"github.com/weft-sync/weft/tests/bench/internal/servers"
)

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "compare":
			os.Exit(compare(os.Args[2:]))
		case "probe": // the battery starts itself so
			os.Exit(serveProbe(os.Args[2:]))
		}
	}
	os.Exit(run())
}

// The groups of metrics, in the order they are run: what is most sensitive to a
// busy machine goes last.
var groups = []string{"module", "merge", "engine", "servers"}

func run() int {
	tier := flag.String("tier", "fast", "fast (about 5 minutes) or slow (more and longer rounds)")
	only := flag.String("only", strings.Join(groups, ","), "the groups to measure")
	out := flag.String("o", "", "where the JSON goes; empty is standard output")
	binary := flag.String("weft", "bin/weft", "the server under test")
	check := flag.Bool("check", false, "exit with 1 when a number that was asked for is not met")
	flag.Parse()
	chosen := strings.Split(*only, ",")
	if *tier != "fast" && *tier != "slow" || flag.NArg() > 0 || slices.ContainsFunc(chosen, func(g string) bool { return !slices.Contains(groups, g) }) {
		flag.Usage()
		return 2
	}

	limit := 8 * time.Minute
	if *tier == "slow" {
		limit = 40 * time.Minute
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	// The load program must be cheap; memory it has.
	debug.SetGCPercent(400)

	root, err := moduleRoot()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 2
	}
	path, err := filepath.Abs(*binary)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 2
	}
	r := report.Report{
		Schema: report.Schema, Started: time.Now(), Tier: *tier,
		Commit: commit(ctx, root), Machine: report.ThisMachine(), Versions: versions(ctx, root),
	}
	slow := *tier == "slow"
	for _, group := range groups {
		if !slices.Contains(chosen, group) || ctx.Err() != nil {
			continue
		}
		switch group {
		case "module":
			r.Metrics = append(r.Metrics, module.Run(ctx, module.Config{Root: root, Binary: path, Slow: slow, Log: os.Stderr}, r.Versions)...)
		case "merge":
			r.Metrics = append(r.Metrics, merge.Run(ctx, merge.Config{Root: root, Traces: os.Getenv("WEFT_TRACES"), Slow: slow, Log: os.Stderr})...)
		case "engine":
			r.Metrics = append(r.Metrics, engine.Run(ctx, engine.Config{Root: root, Traces: os.Getenv("WEFT_TRACES"), Slow: slow, Log: os.Stderr})...)
		case "servers":
			r.Metrics = append(r.Metrics, servers.Run(ctx, servers.Config{Root: root, Binary: path, Slow: slow, Log: os.Stderr})...)
		}
	}
	r.Seconds = time.Since(r.Started).Seconds()
	fmt.Fprintln(os.Stderr)
	r.Table(os.Stderr)
	if err := write(&r, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 2
	}
	if ctx.Err() != nil {
		fmt.Fprintln(os.Stderr, "bench: cut short:", context.Cause(ctx))
		return 2
	}
	if *check && slices.ContainsFunc(r.Metrics, func(m report.Metric) bool {
		return m.Met != nil && !*m.Met || m.Asked != nil && m.NotRun != ""
	}) {
		return 1
	}
	return 0
}

func write(r *report.Report, name string) error {
	var w io.Writer = os.Stdout
	if name != "" {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		f, err := os.Create(name)
		if err != nil {
			return err
		}
		defer f.Close()
		w = f
	}
	return r.Write(w)
}

func serveProbe(args []string) int {
	if len(args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: bench probe ADDR DIR")
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := probe.Serve(ctx, args[0], args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

func compare(names []string) int {
	if len(names) != 2 {
		fmt.Fprintln(os.Stderr, "usage: bench compare before.json after.json")
		return 2
	}
	var reports [2]*report.Report
	for i, name := range names {
		r, err := report.Read(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			return 2
		}
		reports[i] = r
	}
	if reports[0].Machine.CPU != reports[1].Machine.CPU || reports[0].Machine.Cores != reports[1].Machine.Cores {
		fmt.Println("The reports come from different machines: only ratios to peers say something.")
	}
	if report.WriteChanges(os.Stdout, report.Compare(reports[0], reports[1])) {
		return 1
	}
	return 0
}

// moduleRoot returns the folder of go.mod, from wherever inside it we run.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("run me inside the project: no go.mod above %s", dir)
		}
		dir = up
	}
}

// commit returns the checked out commit, or "" without git.
func commit(ctx context.Context, root string) string {
	b, err := exec.CommandContext(ctx, "git", "-C", root, "describe", "--always", "--dirty", "--abbrev=12").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
