package engine

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// work is what users do to a document that begins with a text: [position, deleted,
// inserted] of the text, ["a", position, deleted, values] of an array, or ["m", key,
// value] of a map.
type work struct {
	Start string    `json:"start,omitempty"`
	Users [][][]any `json:"users"`
}

// traceFile is the recorded session that is replayed.
const traceFile = "automerge-paper.json.gz"

// recorded returns the session in a folder, one operation for each keystroke.
func recorded(folder string) (work, error) {
	f, err := os.Open(filepath.Join(folder, traceFile))
	if err != nil {
		return work{}, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return work{}, err
	}
	var session struct {
		StartContent string
		Txns         []struct{ Patches [][]any }
	}
	if err := json.NewDecoder(z).Decode(&session); err != nil {
		return work{}, err
	}
	w := work{Start: session.StartContent, Users: make([][][]any, 1)}
	for _, t := range session.Txns {
		w.Users[0] = append(w.Users[0], t.Patches...)
	}
	return w, nil
}

// typed returns a session as long as the recorded one, made from a seed: somebody
// types, goes elsewhere, deletes.
func typed() work {
	r := rand.New(rand.NewPCG(1, 0))
	var ops [][]any
	for at, n := 0, 0; len(ops) < 259_778; {
		switch p := r.IntN(100); {
		case p < 2:
			at = r.IntN(n + 1)
		case p < 30 && at > 0:
			at, n = at-1, n-1
			ops = append(ops, []any{at, 1, ""})
		default:
			ops = append(ops, []any{at, 0, string(rune('a' + r.IntN(26)))})
			at, n = at+1, n+1
		}
	}
	return work{Users: [][][]any{ops}}
}

// large returns random edits in a document of length characters.
func large(length, edits int) work {
	r := rand.New(rand.NewPCG(3, 0))
	ops := [][]any{}
	for range edits {
		ops = append(ops, []any{r.IntN(length / 2), r.IntN(2), "x"})
	}
	return work{Start: strings.Repeat("0123456789", length/10), Users: [][][]any{ops}}
}

// pattern is one of the benchmarks of dmonad/crdt-benchmarks.
type pattern struct {
	name, what string
	work       work
}

// maker makes operations from a seed.
type maker struct{ *rand.Rand }

func (r maker) letters(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + r.IntN(26))
	}
	return string(b)
}

func (r maker) letter() string { return r.letters(1) }
func (r maker) word() string   { return r.letters(3 + r.IntN(7)) }

// insert puts n texts at random positions of a text that has length units.
func (r maker) insert(n, length int, text func() string) (ops [][]any) {
	for range n {
		s := text()
		ops = append(ops, []any{r.IntN(length + 1), 0, s})
		length += len(s)
	}
	return ops
}

// mixed inserts words and deletes at random.
func (r maker) mixed(n, length int) (ops [][]any) {
	for range n {
		if length > 10 && r.IntN(2) == 0 {
			k := 1 + r.IntN(9)
			ops = append(ops, []any{r.IntN(length - 9), k, ""})
			length -= k
			continue
		}
		s := r.word()
		ops = append(ops, []any{r.IntN(length + 1), 0, s})
		length += len(s)
	}
	return ops
}

// patterns returns B1 to B3 with n operations, made from a seed.
func patterns(n int) []pattern {
	r := maker{rand.New(rand.NewPCG(2, 0))}
	one := func(op func(i int) []any) work {
		ops := [][]any{}
		for i := range n {
			ops = append(ops, op(i))
		}
		return work{Users: [][][]any{ops}}
	}
	many := func(op func(i int) []any) work {
		var users [][][]any
		for i := range int(20 * math.Sqrt(float64(n))) {
			users = append(users, [][]any{op(i)})
		}
		return work{Users: users}
	}
	alone := func(ops ...[]any) work { return work{Users: [][][]any{ops}} }
	begin := r.letters(100) // what two users have before they part
	two := func(ops func() [][]any) work { return work{begin, [][][]any{ops(), ops()}} }
	numbers := make([]any, n)
	for i := range numbers {
		numbers[i] = i
	}
	return []pattern{
		{"b1.append", "append characters", one(func(i int) []any { return []any{i, 0, r.letter()} })},
		{"b1.string", "insert one long string", alone([]any{0, 0, r.letters(n)})},
		{"b1.prepend", "prepend characters", one(func(int) []any { return []any{0, 0, r.letter()} })},
		{"b1.random", "insert characters at random", alone(r.insert(n, 0, r.letter)...)},
		{"b1.words", "insert words at random", alone(r.insert(n, 0, r.word)...)},
		{"b1.replace", "insert a long string and delete it", alone([]any{0, 0, r.letters(n)}, []any{0, n, ""})},
		{"b1.mixed", "insert and delete at random", alone(r.mixed(n, 0)...)},
		{"b1.array.append", "append numbers to an array", one(func(i int) []any { return []any{"a", i, 0, []any{i}} })},
		{"b1.array.many", "insert an array of numbers", alone([]any{"a", 0, 0, numbers})},
		{"b1.array.prepend", "prepend numbers to an array", one(func(i int) []any { return []any{"a", 0, 0, []any{i}} })},
		{"b1.array.random", "insert numbers into an array at random", one(func(i int) []any { return []any{"a", r.IntN(i + 1), 0, []any{i}} })},
		{"b2.string", "two users insert a long string at one place", work{Users: [][][]any{{{0, 0, r.letters(n)}}, {{0, 0, r.letters(n)}}}}},
		{"b2.random", "two users insert characters at random", two(func() [][]any { return r.insert(n, len(begin), r.letter) })},
		{"b2.words", "two users insert words at random", two(func() [][]any { return r.insert(n, len(begin), r.word) })},
		{"b2.mixed", "two users insert and delete", two(func() [][]any { return r.mixed(n, len(begin)) })},
		{"b3.number", "20√N clients set a number in a map", many(func(i int) []any { return []any{"m", "v", i} })},
		{"b3.object", "20√N clients set an object in a map", many(func(i int) []any {
			return []any{"m", "v", map[string]any{"name": fmt.Sprint(i), "address": "here"}}
		})},
		{"b3.string", "20√N clients set a string in a map", many(func(i int) []any { return []any{"m", "v", strings.Repeat(fmt.Sprint(i), 10)} })},
		{"b3.array", "20√N clients insert into an array at one place", many(func(i int) []any { return []any{"a", 0, 0, []any{fmt.Sprint(i)}} })},
	}
}
