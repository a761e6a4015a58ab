package server

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/native/badgerstore"
	"github.com/weft-sync/weft/native/wsconn"
)

// The server under load is a process of its own, so that its memory and its CPU
// time are its own.

const childEnv = "WEFT_TEST_SERVER_DIR"

// TestServerProcess is the child: it serves until its standard input ends.
func TestServerProcess(t *testing.T) {
	dir := os.Getenv(childEnv)
	if dir == "" {
		t.Skip("is started by the tests that measure a server")
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	st, err := badgerstore.Options{Logger: log}.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Store: st, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: s}
	go srv.Serve(l)
	fmt.Println("listening on", l.Addr())
	bufio.NewReader(os.Stdin).ReadString('\n')
	srv.Close()
	if err := errors.Join(s.Shutdown(t.Context()), st.Close()); err != nil {
		t.Fatal(err)
	}
}

type child struct {
	t    testing.TB
	addr string
	pid  int
}

func startChild(t testing.TB) *child {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc, so it needs Linux")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestServerProcess$")
	cmd.Env = append(os.Environ(), childEnv+"="+t.TempDir())
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, pid: cmd.Process.Pid}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if addr, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			c.addr = addr
			break
		}
	}
	if c.addr == "" {
		t.Fatal("the server did not start")
	}
	t.Cleanup(func() {
		stdin.Close()
		for lines.Scan() {
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server: %v", err)
		}
	})
	return c
}

// rss returns the child's resident memory in bytes.
func (c *child) rss() int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.pid))
	if err != nil {
		c.t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmRSS:" {
			kb, _ := strconv.Atoi(f[1])
			return kb << 10
		}
	}
	c.t.Fatal("no VmRSS")
	return 0
}

// cpu returns the CPU time that the child has used: its own code's and the
// kernel's, in ticks of 10 ms.
func (c *child) cpu() (user, system time.Duration) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.pid))
	if err != nil {
		c.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	f := strings.Fields(rest)
	u, _ := strconv.Atoi(f[11])
	s, _ := strconv.Atoi(f[12])
	return time.Duration(u) * 10 * time.Millisecond, time.Duration(s) * 10 * time.Millisecond
}

func (c *child) dial(name string) *wsconn.Conn {
	c.t.Helper()
	conn, err := wsconn.Dial(c.t.Context(), "ws://"+c.addr+"/"+name, wsconn.Options{Client: noKeepAlive})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(conn.Abort)
	return conn
}

// TestMemoryOfIdleConnections: 1000 members over 500 documents that all have
// been written to, everything included: sockets, goroutines, rooms, documents,
// the store's handles.
func TestMemoryOfIdleConnections(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: opens a thousand connections, and memory under the race detector says nothing")
	}
	const connections, rooms = 1000, 500
	c := startChild(t)
	join := func(i int, name string) net.Conn {
		conn, err := net.Dial("tcp", c.addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		fmt.Fprintf(conn, "GET /%s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nUser-Agent: a browser's user agent is about this long, or longer\r\n\r\n", name, c.addr)
		r := bufio.NewReader(conn)
		if _, err := http.ReadResponse(r, nil); err != nil {
			t.Fatal(err)
		}
		for _, m := range []codec.Message{
			{Kind: codec.SyncStep1, Payload: []byte{0}},
			{Kind: codec.SyncUpdate, Payload: coretest.Typing(uint64(i+1), 0, nil, "hello")},
			{Kind: codec.Awareness, Payload: presence(uint64(i + 1))},
		} {
			f := codec.AppendY(nil, m)
			if _, err := conn.Write(append([]byte{0x82, 0x80 | byte(len(f)), 0, 0, 0, 0}, f...)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := r.Peek(2); err != nil { // the answer
			t.Fatal(err)
		}
		return conn
	}
	for i := range 20 { // so that what is there once is there
		join(i, "warm-up")
	}
	before := c.rss()
	for i := range connections {
		join(100+i, fmt.Sprint("doc-", i%rooms))
	}
	per := float64(c.rss()-before) / connections / 1024
	t.Logf("%.1f KB of resident memory per idle connection (%d over %d rooms; before: %.1f MB)",
		per, connections, rooms, float64(before)/(1<<20))
	if per > 30 {
		t.Error("more than 30 KB")
	}
}

// presence is an awareness update with a name and a colour.
func presence(client uint64) []byte {
	state := `{"user":{"name":"Somebody","color":"#30bced"}}`
	b := append([]byte{1}, codecUint(client)...)
	b = append(b, 1, byte(len(state)))
	return append(b, state...)
}

func codecUint(v uint64) (b []byte) {
	for ; v >= 0x80; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v))
}

// typist sends small updates, each a letter behind the one before.
type typist struct {
	conn   *wsconn.Conn
	client uint64
	clock  uint64
}

