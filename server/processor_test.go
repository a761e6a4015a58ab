package server

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
)

// TestProcessors checks their order, and that one which answers is the last that is
// asked.
func TestProcessors(t *testing.T) {
	var asked []string
	processor := func(name string) Processor {
		return func(w http.ResponseWriter, r *http.Request) bool {
			asked = append(asked, name)
			if !strings.Contains(r.URL.RawQuery, name) {
				return false
			}
			w.Header().Set("X-By", name)
			w.WriteHeader(http.StatusTeapot)
			return true
		}
	}
	s := serve(t, Config{Processors: []Processor{processor("one"), processor("two")}})
	for _, tt := range []struct {
		query, asked string
		status       int
	}{{"?one", "one", http.StatusTeapot}, {"?two", "one two", http.StatusTeapot}, {"?one,two", "one", http.StatusTeapot}, {"", "one two", http.StatusUpgradeRequired}} {
		asked = nil
		resp, _ := s.get("/doc" + tt.query)
		if resp.StatusCode != tt.status || strings.Join(asked, " ") != tt.asked {
			t.Errorf("%q: %d, asked %v", tt.query, resp.StatusCode, asked)
		}
	}
	s.refused("doc?two", nil, http.StatusTeapot, "")
	s.join("doc")
}

// TestBasicAuth checks the 401 rules, for WebSockets with one and with many documents
// and for everything else.
func TestBasicAuth(t *testing.T) {
	s := serve(t, Config{Processors: []Processor{BasicAuth(func(user, password string) bool {
		return user == "alice" && password == "pass:word \u00e9"
	})}})
	basic := func(pair string) http.Header {
		return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(pair))}}
	}
	bad := []http.Header{
		nil, basic("alice:wrong"), basic("alice"), basic(""), basic(":"), basic("bob:pass:word \u00e9"),
		{"Authorization": {"Basic !!!"}}, {"Authorization": {"Bearer x"}},
	}
	for _, path := range []string{"doc", ""} {
		for _, h := range bad {
			s.refused(path, h, http.StatusUnauthorized, "name and password")
		}
		p, err := s.tryDial(path, basic("alice:pass:word \u00e9"))
		if err != nil {
			t.Fatal(err)
		}
		p.conn.Abort()
	}
	resp, _ := s.get("/doc")
	if got := resp.Header.Get("WWW-Authenticate"); resp.StatusCode != http.StatusUnauthorized || got != `Basic realm="weft", charset="UTF-8"` {
		t.Errorf("%d, %q", resp.StatusCode, got)
	}
	for _, probe := range []string{"/_weft/healthz", "/_weft/readyz"} {
		if resp, _ := s.get(probe); resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", probe, resp.StatusCode)
		}
	}
	if resp, _ := s.get("/_weft/other"); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("another of our addresses: %d", resp.StatusCode)
	}
}
