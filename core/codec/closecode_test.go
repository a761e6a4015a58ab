package codec

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestPermanent(t *testing.T) {
	for code, want := range map[CloseCode]bool{
		0: false, Normal: false, UnsupportedData: false, TooLarge: false, Internal: false, Restart: false,
		4399: false, BadMessage: true, Forbidden: true, LimitExceeded: true, 4499: true,
		4500: false, Quarantined: false, Busy: false, 4999: false,
	} {
		if code.Permanent() != want {
			t.Errorf("%v: Permanent is %v", code, !want)
		}
	}
}

// TestCloseCodesDocumented checks that each code stands in the table of
// docs/wire/close-codes.md, with its name and with what a client does about it.
func TestCloseCodesDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/wire/close-codes.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(doc)) {
		if strings.HasPrefix(line, "| 1") || strings.HasPrefix(line, "| 4") {
			rows++
		}
	}
	if rows != len(closeCodeNames) {
		t.Errorf("the document has %d codes, the program %d", rows, len(closeCodeNames))
	}
	for _, c := range closeCodeNames {
		number, name, _ := strings.Cut(strings.TrimSuffix(c.code.String(), ")"), " (")
		if name != c.name {
			t.Errorf("%d is called %q and %q", c.code, name, c.name)
		}
		client := "| connects again"
		if c.code.Permanent() {
			client = "| stops"
		}
		found := false
		for line := range strings.Lines(string(doc)) {
			if strings.HasPrefix(line, "| "+number+" | "+c.name+" |") {
				found = true
				if !strings.Contains(line, client) {
					t.Errorf("%v: the document does not say %q", c.code, client)
				}
			}
		}
		if !found {
			t.Errorf("%v is not in the document", c.code)
		}
	}
}

func TestErrors(t *testing.T) {
	cause := errors.New("cause")
	err := error(&PeerError{Code: Busy, Reason: "too many", Err: cause})
	if !errors.Is(err, cause) {
		t.Error("the cause is not wrapped")
	}
	for want, got := range map[string]string{
		"peer: 4529 (busy): too many: cause": err.Error(),
		"peer: 4400 (bad message): short":    Malformed("short", nil).Error(),
		"4711":                               CloseCode(4711).String(),
		"room: no":                           UsageError("room: no").Error(),
		"SyncStep2":                          SyncStep2.String(),
		"Kind(0)":                            Kind(0).String(),
		"Kind(77)":                           Kind(77).String(),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
