package lib0

import (
	"bytes"
	"strings"
	"testing"
)

// What writeAny of npm lib0@0.2.120 writes for what JSON.parse returns.
func TestParseJSON(t *testing.T) {
	for _, c := range []struct{ text, wire string }{
		{`null`, "7e"},
		{` true `, "78"},
		{`false`, "79"},
		{`0`, "7d00"},
		{`-0`, "7d40"},
		{`1.0`, "7d01"},
		{`-12`, "7d4c"},
		{`1e3`, "7da80f"},
		{`2147483647`, "7dbfffffff0f"},
		{`2147483648`, "7c4f000000"},
		{`0.1`, "7b3fb999999999999a"},
		{`1.5`, "7c3fc00000"},
		{`1e400`, "7c7f800000"},
		{`-1e400`, "7cff800000"},
		{`1e-400`, "7d00"},
		{`123456789012345`, "7b42dc12218377de40"},
		{`1234567890123456789`, "7b43b12210f47de981"},
		{`9007199254740993`, "7c5a000000"},
		{`"a"`, "770161"},
		{`"\ud83d\ude00"`, "7704f09f9880"},
		{`"\ud83d"`, "7703efbfbd"},
		{`"\ude00\ud83dx"`, "7707efbfbdefbfbd78"},
		{`"\"\\\/\b\f\n\r\t\u00e9\u0000"`, "770b225c2f080c0a0d09c3a900"},
		{`[]`, "7500"},
		{`[1, [null] ,"x"]`, "75037d0175017e770178"},
		{`{}`, "7600"},
		{`{"b":1,"a":2}`, "760201627d0101617d02"},
		{`{"b":1,"2":0,"a":2,"10":1,"1":0}`, "760501317d0001327d000231307d0101627d0101617d02"},
		{`{"a":1,"b":2,"a":3}`, "760201617d0301627d02"},
		{`{"\ud800":1,"\ud801":2,"\ud800":3,"` + "\uFFFD" + `":4}`, "760303efbfbd7d0303efbfbd7d0203efbfbd7d04"},
		{`{"4294967295":1,"4294967294":2,"01":3,"-1":4,"1":5}`, "760501317d050a343239343936373239347d020a343239343936373239357d010230317d03022d317d04"},
		{`{"__proto__":{"x":1},"a":[{}]}`, "7602095f5f70726f746f5f5f760101787d01016175017600"},
		{
			`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"0":10,"a":11,"j":12,"0":13,"b":14}`,
			"760b01307d0d01617d0b01627d0e01637d0301647d0401657d0501667d0601677d0701687d0801697d09016a7d0c",
		},
	} {
		text := []byte(c.text)
		v, ok := ParseJSON(text)
		if got := AppendAny(nil, v); !ok || !bytes.Equal(got, unhex(t, c.wire)) {
			t.Errorf("%s: %x, %v; want %s", c.text, got, ok, c.wire)
		}
		if string(text) != c.text {
			t.Errorf("%s was changed", c.text)
		}
	}
	for _, text := range []string{``, `01`, `{"a":}`, `undefined`, strings.Repeat("[", MaxDepth+1)} {
		if _, ok := ParseJSON([]byte(text)); ok {
			t.Errorf("%.20s is taken", text)
		}
	}
}

// What JSON.stringify returns for what readAny of npm lib0@0.2.120 reads.
func TestAppendJSON(t *testing.T) {
	for _, c := range []struct{ wire, text string }{
		{"7e", `null`},
		{"78", `true`},
		{"79", `false`},
		{"7d00", `0`},
		{"7d40", `0`},
		{"7b444b1ae4d6e2ef50", `1e+21`},
		{"7b4415af1d78b58c40", `100000000000000000000`},
		{"7b441ac53a7e04bcda", `123456789012345680000`},
		{"7b3eb0c6f7a0b5ed8d", `0.000001`},
		{"7b3e7ad7f29abcaf48", `1e-7`},
		{"7b3e8421f5f40d8376", `1.5e-7`},
		{"7b7e3cab7bd666f388", `1.2e+300`},
		{"7b0000000000000001", `5e-324`},
		{"7b3fb999999999999a", `0.1`},
		{"7cbfc00000", `-1.5`},
		{"7b7ff8000000000000", `null`},
		{"7c7f800000", `null`},
		{"7b433fffffffffffff", `9007199254740991`},
		{"7c3dcccccd", `0.10000000149011612`},
		{"771561225c2f080c0a0d09011f7fe280a8c3a9f09f9880", `"a\"\\/\b\f\n\r\t\u0001\u001f` + "\u007f\u2028é😀" + `"`},
		{"740201ff", `{"0":1,"1":255}`},
		{"7400", `{}`},
		{"75037f7b7ff80000000000007500", `[null,null,[]]`},
		{"7600", `{}`},
		{"760201617f01627d01", `{"b":1}`},
		{"760106746f4a534f4e7d01", `{"toJSON":1}`},
		{"760301627d0101327d0201617d03", `{"2":2,"b":1,"a":3}`},
		{"760301617d0101627d0201617d03", `{"a":3,"b":2}`},
		{"760201617d01095f5f70726f746f5f5f7600", `{"a":1}`},
		{"760201617d0101617f", `{}`},
	} {
		r := NewReader(unhex(t, c.wire))
		v := r.Any("value")
		if r.End("value") != nil {
			t.Fatal(r.Err())
		}
		before := AppendAny(nil, v)
		if got, ok := AppendJSON([]byte("x"), v); !ok || string(got) != "x"+c.text {
			t.Errorf("%s: %s, %v; want %s", c.wire, got, ok, c.text)
		}
		if after := AppendAny(nil, v); !bytes.Equal(after, before) {
			t.Errorf("%s was changed to %x", c.wire, after)
		}
	}
	for _, v := range []Any{kind(KindUndefined), big(1), list(big(1)), obj(member("a", list(big(0))))} {
		if got, ok := AppendJSON(nil, v); ok {
			t.Errorf("%v: %s", v, got)
		}
	}
}
