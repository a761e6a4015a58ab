package server

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/andybalholm/brotli"
)

func TestDocumentNames(t *testing.T) {
	path, elva := serve(t, Config{}), serve(t, Config{Names: NamesELVA})
	long := strings.Repeat("x", 250)
	for _, tc := range []struct {
		name       string // as in the request line
		path, elva string // part of the reason, or "" if accepted
	}{
		{"a", "", "fewer than 10"},
		{"meeting-notes_1", "", ""},
		{"team/meeting", "", "only letters"},
		{"a%20b%C3%A9", "", "fewer"},
		{"a:b@c!$&'()*+,;=~", "", "only letters"},
		{"__proto__", "", "fewer"},
		{"__proto__x", "", ""},
		{"constructor", "", ""},
		{long, "", ""},
		{long + "x", "more than 250", "more than 250"},
		{strings.Repeat("x", 4096), "more than 250", "more than 250"},
		{strings.Repeat("%C3%A9", 125), "", "only letters"},
		{strings.Repeat("%C3%A9", 126), "more than 250", "more than 250"},
		{".", ". or ..", "fewer"},
		{"..", ". or ..", "fewer"},
		{"%2e%2e", ". or ..", "fewer"},
		{"%2E%2e/etc/passwd", ". or ..", "only letters"},
		{"a/../../b", ". or ..", "fewer"},
		{"a/./b-and-more", ". or ..", "only letters"},
		{"a%2f..%2fb", ". or ..", "fewer"},
		{"a//b", "empty path segment", "fewer"},
		{"/double-slash", "empty path segment", "only letters"},
		{"trailing-slash/", "empty path segment", "only letters"},
		{"a%00b-and-more", "control", "only letters"},
		{"a%0ab-and-more", "control", "only letters"},
		{"a%7fb", "control", "fewer"},
		{"%c2%80", "control", "fewer"},
		{"%ff%fe", "UTF-8", "fewer"},
		{"_weft", "reserved", "fewer"},
		{"_weft/readyz", "reserved", "only letters"},
		{"%5fweft/page.js", "reserved", "only letters"},
		{"a/_weft", "", "fewer"},
	} {
		for _, side := range []struct {
			server *testServer
			reason string
		}{{path, tc.path}, {elva, tc.elva}} {
			if side.reason == "" {
				p, err := side.server.tryDial(tc.name, nil)
				if err != nil {
					t.Errorf("%.40q: %v", tc.name, err)
					continue
				}
				p.sync()
				p.conn.Abort()
			} else {
				side.server.refused(tc.name, nil, http.StatusForbidden, side.reason)
			}
		}
	}
}

func TestOneDocumentHoweverItsNameIsEncoded(t *testing.T) {
	s := serve(t, Config{})
	a := s.join("caf%C3%A9/x")
	a.typ("x")
	a.query()
	for _, spelling := range []string{"caf%c3%a9/x", "%63af%C3%A9%2fx", "café/x"} {
		b := s.join(spelling)
		same(t, spelling, b.doc, a.doc)
	}
	if n := s.Stats().Rooms; n != 1 {
		t.Errorf("%d rooms, want 1", n)
	}
}

