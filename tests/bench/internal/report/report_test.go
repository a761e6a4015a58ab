package report

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		in   []float64
		want float64
	}{
		{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 2, 3}, 2.5},
	} {
		if got := Median(tt.in); got != tt.want {
			t.Errorf("Median(%v) = %v, want %v", tt.in, got, tt.want)
		}
	}
}

func TestFinish(t *testing.T) {
	m := Metric{
		Rounds: []float64{1, 2, 30},
		Peers:  []Peer{{Name: "other", Rounds: []float64{10, 20, 60}}, {Name: "gone", NotRun: "not installed"}},
		Asked:  AtMost(0.1, "other"),
	}
	m.Finish()
	if m.Value != 2 || m.Peers[0].Value != 20 {
		t.Errorf("values %v and %v, want 2 and 20", m.Value, m.Peers[0].Value)
	}
	// The third round was slow for both; paired, the ratios are 0.1 0.1 0.5.
	if m.Peers[0].Ratio != 0.1 || m.Met == nil || !*m.Met {
		t.Errorf("ratio %v, met %v; want 0.1, met", m.Peers[0].Ratio, m.Met)
	}

	m.Asked, m.Met = AtLeast(3, ""), nil
	if m.Finish(); m.Met == nil || *m.Met {
		t.Errorf("2 counted as at least 3: %v", m.Met)
	}
	m.Asked, m.Met = AtMost(1, "gone"), nil
	if m.Finish(); m.Met != nil {
		t.Errorf("a ratio to a peer that was not run: met %v, want unknown", *m.Met)
	}
}

func TestFileRoundTrip(t *testing.T) {
	r := Report{Schema: Schema, Tier: "fast", Versions: map[string]string{"go": "go1.26"}, Metrics: []Metric{
		{ID: "a.b", Unit: "µs", Better: Lower, Value: 2, Rounds: []float64{1, 2, 3}, Asked: AtMost(0.5, "p"), Peers: []Peer{{Name: "p", Value: 8, Ratio: 0.25}}},
		{ID: "c.d", NotRun: "no Chromium"},
	}}
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "r.json")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Read(name)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(&r, got); d != "" {
		t.Error(d)
	}
	if err := os.WriteFile(name, bytes.Replace(b.Bytes(), []byte(Schema), []byte("other/1"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(name); err == nil {
		t.Error("a report of another schema was read")
	}
}

func TestCompare(t *testing.T) {
	steady := func(v float64) []float64 { return []float64{v * 0.99, v, v * 1.01, v, v * 0.995} }
	metric := func(id string, better Direction, v, peer float64) Metric {
		m := Metric{ID: id, Better: better, Rounds: steady(v)}
		if peer != 0 {
			m.Peers = []Peer{{Name: "p", Rounds: steady(peer)}}
		}
		m.Finish()
		return m
	}
	before := &Report{Metrics: []Metric{
		metric("faster", Lower, 10, 0), metric("slower", Lower, 10, 0), metric("more", Higher, 10, 0),
		metric("noise", Lower, 10, 0), metric("other machine", Lower, 10, 20), metric("lost", Lower, 10, 0),
		metric("removed", Lower, 10, 0), metric("information", Equal, 10, 0), {ID: "still not run", NotRun: "x"},
		{ID: "one round", Better: Lower, Value: 10, Rounds: []float64{10}},
		{ID: "bytes", Better: Lower, Value: 1000}, {ID: "lost updates", Better: Lower, Value: 0},
	}}
	lost := metric("lost", Lower, 1, 0)
	lost.NotRun = "no Chromium"
	after := &Report{Metrics: []Metric{
		metric("faster", Lower, 5, 0), metric("slower", Lower, 20, 0), metric("more", Higher, 20, 0),
		metric("noise", Lower, 10.05, 0), metric("other machine", Lower, 5, 10), lost,
		metric("information", Equal, 20, 0), {ID: "still not run", NotRun: "x"}, metric("added", Lower, 1, 0),
		{ID: "one round", Better: Lower, Value: 10.5, Rounds: []float64{10.5}},
		{ID: "bytes", Better: Lower, Value: 1020}, {ID: "lost updates", Better: Lower, Value: 1},
	}}
	want := map[string]Verdict{
		"faster": Better, "slower": Worse, "more": Better, "noise": Same, "other machine": Same,
		"lost": Gone, "removed": Gone, "information": Changed, "added": New,
		"one round": Same, "bytes": Worse, "lost updates": Worse,
	}
	got := map[string]Verdict{}
	for _, c := range Compare(before, after) {
		got[c.Metric] = c.Verdict
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	var b strings.Builder
	if !WriteChanges(&b, Compare(before, after)) {
		t.Error("a change for the worse was not reported")
	}
	if WriteChanges(&b, Compare(before, before)) {
		t.Error("a report compared with itself got worse")
	}
}

func TestNumbers(t *testing.T) {
	for _, tt := range []struct {
		v    float64
		want string
	}{
		{0, "0"}, {399_123, "399,123"}, {12, "12"}, {6.5123, "6.51"}, {1234.6, "1,235"}, {-1234567, "-1,234,567"},
	} {
		if got := number(tt.v); got != tt.want {
			t.Errorf("number(%v) = %q, want %q", tt.v, got, tt.want)
		}
	}
	for _, tt := range []struct {
		v    float64
		want string
	}{
		{0, "-"}, {0.5, "0.50"}, {0.01, "1/100"}, {2, "2.00"},
	} {
		if got := ratioText(tt.v); got != tt.want {
			t.Errorf("ratioText(%v) = %q, want %q", tt.v, got, tt.want)
		}
	}
}

// TestSchemaIsDocumented holds the README to naming every field of the JSON.
func TestSchemaIsDocumented(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{Report{}, Metric{}, Peer{}, Asked{}, Machine{}} {
		for f := range reflect.TypeOf(v).Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if !strings.Contains(string(readme), "`"+name+"`") {
				t.Errorf("%T: field %q is not in README.md", v, name)
			}
		}
	}
	if !strings.Contains(string(readme), Schema) {
		t.Errorf("README.md does not name the schema %s", Schema)
	}
}
