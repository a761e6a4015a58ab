// Package servers measures weft's server beside the servers of its peers, all
// under the same load.
package servers

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/weft-sync/weft/tests/bench/internal/load"
	"github.com/weft-sync/weft/tests/bench/internal/process"
)

// Names of the servers, as they stand in the report.
const (
	Weft       = "weft"
	YWebsocket = "y-websocket"
	Hocuspocus = "hocuspocus"
)

// A kind is a server that can be started.
type kind struct {
	name string
	wire load.Wire
	// needs is a file without which it cannot be started, and hint what makes it.
	needs, hint string
	// command starts it on host and port; dir is an empty folder of its own.
	command func(host, port, dir string) process.Command
}

// kinds returns the servers, ours first. root is the project's folder, weft the
// binary under test.
func kinds(root, weft string) []kind {
	node := func(script string) func(host, port, dir string) process.Command {
		return func(host, port, _ string) process.Command {
			return process.Command{
				Path: "node", Args: []string{filepath.Join(root, script)}, Dir: root,
				Env: []string{"HOST=" + host, "PORT=" + port, "NODE_ENV=production"},
			}
		}
	}
	return []kind{
		{
			name: Weft, wire: load.WireY, needs: weft, hint: "make build",
			command: func(host, port, dir string) process.Command {
				return process.Command{Path: weft, Args: []string{
					"serve", "--listen", net.JoinHostPort(host, port), "--data", filepath.Join(dir, "data"),
				}}
			},
		},
		{
			name: YWebsocket, wire: load.WireY, needs: filepath.Join(root, "node_modules/y-websocket-2/bin/server.cjs"), hint: "npm ci",
			command: node("node_modules/y-websocket-2/bin/server.cjs"),
		},
		{
			name: Hocuspocus, wire: load.WireHocuspocus, needs: filepath.Join(root, "node_modules/@hocuspocus/server/package.json"), hint: "npm ci",
			command: node("tests/bench/peers/hocuspocus.mjs"),
		},
	}
}

// A server is one that runs.
type server struct {
	kind
	child  *process.Child
	target load.Target
	dir    string
}

func (k kind) start(ctx context.Context) (*server, error) {
	if _, err := os.Stat(k.needs); err != nil {
		return nil, fmt.Errorf("%s is not there: %s", filepath.Base(k.needs), k.hint)
	}
	dir, err := os.MkdirTemp("", "weft-bench-")
	if err != nil {
		return nil, err
	}
	addr, err := process.FreeAddr()
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	c := k.command(host, port, dir)
	c.Ready = func(ctx context.Context) error {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", addr)
		if err == nil {
			conn.Close()
		}
		return err
	}
	child, err := process.Start(ctx, c)
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return &server{
		kind: k, child: child, dir: dir,
		target: load.Target{Addr: addr, Wire: k.wire, CPU: child.CPU},
	}, nil
}

// StartWeft starts the server under test, for measurements other than this
// package's. stop ends it and removes its data.
func StartWeft(ctx context.Context, root, binary string) (addr string, stop func(), err error) {
	s, err := kinds(root, binary)[0].start(ctx)
	if err != nil {
		return "", nil, err
	}
	return s.target.Addr, s.stop, nil
}

func (s *server) stop() {
	s.child.Stop()
	os.RemoveAll(s.dir)
}
