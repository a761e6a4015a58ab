package juggler_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/coder/websocket"

	"github.com/weft-sync/weft/native/juggler"
)

// ask makes a request of the handler itself: its path is not touched on the way.
func ask(t *testing.T, s http.Handler, method, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, "http://server/", nil)
	r.URL.Path, _, _ = strings.Cut(path, "?")
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func newServer(t *testing.T, o juggler.ServerOptions) *juggler.Server {
	t.Helper()
	o.Logger = quiet
	s, err := juggler.NewServer(o)
	must(t, err)
	return s
}

func TestPages(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	write("secret", "outside")
	write("www/index.html", "<p>hello")
	write("www/sub/app.js", "go()")
	write("www/data.unknown", "bytes")
	write("www/route", "hidden by a route")
	must(t, os.Symlink("../secret", filepath.Join(dir, "www/leak")))
	must(t, os.Symlink("sub/app.js", filepath.Join(dir, "www/link.js")))
	root, err := os.OpenRoot(filepath.Join(dir, "www"))
	must(t, err)
	defer root.Close()
	routes := http.NewServeMux()
	routes.HandleFunc("GET /route", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "from the route") })
	routes.HandleFunc("GET /ws", func(w http.ResponseWriter, r *http.Request) { t.Error("a route was asked for the WebSocket") })

	files := newServer(t, juggler.ServerOptions{Static: root.FS(), Routes: routes, IndexPath: "index.html"})
	bare := newServer(t, juggler.ServerOptions{NoIndex: true})
	noIndex := newServer(t, juggler.ServerOptions{NoIndex: true, Static: root.FS()})
	for _, tc := range []struct {
		s            *juggler.Server
		method, path string
		status       int
		body         string
	}{
		{files, "GET", "/", 302, "302: Found"},
		{files, "HEAD", "/", 302, ""},
		{files, "GET", "/?query", 302, "302: Found"},
		{files, "POST", "/", 405, "405: Method Not Allowed"},
		{bare, "GET", "/", 404, "404: Not Found"},
		{noIndex, "GET", "/", 403, "403: Forbidden"},
		{files, "GET", "/index.html", 200, "<p>hello"},
		{files, "HEAD", "/index.html", 200, ""},
		{files, "POST", "/index.html", 405, "405: Method Not Allowed"},
		{files, "GET", "/sub/app.js", 200, "go()"},
		{files, "GET", "/link.js", 200, "go()"},
		{files, "GET", "/sub", 403, "403: Forbidden"},
		{files, "GET", "/sub/", 404, "404: Not Found"},
		{files, "GET", "/none", 404, "404: Not Found"},
		{files, "GET", "/leak", 404, "404: Not Found"},
		{files, "GET", "/../secret", 404, "404: Not Found"},
		{files, "GET", "/sub/../../secret", 404, "404: Not Found"},
		{files, "GET", "//index.html", 404, "404: Not Found"},
		{files, "GET", "/route", 200, "from the route"},
		{bare, "GET", "/route", 404, "404: Not Found"},
		{files, "GET", "/ws", 400, "No WebSocket UPGRADE hdr: None\n Can \"Upgrade\" only to \"WebSocket\"."},
		{files, "POST", "/ws", 405, "405: Method Not Allowed"},
		{bare, "GET", "/ws", 400, "No WebSocket UPGRADE hdr: None\n Can \"Upgrade\" only to \"WebSocket\"."},
	} {
		resp := ask(t, tc.s, tc.method, tc.path)
		body, err := io.ReadAll(resp.Body)
		must(t, err)
		if tc.method == "HEAD" {
			body = nil // which net/http leaves out
		}
		if resp.StatusCode != tc.status || string(body) != tc.body {
			t.Errorf("%s %s: %d %q, want %d %q", tc.method, tc.path, resp.StatusCode, body, tc.status, tc.body)
		}
		if resp.StatusCode == 405 && resp.Header.Get("Allow") != "GET,HEAD" {
			t.Errorf("%s %s: Allow is %q", tc.method, tc.path, resp.Header.Get("Allow"))
		}
		if resp.StatusCode == 302 && resp.Header.Get("Location") != "index.html" {
			t.Errorf("%s %s: Location is %q", tc.method, tc.path, resp.Header.Get("Location"))
		}
	}

	for name, want := range map[string]string{"/index.html": "text/html", "/sub/app.js": "text/javascript", "/data.unknown": "application/octet-stream"} {
		if got := ask(t, files, "GET", name).Header.Get("Content-Type"); !strings.HasPrefix(got, want) {
			t.Errorf("%s is %s", name, got)
		}
	}
	first := ask(t, files, "GET", "/index.html")
	tag := first.Header.Get("ETag")
	if tag == "" || first.Header.Get("Last-Modified") == "" || first.Header.Get("Accept-Ranges") != "bytes" || first.Header.Get("Cache-Control") != "" {
		t.Errorf("headers of a file: %v", first.Header)
	}
	if got := ask(t, files, "GET", "/index.html", "If-None-Match", tag).StatusCode; got != 304 {
		t.Errorf("the same file: %d", got)
	}
	part := ask(t, files, "GET", "/index.html", "Range", "bytes=3-4")
	if body, _ := io.ReadAll(part.Body); part.StatusCode != 206 || string(body) != "he" {
		t.Errorf("a part of a file: %d %q", part.StatusCode, body)
	}
}

