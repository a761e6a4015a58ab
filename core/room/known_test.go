package room

import "testing"

func TestWithOwn(t *testing.T) {
	for _, tt := range []struct {
		name  string
		known []byte
		own   [][]byte
		want  string
	}{
		{"from nothing", vector(), [][]byte{insert(7, 0, "abc")}, "{7:3}"},
		{"the next", vector(7, 3), [][]byte{insert(7, 3, "d")}, "{7:4}"},
		{"two in a row", vector(7, 3, 6, 1), [][]byte{insert(7, 3, "d"), insert(7, 4, "e")}, "{7:5 6:1}"},
		{"known already", vector(7, 9), [][]byte{insert(7, 3, "d")}, "{7:9}"},
		{"partly known", vector(7, 4), [][]byte{insert(7, 3, "de")}, "{7:5}"},
		{"past a gap", vector(7, 3), [][]byte{insert(7, 4, "e")}, "{7:3}"},
		{"only deletes", vector(7, 3), [][]byte{remove(7, 0, 1)}, "{7:3}"},
		{"no state vector", []byte{9}, [][]byte{insert(7, 0, "a")}, "lib0: clients at byte 0: truncated"},
		{"no update", vector(7, 3), [][]byte{{9}}, "{7:3}"},
	} {
		if got := describeVector(withOwn(tt.known, tt.own...)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}
