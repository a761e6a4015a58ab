package main_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/update"
)

// binary is the command under test, built once.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "weft-test")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "weft")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(status int) {
		os.RemoveAll(dir)
		os.Exit(status)
	}))
}

type result struct {
	status   int
	out, err string
}

// weft runs the command.
func weft(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return result{exit.ExitCode(), out.String(), errs.String()}
	}
	if err != nil {
		t.Fatal(err)
	}
	return result{0, out.String(), errs.String()}
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// sample are updates of two clients.
func sample() [][]byte {
	return [][]byte{
		coretest.Typing(7, 0, nil, "hello"),
		coretest.Typing(7, 5, &coretest.ID{Client: 7, Clock: 4}, " world"),
		coretest.Typing(9, 0, &coretest.ID{Client: 7, Clock: 2}, "é😀"),
		coretest.Deleting(coretest.ID{Client: 7, Clock: 1}, 3),
	}
}

func lines(updates [][]byte) string {
	var s strings.Builder
	for _, u := range updates {
		s.WriteString(b64(u) + "\n")
	}
	return s.String()
}

func files(t *testing.T, updates [][]byte) []string {
	t.Helper()
	dir := t.TempDir()
	names := make([]string, len(updates))
	for i, u := range updates {
		names[i] = filepath.Join(dir, fmt.Sprintf("%d.bin", i))
		if err := os.WriteFile(names[i], u, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

func TestUpdateMerge(t *testing.T) {
	merged, err := update.Merge(sample()...)
	if err != nil {
		t.Fatal(err)
	}
	want := result{0, b64(merged) + "\n", ""}
	if got := weft(t, lines(sample()), "update", "merge"); got != want {
		t.Errorf("lines: %+v, want %+v", got, want)
	}
	spaced := "\n  " + strings.ReplaceAll(lines(sample()), "\n", " \r\n\n")
	if got := weft(t, spaced, "update", "merge"); got != want {
		t.Errorf("lines between empty ones: %+v", got)
	}
	if got := weft(t, strings.TrimSuffix(lines(sample()), "\n"), "update", "merge"); got != want {
		t.Errorf("last line without an end: %+v", got)
	}
	names := files(t, sample())
	if got := weft(t, "not read", append([]string{"update", "merge"}, names...)...); got != want {
		t.Errorf("files: %+v", got)
	}
	want.out = string(merged)
	if got := weft(t, "", append([]string{"update", "merge", "--raw"}, names...)...); got != want {
		t.Errorf("raw: %+v", got)
	}
	if got := weft(t, "\n", "update", "merge"); got.status != 3 || !strings.Contains(got.err, "no update") {
		t.Errorf("nothing: %+v", got)
	}
}

func TestUpdateDiffAndSV(t *testing.T) {
	var diffs, vectors strings.Builder
	known := update.StateVector{7: 3}.Append(nil)
	for _, u := range sample() {
		d, err := update.Diff(u, known)
		if err != nil {
			t.Fatal(err)
		}
		sv, err := update.StateVectorOf(u)
		if err != nil {
			t.Fatal(err)
		}
		diffs.WriteString(b64(d) + "\n")
		vectors.WriteString(b64(sv) + "\n")
	}
	if got := weft(t, lines(sample()), "update", "diff", "--sv", b64(known)); got != (result{0, diffs.String(), ""}) {
		t.Errorf("diff: %+v, want %q", got, diffs.String())
	}
	if got := weft(t, lines(sample()), "update", "sv"); got != (result{0, vectors.String(), ""}) {
		t.Errorf("sv: %+v, want %q", got, vectors.String())
	}
	one := files(t, sample()[:1])
	sv, _ := update.StateVectorOf(sample()[0])
	if got := weft(t, "", "update", "sv", "--raw", one[0]); got != (result{0, string(sv), ""}) {
		t.Errorf("sv --raw: %+v", got)
	}
}

func TestUpdateInspect(t *testing.T) {
	got := weft(t, lines(sample()), "update", "inspect")
	want := `line 1: 22 bytes
  client 7
           0 +5      String   in "text"  "hello"
  1 structs, 0 delete ranges
line 2: 17 bytes
  client 7
           5 +6      String   after 7/4  " world"
  1 structs, 0 delete ranges
line 3: 17 bytes
  client 9
           0 +3      String   after 7/2  "é😀"
  1 structs, 0 delete ranges
line 4: 6 bytes
  deletes
    7/1 +3
  0 structs, 1 delete ranges
`
	for i, u := range sample() { // the sizes are not what this is about
		head := fmt.Sprintf("line %d: ", i+1)
		from := strings.Index(want, head) + len(head)
		want = want[:from] + fmt.Sprint(len(u)) + want[from+strings.Index(want[from:], " "):]
	}
	if got != (result{0, want, ""}) {
		t.Errorf("got status %d, errors %q and\n%s\nwant\n%s", got.status, got.err, got.out, want)
	}

	got = weft(t, lines(sample()), "update", "inspect", "--json")
	var read []string
	for line := range strings.Lines(got.out) {
		var v struct {
			Update, Type, Kind string
			Client, Clock, Len uint64
		}
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		read = append(read, fmt.Sprint(v.Update, " ", v.Type, " ", v.Kind, " ", v.Client, "/", v.Clock, " +", v.Len))
	}
	if all := strings.Join(read, "; "); got.status != 0 || all != "line 1 struct String 7/0 +5; line 2 struct String 7/5 +6; "+
		"line 3 struct String 9/0 +3; line 4 delete  7/1 +3" {
		t.Errorf("--json: status %d, %s", got.status, all)
	}
}

func TestUpdateInspectPrintsEveryKind(t *testing.T) {
	// Client 1, from clock 0: one struct of each kind, in the root map "m".
	u := []byte{1, 11, 1, 0}
	add := func(info byte, content ...byte) {
		u = append(u, info)
		if info != 0 && info != 10 {
			u = append(u, 1, 1, 'm') // the parent is a root type
		}
		u = append(u, content...)
	}
	add(0, 2)                                                           // GC
	add(1, 3)                                                           // Deleted
	add(2, 2, 1, '1', 9, 'u', 'n', 'd', 'e', 'f', 'i', 'n', 'e', 'd')   // JSON
	add(3, 2, 0xca, 0xfe)                                               // Binary
	add(4, 2, 'h', 'i')                                                 // String
	add(5, 4, 'n', 'u', 'l', 'l')                                       // Embed
	add(6, 1, 'b', 4, 't', 'r', 'u', 'e')                               // Format
	add(7, 3, 1, 'p')                                                   // Type
	add(8, 4, 125, 0x41, 118, 1, 1, 'k', 117, 1, 126, 119, 1, 'x', 127) // Any
	add(9, 2, 'i', 'd', 118, 0)                                         // Doc
	add(10, 5)                                                          // Skip
	u = append(u, 0)
	got := weft(t, b64(u), "update", "inspect")
	clock := 0
	for _, want := range []struct {
		kind string
		len  int
	}{{"GC", 2}, {"Deleted", 3}, {"JSON", 2}, {"Binary", 1}, {"String", 2}, {"Embed", 1}, {"Format", 1}, {"Type", 1}, {"Any", 4}, {"Doc", 1}, {"Skip", 5}} {
		if line := fmt.Sprintf("%8d +%-6d %-8s", clock, want.len, want.kind); !strings.Contains(got.out, line) {
			t.Errorf("no line %q in\n%s", line, got.out)
		}
		clock += want.len
	}
	if got.status != 0 || !strings.Contains(got.out, "11 structs, 0 delete ranges") {
		t.Errorf("status %d, errors %q\n%s", got.status, got.err, got.out)
	}
}

func TestUpdateErrorsNameTheirSource(t *testing.T) {
	good := lines(sample()[:2])
	bad := files(t, [][]byte{sample()[0], {1, 2, 3}})
	for _, tc := range []struct {
		stdin  string
		args   []string
		status int
		says   string
	}{
		{good + "%%%\n", []string{"update", "merge"}, 3, "line 3: illegal base64"},
		{good + "\nAQID\n", []string{"update", "merge"}, 3, "line 4: lib0: "},
		{good + "AQID\n", []string{"update", "sv"}, 3, "line 3: lib0: "},
		{good + "AQID\n", []string{"update", "diff", "--sv", "AA=="}, 3, "line 3: lib0: "},
		{good + "AQID\n", []string{"update", "inspect"}, 3, "line 3: lib0: "},
		{good + "AQID\n", []string{"update", "inspect", "--json"}, 3, "line 3: lib0: "},
		{"", append([]string{"update", "merge"}, bad...), 3, bad[1] + ": lib0: "},
		{"", []string{"update", "merge", "no-such-file.bin"}, 2, "no-such-file.bin: no such file"},
		{good, []string{"update", "diff", "--sv", "!"}, 3, "--sv: illegal base64"},
		{good, []string{"update", "diff", "--sv", "/w=="}, 3, "--sv: lib0: "},
		{good, []string{"update", "diff"}, 2, "--sv"},
		{good, []string{"update", "view"}, 2, "say what to print"},
		{good + "AQID\n", []string{"update", "view", "--text", "t"}, 3, "line 3: lib0: "},
		{good + "AQID\n", []string{"update", "state"}, 3, "line 3: lib0: "},
		{good, []string{"update", "state", "--since", "/w=="}, 3, "--since: lib0: "},
		{"", []string{"update"}, 2, "expected one of"},
		{"", []string{"nonsense"}, 2, "unexpected argument nonsense"},
		{"", []string{"serve", "--nonsense"}, 2, "unknown flag --nonsense"},
		{"", []string{"serve", "--ids", "x"}, 2, "--ids"},
		{"", []string{"serve", "--sync", "x"}, 2, "sync must be never or always"},
		{"", []string{"serve", "--read-limit", "much"}, 2, "--read-limit"},
		{"", []string{"serve", "--htpasswd", "no-such-file"}, 2, "htpasswd"},
		{"", []string{"serve", "--mode", "disk"}, 2, "--mode disk: a mode is one of store, memory, broadcast"},
		{"", []string{"serve", "--mode", "a=b=disk"}, 2, "a mode is one of"},
		{"", []string{"relay"}, 2, "--upstream"},
		{"", []string{"relay", "--listen", "127.0.0.1:0", "--upstream", "http://x"}, 2, "not ws or wss"},
		{"", []string{"relay", "--upstream", "ws://x", "--password", "a", "--password-file", "b"}, 2, "two passwords"},
	} {
		got := weft(t, tc.stdin, tc.args...)
		if got.status != tc.status || !strings.Contains(got.err, tc.says) {
			t.Errorf("%q: status %d and %q, want %d and %q", tc.args, got.status, got.err, tc.status, tc.says)
		}
	}
}

func TestHelp(t *testing.T) {
	for _, command := range []string{"", "serve", "relay", "update", "update merge", "update diff", "update sv", "update inspect", "update convert", "update state", "update snapshot", "update view", "version"} {
		got := weft(t, "", append(strings.Fields(command), "--help")...)
		if got.status != 0 || got.err != "" || !strings.Contains(got.out, "Exit statuses:") {
			t.Errorf("%q: status %d, errors %q, help %q", command, got.status, got.err, got.out)
		}
		if command != "" && !strings.Contains(got.out, "Example") {
			t.Errorf("%q: no example", command)
		}
		if strings.Contains(got.out, "\x1b") {
			t.Errorf("%q: colours in what is no terminal", command)
		}
	}
	if got := weft(t, "", "version"); got.status != 0 || !strings.HasPrefix(got.out, "weft ") {
		t.Errorf("version: %+v", got)
	}
	if got := weft(t, ""); got.status != 0 || !strings.Contains(got.out, "Usage: weft") {
		t.Errorf("no arguments: %+v", got)
	}
}
