package main_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/native/client"
	"github.com/weft-sync/weft/page"
)

const patience = 20 * time.Second

// process is a running `weft serve`.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	url string

	mu   sync.Mutex
	logs bytes.Buffer
	done chan struct{} // its standard error has ended
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.logs.Write(b)
}

func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.logs.String()
}

var addressLine = regexp.MustCompile(`^weft serves (http://\S+) \(documents (in \S+|are not kept)\)$`)

// serve starts the command on a free port and waits for its line.
func serve(t *testing.T, data string, args ...string) *process {
	t.Helper()
	p := &process{t: t, done: make(chan struct{})}
	p.cmd = exec.Command(binary, append([]string{"serve", "--listen", "127.0.0.1:0", "--data", data}, args...)...)
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = p
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill() })
	watch := time.AfterFunc(patience, func() { p.cmd.Process.Kill() })
	defer watch.Stop()
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() {
		p.cmd.Wait()
		t.Fatalf("it did not start: %s", p.log())
	}
	found := addressLine.FindStringSubmatch(lines.Text())
	if found == nil {
		t.Fatalf("it says %q", lines.Text())
	}
	p.url = found[1]
	go func() {
		defer close(p.done)
		io.Copy(io.Discard, stdout)
	}()
	return p
}

// end sends a signal and returns the exit status, -1 if a signal ended it.
func (p *process) end(sig syscall.Signal) int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
	return p.wait()
}

func (p *process) wait() int {
	p.t.Helper()
	watch := time.AfterFunc(patience, func() { p.cmd.Process.Kill() })
	defer watch.Stop()
	<-p.done
	err := p.cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return 0
}

var plain = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func (p *process) get(path string, accept string) (int, string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Accept", accept)
	resp, err := plain.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// open connects to a document and waits until it is synced.
func (p *process) open(name string) (*client.Client, *update.Doc) {
	p.t.Helper()
	doc := update.NewDoc()
	c, err := client.New("ws"+strings.TrimPrefix(p.url, "http"), name, doc, client.Options{HTTPClient: plain})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { c.Close() })
	if err := c.Connect(); err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	if err := c.WaitSynced(ctx); err != nil {
		p.t.Fatal(err)
	}
	return c, doc
}

// put stores text in a document, by way of one client, and makes sure that the
// server has it, by way of another.
func (p *process) put(name, text string) []byte {
	p.t.Helper()
	u := coretest.Typing(7, 0, nil, text)
	c, _ := p.open(name)
	defer c.Close()
	if err := c.Update(bytes.Clone(u)); err != nil {
		p.t.Fatal(err)
	}
	p.eventually("the update arrives", func() bool {
		c, doc := p.open(name)
		c.Close()
		return len(doc.StateVector()) > 1
	})
	return u
}

// eventually waits for what another process does without telling.
func (p *process) eventually(what string, condition func() bool) {
	p.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			p.t.Fatalf("never: %s; log:\n%s", what, p.log())
		}
	}
}

func TestServeKeepsDocumentsOverARestart(t *testing.T) {
	for _, tc := range []struct {
		name   string
		signal syscall.Signal
		status int
		args   []string
	}{
		{"SIGTERM", syscall.SIGTERM, 0, nil},
		{"SIGINT", syscall.SIGINT, 0, []string{"--sync", "always", "--compression", "--log", "json"}},
		{"SIGKILL", syscall.SIGKILL, -1, []string{"--sync", "always", "--idle", "1ms"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "made", "if-missing")
			p := serve(t, data, tc.args...)
			if status, body := p.get("/_weft/readyz", "*/*"); status != 200 {
				t.Fatalf("readyz: %d %s", status, body)
			}
			want := p.put("notes", "kept over the restart")
			if tc.signal == syscall.SIGKILL {
				// A document leaves the memory when all of it is saved.
				p.eventually("the document is unloaded", func() bool {
					_, body := p.get("/_weft/readyz", "*/*")
					return strings.Contains(body, `"rooms":0`)
				})
			}
			if status := p.end(tc.signal); status != tc.status {
				t.Fatalf("exit status %d, want %d; log:\n%s", status, tc.status, p.log())
			}
			if tc.status == 0 && !strings.Contains(p.log(), "shutting down") {
				t.Errorf("log:\n%s", p.log())
			}

			p = serve(t, data)
			c, doc := p.open("notes")
			c.Close() // the document is ours again
			if d := coretest.Difference(doc.Encode(), want); d != "" {
				t.Error(d)
			}
			if status := p.end(syscall.SIGTERM); status != 0 {
				t.Errorf("exit status %d; log:\n%s", status, p.log())
			}
		})
	}
}