func TestOrigins(t *testing.T) {
	closed := serve(t, Config{})
	open := serve(t, Config{Origins: []string{"https://app.example.org", "tool.example.net:8443", "https://*.wild.example"}})
	all := serve(t, Config{Origins: []string{"*"}})
	host := func(s *testServer) string { return strings.TrimPrefix(s.url, "http://") }
	for _, tc := range []struct {
		server  *testServer
		origin  []string
		allowed bool
	}{
		{closed, nil, true},
		{closed, []string{"http://" + host(closed)}, true},
		{closed, []string{"HTTPS://" + strings.ToUpper(host(closed))}, true},
		{closed, []string{"https://evil.example"}, false},
		{closed, []string{"http://127.0.0.1"}, false}, // another port
		{closed, []string{"null"}, false},
		{closed, []string{""}, false},
		{closed, []string{"http://" + host(closed) + ".evil.example"}, false},
		{closed, []string{"http://" + host(closed), "https://evil.example"}, false},
		{open, []string{"https://app.example.org"}, true},
		{open, []string{"https://APP.example.org"}, true},
		{open, []string{"http://app.example.org"}, false},
		{open, []string{"https://app.example.org:444"}, false},
		{open, []string{"https://evil-app.example.org"}, false},
		{open, []string{"http://tool.example.net:8443"}, true},
		{open, []string{"https://tool.example.net"}, false},
		{open, []string{"https://a.wild.example"}, true},
		{open, []string{"https://a.b.wild.example"}, true},
		{open, []string{"https://wild.example"}, false},
		{open, []string{"https://evilwild.example"}, false},
		{all, []string{"https://anything.example"}, true},
		{all, []string{"null"}, true},
	} {
		if tc.allowed {
			p, err := tc.server.tryDial("doc", http.Header{"Origin": tc.origin})
			if err != nil {
				t.Errorf("%q: %v", tc.origin, err)
				continue
			}
			p.conn.Abort()
		} else {
			tc.server.refused("doc", http.Header{"Origin": tc.origin}, http.StatusForbidden, "origin")
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	st := openMemory(t)
	page := fstest.MapFS{"index.html": {Data: []byte("x")}}
	for _, tc := range []struct {
		cfg  Config
		want string
	}{
		{Config{}, "Store is nil"},
		{Config{Store: st, Names: 7}, "Names"},
		{Config{Store: st, Origins: []string{"https://"}}, "not an origin"},
		{Config{Store: st, Origins: []string{"https://a.example/path"}}, "not an origin"},
		{Config{Store: st, Origins: []string{"https://a*.example"}}, "not an origin"},
		{Config{Store: st, Origins: []string{"https://*.*.example"}}, "not an origin"},
		{Config{Store: st, Origins: []string{"://x"}}, "not an origin"},
		{Config{Store: st, Origins: []string{""}}, "not an origin"},
		{Config{Store: st, Page: fstest.MapFS{}}, "index.html"},
		{Config{Store: st, Page: page, DefaultDocument: "a//b"}, "empty path segment"},
		{Config{Store: st, Page: page, Names: NamesELVA}, "fewer than 10"},
	} {
		if _, err := New(tc.cfg); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: %v, want %q", tc.cfg, err, tc.want)
		}
	}
}

func TestAuthorize(t *testing.T) {
	s := serve(t, Config{Authorize: func(r *http.Request, document string) error {
		switch {
		case r.Header.Get("Authorization") == "Bearer "+document:
			return nil
		case document == "paid":
			return &StatusError{Status: http.StatusPaymentRequired, Reason: "pay first"}
		case document == "odd":
			return &StatusError{Status: 200, Reason: "secret odd"}
		}
		return errors.New("secret details")
	}})
	s.refused("doc", nil, http.StatusForbidden, "not allowed to open this document\n")
	s.refused("paid", nil, http.StatusPaymentRequired, "pay first\n")
	s.refused("odd", nil, http.StatusForbidden, "not allowed")
	p, err := s.tryDial("a%20b", http.Header{"Authorization": {"Bearer a b"}})
	if err != nil {
		t.Fatal(err)
	}
	p.sync()
	if !strings.Contains(s.logs.String(), "secret details") {
		t.Error("the log does not say why")
	}
}

func TestMaxConnections(t *testing.T) {
	s := serve(t, Config{MaxConnections: 2})
	a := s.join("doc")
	s.join("doc")
	s.refused("doc", nil, http.StatusServiceUnavailable, "as many connections")
	a.conn.Abort()
	eventually(t, "the connection is gone", func() bool { return s.Stats().Connections == 1 })
	s.join("doc")
}

func TestHealthAndReadiness(t *testing.T) {
	s := serve(t, Config{})
	s.join("doc")
	if resp, body := s.get("/_weft/healthz"); resp.StatusCode != 200 || body != `{"status":"ok"}`+"\n" {
		t.Errorf("healthz: %d %q", resp.StatusCode, body)
	}
	resp, body := s.get("/_weft/readyz")
	if resp.StatusCode != 200 || body != `{"ready":true,"quarantined":0,"unsaved":0,"rooms":1,"connections":1}`+"\n" {
		t.Errorf("readyz: %d %q", resp.StatusCode, body)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if resp, body = s.get("/_weft/readyz"); resp.StatusCode != 503 || !strings.Contains(body, `"reasons":["stopping"]`) {
		t.Errorf("readyz when stopped: %d %q", resp.StatusCode, body)
	}
	if resp, _ = s.get("/_weft/healthz"); resp.StatusCode != 200 {
		t.Errorf("healthz when stopped: %d", resp.StatusCode)
	}
	s.refused("doc", nil, http.StatusServiceUnavailable, "stopping")
}

func TestMethods(t *testing.T) {
	s := serve(t, Config{})
	r, _ := http.NewRequest(http.MethodPost, s.url+"/doc", strings.NewReader("x"))
	if resp, _ := s.do(r); resp.StatusCode != 405 || resp.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", resp.StatusCode, resp.Header.Get("Allow"))
	}
	if resp, body := s.get("/doc", "Upgrade", "websocket", "Connection", "Upgrade"); resp.StatusCode != 400 {
		t.Errorf("a handshake without version: %d %q", resp.StatusCode, body)
	}
	for _, path := range []string{"/_weft/nothing", "/_weft/", "/_weft"} {
		if resp, _ := s.get(path); resp.StatusCode != 404 {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
	if resp, body := s.get("/"); resp.StatusCode != 200 || !strings.Contains(body, "weft server") {
		t.Errorf("/ without a page: %d %q", resp.StatusCode, body)
	}
	if resp, _ := s.get("/doc"); resp.StatusCode != 426 || resp.Header.Get("Upgrade") != "websocket" {
		t.Errorf("/doc without a page: %d", resp.StatusCode)
	}
}

func compressBrotli(text string) string {
	var b strings.Builder
	w := brotli.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

func compressGzip(text string) string {
	var b strings.Builder
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

func TestPageFindsItsAssetsWhereverItIs(t *testing.T) {
	files := fstest.MapFS{"index.html": {Data: []byte(`<script src="_weft/page.js"></script>`)}}
	s := serve(t, Config{Page: files})
	for path, src := range map[string]string{
		"/notes":        `"_weft/page.js"`,
		"/team/notes":   `"../_weft/page.js"`,
		"/a/b/c/notes":  `"../../../_weft/page.js"`,
		"/team%2Fnotes": `"_weft/page.js"`, // a browser sees one segment
	} {
		resp, body := s.get(path, "Accept", "text/html")
		if resp.StatusCode != 200 || body != "<script src="+src+"></script>" {
			t.Errorf("%s: %d %q", path, resp.StatusCode, body)
		}
		again, body := s.get(path, "Accept", "text/html", "If-None-Match", resp.Header.Get("ETag"))
		if again.StatusCode != 304 || body != "" {
			t.Errorf("%s again: %d %q", path, again.StatusCode, body)
		}
	}
}

func TestPage(t *testing.T) {
	const html, script = "<!doctype html><title>weft</title>", "console.log('weft')"
	files := fstest.MapFS{
		"index.html":      {Data: []byte(html)},
		"page.js":         {Data: []byte(script)},
		"page.js.br":      {Data: []byte(compressBrotli(script))},
		"page.js.gz":      {Data: []byte(compressGzip(script))},
		"provider.wasm":   {Data: []byte("\x00asm")},
		"fonts/a.woff2":   {Data: []byte("font")},
		"orphan.br":       {Data: []byte("a file of its own")},
		"page.css":        {Data: []byte("body{}")},
		"page.css.gz":     {Data: []byte(compressGzip("body{}"))},
		"unknown.weftish": {Data: []byte("?")},
	}
	s := serve(t, Config{Page: files})

	resp, _ := s.get("/")
	if resp.StatusCode != 302 || resp.Header.Get("Location") != "welcome" {
		t.Errorf("/: %d to %q", resp.StatusCode, resp.Header.Get("Location"))
	}
	for _, accept := range []string{"text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "*/*", ""} {
		resp, body := s.get("/team/doc", "Accept", accept)
		if resp.StatusCode != 200 || body != html || resp.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("Accept %q: %d %q %q", accept, resp.StatusCode, resp.Header.Get("Content-Type"), body)
		}
		csp := resp.Header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'self'", "script-src 'self' 'wasm-unsafe-eval'", "connect-src 'self' ws: wss:", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, part) {
				t.Errorf("the policy lacks %q: %s", part, csp)
			}
		}
		if resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Error("nosniff is missing")
		}
	}
	if resp, _ := s.get("/favicon.ico", "Accept", "image/avif,image/webp,*/*;q=0.8"); resp.StatusCode != 404 {
		t.Errorf("an image at a document's address: %d", resp.StatusCode)
	}
	if resp, body := s.get("/a//b", "Accept", "text/html"); resp.StatusCode != 403 {
		t.Errorf("a bad name: %d %q", resp.StatusCode, body)
	}

	for _, tc := range []struct {
		path, accept             string
		encoding, body, mimeType string
	}{
		{"page.js", "gzip, deflate, br, zstd", "br", compressBrotli(script), "text/javascript; charset=utf-8"},
		{"page.js", "gzip", "gzip", compressGzip(script), "text/javascript; charset=utf-8"},
		{"page.js", "br;q=0, GZIP;q=0.5", "gzip", compressGzip(script), "text/javascript; charset=utf-8"},
		{"page.js", "identity", "", script, "text/javascript; charset=utf-8"},
		{"page.js", "br; q=nonsense", "", script, "text/javascript; charset=utf-8"},
		{"page.css", "br, gzip", "gzip", compressGzip("body{}"), "text/css; charset=utf-8"},
		{"provider.wasm", "br", "", "\x00asm", "application/wasm"},
		{"fonts/a.woff2", "br", "", "font", "font/woff2"},
		{"orphan.br", "br", "", "a file of its own", "application/octet-stream"},
		{"unknown.weftish", "", "", "?", "application/octet-stream"},
		{"index.html", "", "", html, "text/html; charset=utf-8"},
	} {
		resp, body := s.get("/_weft/"+tc.path, "Accept-Encoding", tc.accept)
		if resp.StatusCode != 200 || body != tc.body || resp.Header.Get("Content-Encoding") != tc.encoding ||
			resp.Header.Get("Content-Type") != tc.mimeType || resp.ContentLength != int64(len(tc.body)) {
			t.Errorf("%s for %q: %d, %q, %q, %d bytes", tc.path, tc.accept, resp.StatusCode,
				resp.Header.Get("Content-Encoding"), resp.Header.Get("Content-Type"), len(body))
		}
		again, body := s.get("/_weft/"+tc.path, "Accept-Encoding", tc.accept, "If-None-Match", `"x", W/`+resp.Header.Get("ETag"))
		if again.StatusCode != 304 || body != "" {
			t.Errorf("%s again: %d %q", tc.path, again.StatusCode, body)
		}
		other, _ := s.get("/_weft/"+tc.path, "If-None-Match", `"x"`)
		if other.StatusCode != 200 {
			t.Errorf("%s with another tag: %d", tc.path, other.StatusCode)
		}
	}
	for _, path := range []string{"/_weft/page.js.br", "/_weft/fonts", "/_weft/../index.html", "/_weft/%2e%2e/index.html"} {
		if resp, _ := s.get(path); resp.StatusCode != 404 && resp.StatusCode != 403 {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
	r, _ := http.NewRequestWithContext(context.Background(), http.MethodHead, s.url+"/_weft/page.js", nil)
	if resp, body := s.do(r); resp.StatusCode != 200 || body != "" || resp.ContentLength != int64(len(script)) {
		t.Errorf("HEAD: %d, %d bytes announced, %q", resp.StatusCode, resp.ContentLength, body)
	}

	// A WebSocket is still at the same address.
	s.join("team/doc")
}