func (w *typist) frames(n int) [][]byte {
	frames := make([][]byte, n)
	for i := range frames {
		var after *coretest.ID
		if w.clock > 0 {
			after = &coretest.ID{Client: w.client, Clock: w.clock - 1}
		}
		frames[i] = codec.AppendY(nil, codec.Message{Kind: codec.SyncUpdate, Payload: coretest.Typing(w.client, w.clock, after, "x")})
		w.clock++
	}
	return frames
}

// receive reads frames until the connection ends, and calls got with the number
// of letters in each.
func receive(conn *wsconn.Conn, got func(n int)) {
	for {
		frame, err := conn.Read()
		if err != nil {
			return
		}
		m, err := codec.DecodeY(frame)
		if err != nil || m.Kind != codec.SyncUpdate {
			continue
		}
		structs, _, err := update.Contents(m.Payload)
		if err != nil {
			continue
		}
		n, _ := structs.Len()
		got(int(n))
	}
}

// BenchmarkFanOut: a room of 100 members in which 5 write 20 updates a second
// each. It reports the server's CPU time for each update delivered.
func BenchmarkFanOut(b *testing.B) {
	const members, writers, rate = 100, 5, 20
	c := startChild(b)
	var delivered atomic.Int64
	var wg sync.WaitGroup
	conns := make([]*wsconn.Conn, members)
	for i := range conns {
		conns[i] = c.dial("doc")
		if err := conns[i].Write([][]byte{codec.AppendY(nil, codec.Message{Kind: codec.SyncStep1, Payload: []byte{0}})}); err != nil {
			b.Fatal(err)
		}
		wg.Go(func() { receive(conns[i], func(n int) { delivered.Add(int64(n)) }) })
	}
	typists := make([]*typist, writers)
	for i := range typists {
		typists[i] = &typist{conn: conns[i], client: uint64(i + 1)}
	}
	user, system := c.cpu()
	sent := 0
	ticker := time.NewTicker(time.Second / rate / writers)
	for b.Loop() {
		<-ticker.C
		if err := typists[sent%writers].conn.Write(typists[sent%writers].frames(1)); err != nil {
			b.Fatal(err)
		}
		sent++
	}
	ticker.Stop()
	want := int64(sent) * (members - 1)
	eventually(b, "everything is delivered", func() bool { return delivered.Load() == want })
	u, s := c.cpu()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64((u-user).Microseconds())/float64(want), "user-µs/delivery")
	b.ReportMetric(float64((s-system).Microseconds())/float64(want), "kernel-µs/delivery")
	b.ReportMetric(float64(want), "deliveries")
	for _, conn := range conns {
		conn.Abort()
	}
	wg.Wait()
}

// BenchmarkSaturation: 4 rooms of 2, in each of which one writes with 64 updates
// outstanding. It reports the server's CPU time for each update carried.
func BenchmarkSaturation(b *testing.B) {
	const rooms, outstanding = 4, 64
	c := startChild(b)
	var (
		wg       sync.WaitGroup
		carried  atomic.Int64
		progress = make(chan struct{}, 1) // carried has grown
		conns    []*wsconn.Conn
		stop     atomic.Bool
	)
	user, system := c.cpu()
	start := time.Now()
	for i := range rooms {
		w := &typist{conn: c.dial(fmt.Sprint("doc-", i)), client: uint64(i + 1)}
		r := c.dial(fmt.Sprint("doc-", i))
		conns = append(conns, w.conn, r)
		hello := codec.AppendY(nil, codec.Message{Kind: codec.SyncStep1, Payload: []byte{0}})
		for _, conn := range []*wsconn.Conn{w.conn, r} {
			if err := conn.Write([][]byte{hello}); err != nil {
				b.Fatal(err)
			}
			for answered := false; !answered; {
				frame, err := conn.Read()
				if err != nil {
					b.Fatal(err)
				}
				m, _ := codec.DecodeY(frame)
				answered = m.Kind == codec.SyncStep1
			}
		}
		free := make(chan int, outstanding)
		free <- outstanding
		wg.Go(func() {
			defer close(free)
			receive(r, func(n int) {
				carried.Add(int64(n))
				select {
				case progress <- struct{}{}:
				default: // the benchmark has not looked since the last one
				}
				free <- n
			})
		})
		wg.Go(func() { receive(w.conn, func(int) {}) })
		wg.Go(func() {
			for n := range free {
				if !stop.Load() {
					w.conn.Write(w.frames(n))
				}
			}
		})
	}
	next := int64(0)
	for b.Loop() {
		next++
		for carried.Load() < next*1000 {
			<-progress
		}
	}
	stop.Store(true)
	n := float64(carried.Load())
	u, s := c.cpu()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64((u-user).Microseconds())/n, "user-µs/update")
	b.ReportMetric(float64((s-system).Microseconds())/n, "kernel-µs/update")
	b.ReportMetric(n/time.Since(start).Seconds(), "updates/s")
	for _, conn := range conns {
		conn.Abort()
	}
	wg.Wait()
}
