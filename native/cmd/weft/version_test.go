package main_test

import (
	"strings"
	"testing"

	"github.com/weft-sync/weft/core/update"
)

// sampleV2 is sample in version 2.
func sampleV2(t *testing.T) [][]byte {
	t.Helper()
	us := sample()
	for i := range us {
		v2, err := update.ConvertV1ToV2(us[i])
		if err != nil {
			t.Fatal(err)
		}
		us[i] = v2
	}
	return us
}

func TestUpdateConvert(t *testing.T) {
	v1, v2 := sample(), sampleV2(t)
	if got := weft(t, lines(v1), "update", "convert", "--to", "v2"); got != (result{0, lines(v2), ""}) {
		t.Errorf("to v2: %+v, want %q", got, lines(v2))
	}
	if got := weft(t, lines(v2), "update", "convert", "--to", "v1"); got != (result{0, lines(v1), ""}) {
		t.Errorf("to v1: %+v, want %q", got, lines(v1))
	}
	one := files(t, v1[:1])
	if got := weft(t, "", "update", "convert", "--to", "v2", "--raw", one[0]); got != (result{0, string(v2[0]), ""}) {
		t.Errorf("raw: %+v", got)
	}
	for _, args := range [][]string{{"--to", "v3"}, {}} {
		if got := weft(t, lines(v1), append([]string{"update", "convert"}, args...)...); got.status != 2 || !strings.Contains(got.err, "--to") {
			t.Errorf("%v: %+v", args, got)
		}
	}
}

func TestUpdateV2(t *testing.T) {
	us := sampleV2(t)
	merged, err := update.MergeV2(us...)
	if err != nil {
		t.Fatal(err)
	}
	known := update.StateVector{7: 3}.Append(nil)
	part, err := update.DiffV2(merged, known)
	if err != nil {
		t.Fatal(err)
	}
	sv, err := update.StateVectorOfV2(merged)
	if err != nil {
		t.Fatal(err)
	}
	whole := files(t, [][]byte{merged})[0]
	for _, tc := range []struct {
		stdin string
		args  []string
		want  string
	}{
		{lines(us), []string{"merge", "--v2"}, b64(merged) + "\n"},
		{lines(us), []string{"merge", "--v2", "--raw"}, string(merged)},
		{"", []string{"diff", "--v2", "--sv", b64(known), whole}, b64(part) + "\n"},
		{"", []string{"sv", "--v2", whole}, b64(sv) + "\n"},
	} {
		if got := weft(t, tc.stdin, append([]string{"update"}, tc.args...)...); got != (result{0, tc.want, ""}) {
			t.Errorf("%v: %+v, want %q", tc.args, got, tc.want)
		}
	}
	if got := weft(t, lines(us), "update", "inspect", "--v2"); got.status != 0 || !strings.Contains(got.out, `after 7/2  "é😀"`) {
		t.Errorf("inspect: %+v", got)
	}
	if got := weft(t, lines(us), "update", "inspect", "--v2", "--json"); got.status != 0 || strings.Count(got.out, "\n") != len(us) {
		t.Errorf("inspect --json: %+v", got)
	}
	// What is not of the version is malformed, and the message says where.
	for _, args := range [][]string{{"merge", "--v2"}, {"sv", "--v2"}, {"diff", "--v2", "--sv", "AA=="}, {"inspect", "--v2"}, {"convert", "--to", "v1"}} {
		if got := weft(t, lines(sample()), append([]string{"update"}, args...)...); got.status != 3 || !strings.Contains(got.err, "line 1: lib0: ") {
			t.Errorf("%v: %+v", args, got)
		}
	}
}
