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

// BenchmarkColumns reads a value at a time, of columns like those of a document.
func BenchmarkColumns(b *testing.B) {
	const n = 1000
	var uints UintColumnWriter
	var diffs DiffColumnWriter
	var infos ByteColumnWriter
	var ascii, mixed StringColumnWriter
	for i := range uint64(n) {
		uints.Add(3_204_182_912 + i/20%2)
		diffs.Add(i + i%7*i%5)
		infos.Add(byte(0x84 + i/9%3))
		ascii.Add([]byte("word"[:1+i%4]), int(1+i%4))
		mixed.Add([]byte("aé😀"), 4)
	}
	read := func(name string, wire []byte, next func(r *Reader) func()) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := NewReader(wire)
				one := next(&r)
				for range n {
					one()
				}
				if r.Failed() {
					b.Fatal(r.Err())
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/value")
		})
	}
	read("uint", uints.AppendTo(nil), func(r *Reader) func() { c := r.UintColumn("n"); return func() { c.Next() } })
	read("diff", diffs.AppendTo(nil), func(r *Reader) func() { c := r.DiffColumn("n"); return func() { c.Next() } })
	read("byte", infos.AppendTo(nil), func(r *Reader) func() { c := r.ByteColumn("n"); return func() { c.Next() } })
	read("ascii", ascii.AppendTo(nil), func(r *Reader) func() { c := r.StringColumn("s"); return func() { c.Next() } })
	read("mixed", mixed.AppendTo(nil), func(r *Reader) func() { c := r.StringColumn("s"); return func() { c.Next() } })
}

func BenchmarkParseJSON(b *testing.B) {
	for _, c := range []struct{ name, text string }{
		{"true", `true`}, {"string", `"#ff8800"`}, {"number", `1234.5`},
		{"object", `{"user":{"name":"Ann","color":"#ff8800"},"cursor":{"anchor":[1,22,333],"head":-1.5e3}}`},
	} {
		text := []byte(c.text)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := ParseJSON(text); !ok {
					b.Fatal()
				}
			}
		})
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	v, _ := ParseJSON([]byte(`{"user":{"name":"Ann","color":"#ff8800"},"cursor":{"anchor":[1,22,333],"head":-1.5e3}}`))
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = AppendJSON(buf[:0], v)
	}
}