func TestServePage(t *testing.T) {
	p := serve(t, t.TempDir())
	status, body := p.get("/team/notes", "text/html")
	if page.Built() {
		if status != 200 || !strings.Contains(body, "<!doctype html>") {
			t.Errorf("the page: %d %q", status, body)
		}
		if status, body := p.get("/_weft/page.js", "*/*"); status != 200 || len(body) < 1000 {
			t.Errorf("its script: %d, %d bytes", status, len(body))
		}
	} else if status != 426 || !strings.Contains(p.log(), "the page is not built") {
		t.Errorf("without a page: %d %q; log:\n%s", status, body, p.log())
	}
	p.end(syscall.SIGTERM)

	p = serve(t, t.TempDir(), "--no-page")
	if status, _ := p.get("/notes", "text/html"); status != 426 {
		t.Errorf("--no-page: %d", status)
	}
	p.end(syscall.SIGTERM)
}

func TestServeSettings(t *testing.T) {
	p := serve(t, t.TempDir(), "--ids", "elva", "--origin", "https://a.example", "--origin", "https://b.example")
	p.open("long-enough-id")
	for _, tc := range []struct {
		path, origin string
		status       int
	}{
		{"/short", "", 403},
		{"/long-enough-id", "https://c.example", 403},
		{"/long-enough-id", "https://a.example", 101},
		{"/long-enough-id", "https://b.example", 101},
	} {
		r, _ := http.NewRequest(http.MethodGet, p.url+tc.path, nil)
		r.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}
		if tc.origin != "" {
			r.Header.Set("Origin", tc.origin)
		}
		resp, err := plain.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != tc.status {
			t.Errorf("%s from %q: %d, want %d", tc.path, tc.origin, resp.StatusCode, tc.status)
		}
	}
	p.end(syscall.SIGTERM)
}

func TestServeThatCannotStart(t *testing.T) {
	data := t.TempDir()
	p := serve(t, data)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name   string
		args   []string
		status int
		says   string
	}{
		{"the port is taken", []string{"--listen", l.Addr().String(), "--data", t.TempDir()}, 1, "address already in use"},
		{"the data is in use", []string{"--listen", "127.0.0.1:0", "--data", data}, 1, data},
		{"the data is a file", []string{"--listen", "127.0.0.1:0", "--data", file}, 1, file},
		{"no origin", []string{"--listen", "127.0.0.1:0", "--data", t.TempDir(), "--origin", "https://x/y"}, 2, "not an origin"},
		{"no address", []string{"--listen", "nonsense", "--data", t.TempDir()}, 1, "nonsense"},
	} {
		got := weft(t, "", append([]string{"serve"}, tc.args...)...)
		if got.status != tc.status || !strings.Contains(got.err, tc.says) {
			t.Errorf("%s: status %d and %q, want %d and %q", tc.name, got.status, got.err, tc.status, tc.says)
		}
	}
	p.end(syscall.SIGTERM)
}

func TestServeExitsAtOnceAtTheSecondSignal(t *testing.T) {
	p := serve(t, t.TempDir(), "--shutdown-timeout", "1h")
	// A request that does not end keeps the first signal's exit waiting.
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.eventually("it is stopping", func() bool { return strings.Contains(p.log(), "shutting down") })
	// The timeout is an hour, so that it ends now is the second signal's doing.
	if status := p.end(syscall.SIGTERM); status != 0 {
		t.Errorf("exit status %d, want 0: nothing was left to store; log:\n%s", status, p.log())
	}
}

// TestServeModes checks that a server which stores nothing has no use for a
// directory.
func TestServeModes(t *testing.T) {
	for _, args := range [][]string{{"--mode", "memory"}, {"--mode", "broadcast"}, {"--mode", "broadcast", "--mode", "notes/*=memory"}} {
		data := filepath.Join(t.TempDir(), "data")
		p := serve(t, data, args...)
		p.end(syscall.SIGTERM)
		if _, err := os.Stat(data); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v: it made the directory: %v", args, err)
		}
	}
	data := filepath.Join(t.TempDir(), "data")
	p := serve(t, data, "--mode", "memory", "--mode", "notes/*=store")
	p.end(syscall.SIGTERM)
	if _, err := os.Stat(data); err != nil {
		t.Error(err)
	}
}
