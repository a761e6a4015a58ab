// Command weft serves shared documents, and has tools for Yjs updates.
//
// It only wires: flags to the packages that do the work. `weft --help` is the
// manual; every flag of `weft serve` has an environment variable.
//
// Exit statuses: 0 done, 1 it failed, 2 wrong usage, 3 the input is malformed.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/alecthomas/kong"
)

// The exit statuses, part of the command's interface.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitBadInput = 3
)

// An exitError ends the command with a status other than exitFailed.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// terminal is what the commands read and write.
type terminal struct {
	in       io.Reader
	out, err io.Writer
}

type cli struct {
	Serve   serveCmd   `cmd:"" help:"Serve documents, and the page to write in them."`
	Relay   relayCmd   `cmd:"" help:"Pass documents on between local clients and a server."`
	Update  updateCmd  `cmd:"" help:"Look into Yjs updates, merge and compare them."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

const about = `weft keeps shared documents in sync.

  weft serve                          http://127.0.0.1:8787, documents in ./weft-data
  weft serve --listen :8787 --origin https://app.example.org
  weft relay --upstream wss://hub.example.org/
  weft update inspect notes.bin       what is in an update, struct by struct

Exit statuses: 0 done, 1 it failed, 2 wrong usage, 3 the input is malformed.`

type versionCmd struct{}

func (versionCmd) Help() string {
	return `Example:
  weft version

Exit statuses: 0 done.`
}

func (versionCmd) Run(t *terminal) error {
	version := "(unknown)"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	_, err := fmt.Fprintln(t.out, "weft", version)
	return err
}

func main() {
	os.Exit(run(os.Args[1:], &terminal{os.Stdin, os.Stdout, os.Stderr}))
}

// run does what the arguments say and returns the exit status.
func run(args []string, t *terminal) int {
	var c cli
	exited := -1 // --help exits within Parse
	parser, err := kong.New(&c,
		kong.Name("weft"), kong.Description(about),
		kong.Writers(t.out, t.err), kong.Exit(func(status int) { exited = status }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Bind(t),
	)
	if err != nil {
		panic(err) // the tags above are wrong
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	ctx, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintf(t.err, "weft: %v\nTry `weft --help`.\n", err)
		return exitUsage
	}
	if err := ctx.Run(); err != nil {
		fmt.Fprintf(t.err, "weft: %v\n", err)
		if e, ok := errors.AsType[*exitError](err); ok {
			return e.status
		}
		return exitFailed
	}
	return exitDone
}
