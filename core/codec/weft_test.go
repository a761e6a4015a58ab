package codec

import (
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/weft-sync/weft/core/lib0"
)

// weftFrames are the examples of docs/wire/weft.md: frames of the document "a",
// and what is in them. decode returns what the payload of the last message is.
var weftFrames = []struct {
	hex  string
	kind Kind
	want any
}{
	{"49 44 01 61 00 00 01 00", SyncStep1, nil},
	{"49 44 01 61 41 55 04 00 02 74 6b 00 00 01 00", SyncStep1, nil},
	{"49 44 01 61 00 03 05 02 00 00 01 00", SyncCross, nil},
	{"49 44 01 61 00 01 02 00 00", SyncStep2, nil},
	{"49 44 01 61 41 4b 02 03 02", Ack, Acknowledgement{3, 2}},
	{"49 44 01 61 4e 4b 06 03 01 00 02 6e 6f", Nack, Refusal{3, ReadOnly, 0, "no"}},
	{"49 44 01 61 4e 4b 05 04 03 e8 07 00", Nack, Refusal{4, RateLimited, 1000, ""}},
	{"49 44 01 61 52 4f 02 6e 6f", Read, nil},
	{"49 44 01 61 52 57 00", ReadWrite, nil},
	{"49 44 01 61 41 55 03 01 e8 07", Access, AccessNotice{Kind: Accepted, Millis: 1000}},
	{"49 44 01 61 41 55 06 02 03 03 6f 6c 64", Access, AccessNotice{Kind: Refused, Denial: Expired, Text: "old"}},
	{"49 44 01 61 41 55 02 03 64", Access, AccessNotice{Kind: Renew, Millis: 100}},
	{"49 44 01 61 45 50 02 ab cd", Epoch, nil},
	{"49 44 01 61 45 52 08 b9 22 00 04 67 6f 6e 65", Fault, Ending{Diverged, 0, "gone"}},
	{"49 44 01 61 50 47 02 05 0a", Progress, Part{5, 10}},
	{"49 44 01 61 4c 56 00", Leave, nil},
}

// notice decodes the payload of a message that has a type, nil for others.
func notice(m Message) (value any, encoded []byte, err error) {
	switch m.Kind {
	case Ack:
		a, err := DecodeAck(m.Payload)
		return a, a.Append(nil), err
	case Nack:
		f, err := DecodeNack(m.Payload)
		return f, f.Append(nil), err
	case Access:
		a, err := DecodeAccess(m.Payload)
		return a, a.Append(nil), err
	case Fault:
		e, err := DecodeFault(m.Payload)
		return e, e.Append(nil), err
	case Progress:
		p, err := DecodeProgress(m.Payload)
		return p, p.Append(nil), err
	}
	return nil, m.Payload, nil
}

