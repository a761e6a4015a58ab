//go:build unix

package weft

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/weft-sync/weft/native/client"
)

// npm's y-websocket server selects weft.v1, as its WebSocket library selects whatever
// is offered, and does not know it. The client finds that out, and speaks with it as
// with any y server.
func TestNPMServer(t *testing.T) {
	script, err := filepath.Abs("../../node_modules/y-websocket-2/bin/server.cjs")
	if err != nil {
		t.Fatal(err)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node")
	}
	if _, err := os.Stat(script); err != nil {
		t.Skipf("npm's y-websocket server is not installed (npm ci): %v", err)
	}
	address := freeAddress(t)
	host, port, _ := net.SplitHostPort(address)
	cmd := exec.Command(node, script)
	cmd.Env = append(os.Environ(), "HOST="+host, "PORT="+port)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	eventually(t, "the server listens", func() bool {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})

	s := &site{t: t, url: "ws://" + address}
	a, b := s.person(1, client.Options{}), s.person(2, client.Options{})
	a.synced()
	b.synced()
	a.types("from a weft client")
	b.types("to another")
	eventually(t, "both see both", func() bool {
		return a.sees("to another") && b.sees("from a weft client")
	})
	if a.Weft() || a.Permission() != client.Unknown {
		t.Errorf("weft %v, permission %v", a.Weft(), a.Permission())
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := a.WaitSaved(ctx); err != client.ErrUntold {
		t.Errorf("WaitSaved: %v", err)
	}
}
