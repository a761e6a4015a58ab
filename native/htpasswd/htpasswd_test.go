package htpasswd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weft-sync/weft/native/htpasswd"
)

// Made with `openssl passwd -apr1` and golang.org/x/crypto/bcrypt.
const file = "\n" +
	"# people\n" +
	"ada:$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/\n" + // secret
	"b\u00e9la:$apr1$12345678$1JXCiWAUhgU4/ASKfwgnV1\r\n" + // héslo
	"  empty:$apr1$zz$j2/RZcZLBHtY4Hv3/anFc1  \n" +
	"grace:$2a$04$Py4gG1xHseDnC5489fpI1e58Z7nzU4bEYPnkvuXKaBplhu1S9g8CW" // secret

func TestCheck(t *testing.T) {
	name := filepath.Join(t.TempDir(), "htpasswd")
	if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	users, err := htpasswd.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time a right password is known
		for _, tc := range []struct {
			name, password string
			want           bool
		}{
			{"ada", "secret", true},
			{"ada", "Secret", false},
			{"ada", "", false},
			{"ada", "secret\x00", false},
			{"grace", "secret", true},
			{"grace", "wrong", false},
			{"grace", strings.Repeat("x", 100), false},
			{"empty", "", true},
			{"empty", "x", false},
			{"b\u00e9la", "h\u00e9slo", true},   // UTF-8
			{"b\xe9la", "h\xe9slo", true},       // Latin-1
			{"b\xe9la", "h\u00e9slo", false},    // a mixture
			{"b\u00e9la", "h\xc3\xa9sl", false}, //
			{"nobody", "secret", false},
			{"", "", false},
			{"# people", "", false},
		} {
			if got := users.Check(tc.name, tc.password); got != tc.want {
				t.Errorf("%q with %q: %v", tc.name, tc.password, got)
			}
		}
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	for _, tc := range []struct{ file, fault string }{
		{"", "no users"},
		{"\n\n# nobody\n", "no users"},
		{"ada", "line 1: no colon"},
		{file + "\n:$apr1$zz$j2/RZcZLBHtY4Hv3/anFc1", "line 7: no name"},
		{file + "\nada:$apr1$zz$j2/RZcZLBHtY4Hv3/anFc1", "line 7: a second"},
		{"ada:secret", "line 1: no bcrypt"},
		{"ada:", "line 1: no bcrypt"},
		{"ada:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "line 1: no bcrypt"},
		{"ada:$1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/", "line 1: no bcrypt"},
		{"ada:$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ", "line 1: no bcrypt"},
		{"ada:$2a$04$Py4gG1xHseDnC5489fpI1e58Z7nzU4bEYPnkvuXKaBplhu1S9g8C", "line 1: no bcrypt"},
		{"ada:" + strings.Repeat("x", 100_000), "token too long"},
		{strings.Repeat("# a comment\n", 2<<20), "more than"},
	} {
		_, err := htpasswd.Parse(strings.NewReader(tc.file))
		if err == nil || !strings.Contains(err.Error(), tc.fault) {
			t.Errorf("%.40q: %v, want %q", tc.file, err, tc.fault)
		}
		if err != nil && strings.Contains(err.Error(), "$") {
			t.Errorf("%.40q: the error shows the hash: %v", tc.file, err)
		}
	}
	if _, err := htpasswd.Load(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that does not exist: no error")
	}
}
