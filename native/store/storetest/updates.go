package storetest

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
)

// Updates in Yjs's update format, version 1 (yjs@13.6.33/src/utils/encoding.js),
// of one client that types ASCII into the text "t".

// typed is an update that inserts text after what the client has typed before,
// which was clock characters. It carries the ids from clock up to
// clock+len(text). It also deletes ranges of the client's own characters, given
// as start and length.
func typed(client, clock uint64, text string, deletes ...[2]uint64) []byte {
	const contentString, hasOrigin = 4, 1 << 7
	b := make([]byte, 0, len(text)+64)
	if text == "" {
		b = append(b, 0) // clients
	} else {
		b = append(b, 1, 1) // clients, structs
		b = binary.AppendUvarint(b, client)
		b = binary.AppendUvarint(b, clock)
		if clock == 0 {
			b = append(b, contentString, 1, 1, 't') // parent is a root type, by name
		} else {
			b = append(b, contentString|hasOrigin)
			b = binary.AppendUvarint(b, client)
			b = binary.AppendUvarint(b, clock-1)
		}
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	if len(deletes) == 0 {
		return append(b, 0) // clients
	}
	b = append(b, 1) // clients
	b = binary.AppendUvarint(b, client)
	b = binary.AppendUvarint(b, uint64(len(deletes)))
	for _, d := range deletes {
		b = binary.AppendUvarint(b, d[0])
		b = binary.AppendUvarint(b, d[1])
	}
	return b
}

// letters is a text of n characters that does not compress well and is the same
// for the same seed.
func letters(n int, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 1))
	var b strings.Builder
	b.Grow(n + 8)
	for b.Len() < n {
		v := r.Uint64()
		for range 8 {
			b.WriteByte(' ' + byte(v)%95)
			v >>= 8
		}
	}
	return b.String()[:n]
}

// typist types into one document.
type typist struct {
	client uint64
	text   string
}

// types returns the update for more text.
func (y *typist) types(text string) []byte {
	u := typed(y.client, uint64(len(y.text)), text)
	y.text += text
	return u
}

// snapshot is one update for all that was typed.
func (y *typist) snapshot() []byte { return typed(y.client, 0, y.text) }

// updates returns n updates of some characters each.
func (y *typist) updates(n int) [][]byte {
	list := make([][]byte, n)
	for i := range list {
		list[i] = y.types(letters(1+i%7, uint64(len(y.text))))
	}
	return list
}