func TestFilesInTheProgram(t *testing.T) {
	files := fstest.MapFS{"a.html": {Data: []byte("a")}, "odd": {Mode: fs.ModeDevice}}
	s := newServer(t, juggler.ServerOptions{Static: files})
	resp := ask(t, s, "GET", "/a.html")
	if resp.StatusCode != 200 || resp.Header.Get("ETag") != "" {
		t.Errorf("%d, ETag %q: two versions of a file without a time must not have one tag", resp.StatusCode, resp.Header.Get("ETag"))
	}
	if got := ask(t, s, "GET", "/odd").StatusCode; got != 403 {
		t.Errorf("a device: %d", got)
	}
}

func TestCacheControl(t *testing.T) {
	for _, tc := range []struct {
		o    juggler.ServerOptions
		want string
	}{
		{juggler.ServerOptions{}, ""},
		{juggler.ServerOptions{Transport: juggler.Segmented}, "no-cache"},
		{juggler.ServerOptions{Transport: juggler.Segmented, AllowCache: true}, ""},
	} {
		_, address := start(t, tc.o)
		ws, resp, err := websocket.Dial(t.Context(), address, nil)
		must(t, err)
		ws.CloseNow()
		for _, resp := range []*http.Response{resp, ask(t, newServer(t, tc.o), "GET", "/none")} {
			if got := resp.Header.Get("Cache-Control"); got != tc.want {
				t.Errorf("%v: status %d with Cache-Control %q", tc.o.Transport, resp.StatusCode, got)
			}
		}
	}
}

