package lib0

import (
	"bytes"
	"testing"
)

func BenchmarkReaderUint(b *testing.B) {
	for _, c := range []struct {
		name string
		v    uint64
	}{{"1byte", 77}, {"2bytes", 7777}, {"5bytes", 3_204_182_912}} {
		wire := bytes.Repeat(AppendUint(nil, c.v), 1000)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(wire)))
			for b.Loop() {
				r := NewReader(wire)
				for r.Len() > 0 {
					r.Uint("n")
				}
			}
		})
	}
}

func BenchmarkCountUTF16(b *testing.B) {
	for _, c := range []struct{ name, s string }{{"ascii", "The quick brown fox. "}, {"mixed", "naïve façade, 漢字 😀 "}} {
		s := bytes.Repeat([]byte(c.s), 100)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				CountUTF16(s)
			}
		})
	}
}

func BenchmarkValidJSON(b *testing.B) {
	s := []byte(`{"user":{"name":"Ann","color":"#ff8800"},"cursor":{"anchor":[1,22,333],"head":-1.5e3}}`)
	b.ReportAllocs()
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		if !ValidJSON(s) {
			b.Fatal()
		}
	}
}