func TestWeftFrames(t *testing.T) {
	doc, err := os.ReadFile("../../docs/wire/weft.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range weftFrames {
		t.Run(tt.hex, func(t *testing.T) {
			if !strings.Contains(string(doc), "| `"+tt.hex+"` |") {
				t.Error("docs/wire/weft.md does not have this example")
			}
			frame, err := hex.DecodeString(strings.ReplaceAll(tt.hex, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			id, rest, err := CutWeft(frame)
			if err != nil || string(id) != "a" {
				t.Fatalf("document %q, %v", id, err)
			}
			again := Weft.AppendID(nil, "a")
			var last Message
			if err := EachWeft(rest, func(m Message) error {
				last = m
				again = Weft.Append(again, m)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if string(again) != string(frame) {
				t.Errorf("written as %x", again)
			}
			if last.Kind != tt.kind {
				t.Fatalf("last message is %v", last.Kind)
			}
			got, encoded, err := notice(last)
			if err != nil || got != tt.want {
				t.Errorf("got %+v, %v, want %+v", got, err, tt.want)
			}
			if string(encoded) != string(last.Payload) {
				t.Errorf("payload %x was written as %x", last.Payload, encoded)
			}
			for cut := range frame {
				id, rest, err := CutWeft(frame[:cut])
				if err == nil {
					if err = CheckWeft(rest); err == nil && (string(id) != "a" || cut > 4 && cut != 11 || len(rest) != cut-4) {
						t.Errorf("cut at %d it is a frame", cut)
					}
				}
				if err != nil {
					wantBadMessage(t, err, lib0.Truncated)
				}
			}
			if got == nil {
				return
			}
			for cut := range last.Payload {
				if _, _, err := notice(Message{last.Kind, last.Payload[:cut]}); err == nil {
					t.Errorf("a payload cut at %d is one", cut)
				} else {
					wantPeerError(t, err)
				}
			}
			_, _, err = notice(Message{last.Kind, append(append([]byte(nil), last.Payload...), 0)})
			wantBadMessage(t, err, lib0.TrailingBytes)
		})
	}
}

func TestWeftHasEveryKindOfItsOwn(t *testing.T) {
	magics := map[string]Kind{}
	for k := SyncStep1; k <= Progress; k++ {
		if onlyY := k == Auth || k == QueryAwareness; Weft.Has(k) == onlyY {
			t.Errorf("has %v: %v", k, !onlyY)
		}
		if !Weft.Has(k) {
			continue
		}
		if other, twice := magics[Weft.magic(k)]; twice {
			t.Errorf("%v and %v are written alike", k, other)
		}
		magics[Weft.magic(k)] = k
		if ELVA.Has(k) && ELVA.magic(k) != Weft.magic(k) {
			t.Errorf("%v is not as in ELVA", k)
		}
	}
}

func TestWeftRefuses(t *testing.T) {
	long := strings.Repeat("x", MaxText+1)
	for name, err := range map[string]error{
		"no name":             second(CutWeft(Weft.AppendID(nil, ""))),
		"name of 251 bytes":   second(CutWeft(Weft.AppendID(nil, strings.Repeat("n", 251)))),
		"name not UTF-8":      second(CutWeft(Weft.AppendID(nil, "\xff"))),
		"no ID":               second(CutWeft([]byte{0, 0, 1, 0})),
		"65 messages":         CheckWeft([]byte(strings.Repeat("LV\x00", MaxMessages+1))),
		"y-protocols' query":  CheckWeft([]byte{3}),
		"unknown magic":       CheckWeft([]byte("XX\x00")),
		"saved over received": third(DecodeAck([]byte{1, 2})),
		"nack of update 0":    third(DecodeNack([]byte{0, 1, 0, 0})),
		"access kind 4":       third(DecodeAccess([]byte{4, 0})),
		"fault code 999":      third(DecodeFault(Ending{Code: 999}.Append(nil))),
		"fault code 5000":     third(DecodeFault(Ending{Code: 5000}.Append(nil))),
		"done over total":     third(DecodeProgress([]byte{2, 1})),
		"long nack":           third(DecodeNack(Refusal{Update: 1, Text: long}.Append(nil))),
		"long refusal":        third(DecodeAccess(AccessNotice{Kind: Refused, Text: long}.Append(nil))),
		"long fault":          third(DecodeFault(Ending{Code: 4400, Text: long}.Append(nil))),
		"long token":          third(DecodeAccess(AccessNotice{Text: strings.Repeat("t", MaxToken+1)}.Append(nil))),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		wantPeerError(t, err)
	}
	if err := CheckWeft([]byte(strings.Repeat("LV\x00", MaxMessages))); err != nil {
		t.Errorf("64 messages: %v", err)
	}
	if _, err := DecodeAccess(AccessNotice{Text: strings.Repeat("t", MaxToken)}.Append(nil)); err != nil {
		t.Errorf("the longest token: %v", err)
	}
}

func second[A, B any](_ A, _ B, err error) error { return err }
func third[A any](_ A, err error) error          { return err }

func wantPeerError(t *testing.T, err error) {
	t.Helper()
	if pe, ok := errors.AsType[*PeerError](err); !ok || pe.Code != BadMessage {
		t.Errorf("got %v, want a PeerError with BadMessage", err)
	}
}

func TestUnknownWords(t *testing.T) {
	if Reason(0).String() != "invalid" || Reason(99).String() != "invalid" || Quota.String() != "quota" {
		t.Error("a reason has a wrong word")
	}
	if Denial(0).String() != "invalid" || Denial(99).String() != "invalid" || Unavailable.String() != "unavailable" {
		t.Error("a denial has a wrong word")
	}
}

func TestRetryHint(t *testing.T) {
	for reason, want := range map[string]int64{
		RetryReason(1500, "the server is being restarted"): 1500,
		RetryReason(0, ""):                 0,
		RetryReason(-1, ""):                0,
		"retry in 7 ms":                    7,
		"retry in 7 minutes":               0,
		"retry in ms":                      0,
		"retry in 7":                       0,
		"retry in 99999999999999999999 ms": 0,
		"come back in 7 ms":                0,
		"":                                 0,
	} {
		if got := RetryHint(reason); got != want {
			t.Errorf("%q: %d ms, want %d", reason, got, want)
		}
	}
	if len(RetryReason(time.Hour.Milliseconds(), "the server is being restarted")) > 123 {
		t.Error("the reason does not fit a close frame")
	}
}

func TestWeftAllocs(t *testing.T) {
	frame := Weft.Append(Weft.AppendID(nil, "notes"), Message{SyncUpdate, []byte("update")})
	b := make([]byte, 0, 100)
	if n := testing.AllocsPerRun(100, func() {
		_, rest, err := CutWeft(frame)
		if err != nil {
			t.Fatal(err)
		}
		m, _, err := Weft.Cut(rest)
		if err != nil {
			t.Fatal(err)
		}
		b = Weft.Append(Weft.AppendID(b[:0], "notes"), m)
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// The example with a tag: the ID is not the name, and says which it is.
func TestDocumentOf(t *testing.T) {
	frame, err := hex.DecodeString("49440361003700000100")
	if err != nil {
		t.Fatal(err)
	}
	id, _, err := CutWeft(frame)
	if err != nil || string(id) != "a\x007" {
		t.Fatalf("ID %q, %v", id, err)
	}
	for id, want := range map[string]string{string(id): "a", "a": "a", "a\x00": "a", "\x007": "", "a\x007\x008": "a"} {
		if got := DocumentOf(id); got != want {
			t.Errorf("DocumentOf(%q) = %q, want %q", id, got, want)
		}
	}
}
