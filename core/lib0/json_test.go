package lib0

import (
	"strings"
	"testing"
)

func TestValidJSON(t *testing.T) {
	valid := []string{
		`null`, `true`, `false`, `0`, `-0`, `1`, `-12.5e+10`, `1E5`, `0.0`, `""`, `"é😀"`, `"\"\\\/\b\f\n\r\t\u12aF"`, `"\ud800"`,
		`[]`, `[ ]`, `[1,[2],{}]`, `{}`, `{ }`, `{"a":1,"a":{"b":[null]}}`, " \t\r\n[ 1 , 2 ] \n", `{"":""}`, "\"\u007f\u2028\"",
		strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth),
	}
	for _, s := range valid {
		if !ValidJSON([]byte(s)) {
			t.Errorf("%.40q is refused", s)
		}
		if len(s) > 100 {
			continue
		}
		for n := range s { // a number may be cut and still be one
			if cut := s[:n]; ValidJSON([]byte(cut)) && !strings.ContainsAny(s[:1], "-0123456789 ") {
				t.Errorf("%q, cut from %q, is taken", cut, s)
			}
		}
		for _, tail := range []string{"x", "1", `"`, "]", "}", ",", "\x00", "\u00a0"} {
			if ValidJSON([]byte(s+tail)) && !strings.ContainsAny(s[len(s)-1:], "0123456789") {
				t.Errorf("%q is taken", s+tail)
			}
		}
	}
	for _, s := range []string{
		``, ` `, `nul`, `nulll`, `NaN`, `Infinity`, `undefined`, `'a'`, `01`, `-`, `+1`, `.5`, `1.`, `1e`, `1e+`, `0x1`, `--1`,
		`"`, `"\x"`, `"\u12"`, `"\u12g4"`, "\"\n\"", "\"\x00\"", "\"\xff\"", "\"\xed\xa0\x80\"",
		`[`, `[1`, `[1,`, `[1,]`, `[,]`, `[1 2]`, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{a:1}`, `{1:1}`, `{"a" 1}`, `{,}`, `]`,
		"\ufeff1", "\v1", `[1]]`, `1 2`,
		strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1),
		strings.Repeat("[", 1<<20), strings.Repeat(`{"a":`, 1<<20),
	} {
		if ValidJSON([]byte(s)) {
			t.Errorf("%.40q is taken", s)
		}
	}
}
