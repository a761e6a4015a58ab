package process

import (
	"context"
	"errors"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shell returns a command that runs a script, or skips where there is no shell.
func shell(t *testing.T, script string) Command {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh on this system")
	}
	return Command{Path: sh, Args: []string{"-c", script}}
}

func TestAskAnswersLineByLine(t *testing.T) {
	c, err := Start(t.Context(), shell(t, `while read -r l; do echo "got $l"; done`))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	for _, line := range []string{"one", "two"} {
		got, err := c.Ask(line)
		if err != nil || got != "got "+line+"\n" {
			t.Errorf("Ask(%q) = %q, %v", line, got, err)
		}
	}
	c.Stop()
	if _, err := c.Ask("three"); err == nil {
		t.Error("a child that was stopped answered")
	}
}

func TestStartReportsAChildThatEnds(t *testing.T) {
	c := shell(t, `echo the reason >&2; exit 3`)
	c.Ready = func(context.Context) error { return errors.New("not yet") }
	_, err := Start(t.Context(), c)
	if err == nil || !strings.Contains(err.Error(), "the reason") {
		t.Errorf("Start: %v, want the child's words in it", err)
	}
}

func TestStartGivesUp(t *testing.T) {
	c := shell(t, `exec sleep 60`)
	c.Ready = func(context.Context) error { return errors.New("never") }
	c.StartTimeout = 100 * time.Millisecond
	if _, err := Start(t.Context(), c); err == nil {
		t.Error("Start returned a child that was never ready")
	}
}

func TestTheContextEndsTheChild(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c, err := Start(ctx, shell(t, `trap "" TERM; exec sleep 60`))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	<-c.done
	c.Stop()
}

func TestUsage(t *testing.T) {
	c, err := Start(t.Context(), shell(t, `i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo; read -r l`))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	if _, err := c.stdout.ReadString('\n'); err != nil { // it has counted
		t.Fatal(err)
	}
	cpu, err := c.CPU()
	if errors.Is(err, ErrNoProc) {
		t.Skip(err)
	}
	if err != nil || cpu <= 0 || cpu > time.Minute {
		t.Errorf("CPU() = %v, %v", cpu, err)
	}
	m, err := c.Memory()
	if err != nil || m.RSS < 100<<10 || m.PSS > m.RSS || m.Anon > m.PSS {
		t.Errorf("Memory() = %+v, %v", m, err)
	}
}

func TestFreeAddr(t *testing.T) {
	addr, err := FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}
