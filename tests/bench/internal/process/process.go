// Package process runs the servers and helpers that the benchmarks measure,
// and reads what they used from the kernel.
//
// A child is started with [Start], which returns once it is ready, and ended
// with [Child.Stop]. It cannot outlive the benchmark: the context ends it, and
// on Linux the kernel does when the benchmark itself is killed.
//
// [Child.CPU] and [Child.Memory] need Linux's /proc; elsewhere they return
// [ErrNoProc], and the metrics made from them are reported as not run.
package process

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"time"
)

// ErrNoProc is returned where the operating system has no /proc to read a
// process's CPU time and memory from.
var ErrNoProc = errors.New("process: this system has no /proc")

// stopGrace is how long a child may take to end after it was asked to.
const stopGrace = 10 * time.Second

// Command says how a child is started.
type Command struct {
	Path string   // the program
	Args []string // its arguments, without the program's name
	Dir  string   // working directory; empty is the caller's
	Env  []string // additions to the caller's environment, KEY=value

	// Ready reports whether the child can be used; it is asked every 20 ms
	// until it returns nil or StartTimeout has passed. Nil means at once.
	Ready        func(ctx context.Context) error
	StartTimeout time.Duration // 0 means 20 seconds
}

// A Child is one running process. Its methods may be called from any goroutine.
type Child struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr *tail
	done   chan struct{} // closed when the process has ended
	err    error         // how it ended; read after done
	stop   sync.Once
}

// Start starts the child and waits until it is ready. When ctx ends, the child
// is killed. On an error no child is left behind.
func Start(ctx context.Context, c Command) (*Child, error) {
	cmd := exec.CommandContext(ctx, c.Path, c.Args...)
	cmd.Dir = c.Dir
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.WaitDelay = time.Second
	endWithParent(cmd)

	child := &Child{cmd: cmd, stderr: &tail{}, done: make(chan struct{})}
	cmd.Stderr = child.stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, in := io.Pipe()
	cmd.Stdout = in
	child.stdin, child.stdout = stdin, bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	go func() {
		child.err = cmd.Wait()
		in.CloseWithError(io.EOF)
		close(child.done)
	}()
	if c.Ready == nil {
		return child, nil
	}
	// A server prints what it likes; nobody reads it.
	go io.Copy(io.Discard, child.stdout)
	if err := child.waitReady(ctx, c); err != nil {
		child.Stop()
		return nil, err
	}
	return child, nil
}

func (c *Child) waitReady(ctx context.Context, cmd Command) error {
	limit := cmd.StartTimeout
	if limit == 0 {
		limit = 20 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := cmd.Ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-c.done:
			return fmt.Errorf("%s ended before it was ready: %w\n%s", cmd.Path, c.err, c.stderr)
		case <-ctx.Done():
			return fmt.Errorf("%s was not ready in %v: %w\n%s", cmd.Path, limit, err, c.stderr)
		}
	}
}

// PID returns the process id.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Stderr returns the last 4 KiB that the child wrote to standard error.
func (c *Child) Stderr() string { return c.stderr.String() }

// Ask writes one line to the child's standard input and returns the next line
// of its standard output, for helpers that answer line by line.
func (c *Child) Ask(line string) (string, error) {
	if _, err := io.WriteString(c.stdin, line+"\n"); err != nil {
		return "", fmt.Errorf("%w\n%s", err, c.stderr)
	}
	answer, err := c.stdout.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, c.stderr)
	}
	return answer, nil
}

// Stop asks the child to end, kills it when it does not within ten seconds,
// and returns after it has ended. It may be called more than once.
func (c *Child) Stop() {
	c.stop.Do(func() {
		c.stdin.Close()
		askToEnd(c.cmd.Process)
		timer := time.NewTimer(stopGrace)
		defer timer.Stop()
		select {
		case <-c.done:
		case <-timer.C:
			c.cmd.Process.Kill()
			<-c.done
		}
	})
}

// Memory is what a process holds, in bytes.
type Memory struct {
	RSS  int64 // resident, shared pages counted whole
	PSS  int64 // resident, each shared page divided by those who share it
	Anon int64 // the part of PSS that is not backed by a file: heap and stacks
}

// Run runs a command to its end and returns its standard output.
func Run(ctx context.Context, c Command) ([]byte, error) {
	cmd := exec.CommandContext(ctx, c.Path, c.Args...)
	cmd.Dir = c.Dir
	cmd.Env = append(os.Environ(), c.Env...)
	endWithParent(cmd)
	var out bytes.Buffer
	errs := &tail{}
	cmd.Stdout, cmd.Stderr = &out, errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s %v: %w\n%s", c.Path, c.Args, err, errs)
	}
	return out.Bytes(), nil
}

// FreeAddr returns a loopback address whose port was free a moment ago.
func FreeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// tail keeps the end of what is written to it.
type tail struct {
	mu sync.Mutex
	b  []byte
}

const tailSize = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if over := len(t.b) - tailSize; over > 0 {
		t.b = append(t.b[:0], t.b[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.b)
}