func TestHandshakes(t *testing.T) {
	_, address := start(t, juggler.ServerOptions{})
	_, uncompressed := start(t, juggler.ServerOptions{DisableCompression: true})
	offer := &websocket.DialOptions{CompressionMode: websocket.CompressionContextTakeover, Subprotocols: []string{"x"}, HTTPHeader: http.Header{"Origin": {"http://elsewhere"}}}
	for _, tc := range []struct {
		address string
		o       *websocket.DialOptions
		want    string // extensions
	}{{address, nil, ""}, {address, offer, "permessage-deflate"}, {uncompressed, offer, ""}} {
		ws, resp, err := websocket.Dial(t.Context(), tc.address, tc.o)
		must(t, err)
		defer ws.CloseNow()
		if got := resp.Header.Get("Sec-WebSocket-Extensions"); !strings.HasPrefix(got, tc.want) || (got == "") != (tc.want == "") {
			t.Errorf("extensions %q, want %q", got, tc.want)
		}
		if got := resp.Header.Get("Sec-WebSocket-Protocol"); got != "" {
			t.Errorf("subprotocol %q", got)
		}
		c := &raw{t, ws}
		large := `"` + strings.Repeat("compress me ", 1000) + `"`
		c.send(request("", large))
		if got := c.read(); !strings.Contains(got, large) {
			t.Errorf("the answer is %.100s", got)
		}
	}
	s := newServer(t, juggler.ServerOptions{})
	for _, header := range [][]string{
		{"Connection", "Upgrade", "Upgrade", "h2c"},
		{"Connection", "Upgrade", "Upgrade", "websocket"},
		{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "12", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
		{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "short"},
		{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13"},
	} {
		if got := ask(t, s, "GET", "/ws", header...).StatusCode; got != 400 {
			t.Errorf("%v: %d, want 400", header, got)
		}
	}
	must(t, s.Shutdown(t.Context())) // those have not been counted
}

func TestPasswords(t *testing.T) {
	users := make(chan string, 10)
	o := juggler.ServerOptions{
		Authenticate: func(user, password string) bool { return user == "ada" && password == "s:é" },
		OnConnect:    func(_ context.Context, c *juggler.Conn) { users <- c.User() },
	}
	s := newServer(t, o)
	basic := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, tc := range []struct {
		authorization string
		want          int
	}{
		{"", 401},
		{"Basic " + basic("ada:s:é"), 404},
		{"bAsIc " + basic("ada:s:é"), 404},
		{"Basic " + basic("ada:wrong"), 401},
		{"Basic " + basic("ada"), 401},
		{"Basic " + basic(":"), 401},
		{"Basic " + strings.TrimRight(basic("ada:s:é"), "="), 401},
		{"Bearer " + basic("ada:s:é"), 401},
		{"Basic", 401},
	} {
		for _, path := range []string{"/none", "/ws", "/"} {
			want := tc.want
			if want == 404 {
				want = map[string]int{"/none": 404, "/ws": 400, "/": 302}[path]
			}
			resp := ask(t, s, "GET", path, "Authorization", tc.authorization)
			if resp.StatusCode != want {
				t.Errorf("%q %s: %d, want %d", tc.authorization, path, resp.StatusCode, want)
			}
			if body, _ := io.ReadAll(resp.Body); want == 401 && (string(body) != "401: Unauthorized" || resp.Header.Get("WWW-Authenticate") != `Basic realm=""` ||
				!strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain")) {
				t.Errorf("%q %s: %q %v", tc.authorization, path, body, resp.Header)
			}
		}
	}

	_, address := start(t, o)
	_, err := juggler.Connect(t.Context(), address, juggler.ClientOptions{User: "ada", Password: "x"})
	if he, ok := errors.AsType[*juggler.HandshakeError](err); !ok || he.StatusCode != 401 {
		t.Errorf("a wrong password: %v", err)
	}
	connect(t, address, juggler.ClientOptions{User: "ada", Password: "s:é"})
	if got := <-users; got != "ada" {
		t.Errorf("the user is %q", got)
	}

	// Browsers add a password to other sites' requests.
	for origin, want := range map[string]bool{"": true, strings.Replace(strings.TrimSuffix(address, "/ws"), "ws", "http", 1): true, "http://elsewhere": false, "null": false} {
		o := &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Basic " + basic("ada:s:é")}}}
		if origin != "" {
			o.HTTPHeader.Set("Origin", origin)
		}
		ws, resp, err := websocket.Dial(t.Context(), address, o)
		if (err == nil) != want || err != nil && resp.StatusCode != 403 {
			t.Errorf("origin %q: %v", origin, err)
		}
		if err == nil {
			ws.CloseNow()
		}
	}
}

func TestRemote(t *testing.T) {
	trusting := juggler.ServerOptions{TrustForwarded: true, OnRequest: func(_ context.Context, c *juggler.Conn, _ juggler.Request) (any, error) { return c.Remote(), nil }}
	distrusting := trusting
	distrusting.TrustForwarded = false
	_, address := start(t, trusting)
	_, other := start(t, distrusting)
	const socket = "127.0.0.1"
	for _, tc := range []struct {
		header []string
		want   string
	}{
		{nil, socket},
		{[]string{"X-Forwarded-For", "10.0.0.1"}, "10.0.0.1"},
		{[]string{"X-Forwarded-For", "10.0.0.1, 10.0.0.2 "}, "10.0.0.2"},
		{[]string{"X-Forwarded-For", "10.0.0.1,"}, ""},
		{[]string{"X-Forwarded-For", "10.0.0.1", "X-Forwarded-For", "10.0.0.2"}, socket},
		{[]string{"Forwarded", "for=10.0.0.3"}, "10.0.0.3"},
		{[]string{"Forwarded", `For="[2001:db8::1]:4711";proto=https;by=x`}, "[2001:db8::1]:4711"},
		{[]string{"Forwarded", "for=10.0.0.3, for=10.0.0.4;proto=http"}, "10.0.0.4"},
		{[]string{"Forwarded", "for=10.0.0.3", "Forwarded", "for=10.0.0.5"}, "10.0.0.5"},
		{[]string{"Forwarded", `for="a\"b"`}, `a"b`},
		{[]string{"Forwarded", "for=a;for=b"}, "b"},
		{[]string{"Forwarded", "for=10.0.0.3:80"}, "10.0.0.3:80"},
		{[]string{"Forwarded", "for=10.0.0.3", "X-Forwarded-For", "10.0.0.1"}, "10.0.0.3"},
		{[]string{"Forwarded", "for=10.0.0.3, proto=http", "X-Forwarded-For", "10.0.0.1"}, "10.0.0.1"},
		{[]string{"Forwarded", "for=10.0.0.3 for", "X-Forwarded-For", "10.0.0.1"}, "10.0.0.1"},
		{[]string{"Forwarded", `for="10.0.0.3`, "X-Forwarded-For", "10.0.0.1"}, "10.0.0.1"},
		{[]string{"Forwarded", `for="10.0.0.3\`}, socket},
		{[]string{"Forwarded", `for`}, socket},
		{[]string{"Forwarded", `=x`}, socket},
		{[]string{"Forwarded", `for=`}, socket},
	} {
		header := http.Header{}
		for i := 0; i < len(tc.header); i += 2 {
			header.Add(tc.header[i], tc.header[i+1])
		}
		for _, a := range []string{address, other} {
			want := tc.want
			if a == other {
				want = socket
			}
			c := dialRaw(t, a, &websocket.DialOptions{HTTPHeader: header})
			c.send(request("remote", "null"))
			if got := c.read(); !strings.Contains(got, `"data":`+string(mustJSON(t, want))+`,`) {
				t.Errorf("%q: %s, want %q", tc.header, got, want)
			}
		}
	}
}

func TestListenWithOnePEM(t *testing.T) {
	web := httptest.NewUnstartedServer(nil) // has a certificate for 127.0.0.1
	web.StartTLS()
	cert := web.TLS.Certificates[0]
	web.Close()
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	must(t, err)
	file := filepath.Join(t.TempDir(), "both.pem")
	chain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})
	must(t, os.WriteFile(file, append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), chain...), 0o600))
	config, err := juggler.LoadPEM(file)
	must(t, err)
	l, err := juggler.Listen("127.0.0.1:0", juggler.ServerOptions{TLS: config, Logger: quiet, OnRequest: answer})
	must(t, err)
	address := "wss://" + l.Addr().String() + "/ws"

	if _, err := juggler.Connect(t.Context(), address, juggler.ClientOptions{}); err == nil {
		t.Error("a certificate that nobody has signed is good enough")
	} else if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
		t.Errorf("an unknown certificate: %v", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(chain)
	c, err := juggler.Connect(t.Context(), address, juggler.ClientOptions{TLS: &tls.Config{RootCAs: roots}})
	must(t, err)
	if data, err := c.Send(t.Context(), "echo", strings.Repeat("x", 1<<20)); err != nil || len(data) != 1<<20+2 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	must(t, l.Shutdown(t.Context()))
	<-c.Done()
	if ce, ok := errors.AsType[*juggler.CloseError](c.Err()); !ok || ce.Code != 1000 {
		t.Errorf("the client's end: %v", c.Err())
	}
	<-l.Done()
	must(t, l.Err())
	if _, err := juggler.LoadPEM(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that is not there: no error")
	}
}

func TestOptionsThatAreNone(t *testing.T) {
	for _, o := range []juggler.ServerOptions{{Transport: 2}, {Autoflush: -3}, {WSPath: "ws"}} {
		if _, err := juggler.NewServer(o); err == nil {
			t.Errorf("%+v: no error", o)
		}
		if _, err := juggler.Listen("127.0.0.1:0", o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
	if _, err := juggler.Listen("256.0.0.1:0", juggler.ServerOptions{}); err == nil {
		t.Error("an address that is none: no error")
	}
	if _, err := juggler.Connect(t.Context(), "ws://127.0.0.1:1/ws", juggler.ClientOptions{Transport: 7}); err == nil {
		t.Error("a transport that is none: no error")
	}
}
