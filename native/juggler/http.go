package juggler

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
)

// ServeHTTP implements http.Handler. The order is the original's: /, the WebSocket,
// further routes, files.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.opts.Transport == Segmented && !s.opts.AllowCache {
		w.Header().Set("Cache-Control", "no-cache")
	}
	user, ok := s.authenticate(r)
	if !ok {
		w.Header().Set("WWW-Authenticate", `Basic realm=""`)
		plainText(w, http.StatusUnauthorized)
		return
	}
	switch {
	case r.URL.Path == "/" && !s.opts.NoIndex:
		if allowed(w, r) {
			w.Header().Set("Location", s.opts.IndexPath)
			plainText(w, http.StatusFound)
		}
	case r.URL.Path == s.opts.WSPath:
		s.serveWS(w, r, user)
	case s.routed(w, r):
	case s.opts.Static == nil:
		plainText(w, http.StatusNotFound)
	case allowed(w, r):
		s.serveFile(w, r)
	}
}

// authenticate returns whose request it is.
func (s *Server) authenticate(r *http.Request) (user string, ok bool) {
	if s.opts.Authenticate == nil {
		return "", true
	}
	user, password, ok := r.BasicAuth()
	return user, ok && s.opts.Authenticate(user, password)
}

// routed serves the request by ServerOptions.Routes, if one of them matches.
func (s *Server) routed(w http.ResponseWriter, r *http.Request) bool {
	if s.opts.Routes == nil {
		return false
	}
	if _, pattern := s.opts.Routes.Handler(r); pattern == "" {
		return false
	}
	s.opts.Routes.ServeHTTP(w, r)
	return true
}

// serveWS answers a request for the WebSocket's path.
func (s *Server) serveWS(w http.ResponseWriter, r *http.Request, user string) {
	upgrade := r.Header.Get("Upgrade")
	switch {
	case !allowed(w, r):
	case !strings.EqualFold(strings.TrimSpace(upgrade), "websocket"):
		if upgrade == "" {
			upgrade = "None"
		}
		respond(w, http.StatusBadRequest, fmt.Sprintf("No WebSocket UPGRADE hdr: %s\n Can \"Upgrade\" only to \"WebSocket\".", upgrade))
	case !s.originAllowed(r):
		plainText(w, http.StatusForbidden)
	default:
		s.serveSocket(w, r, user)
	}
}

func (s *Server) originAllowed(r *http.Request) bool {
	if s.opts.CheckOrigin != nil {
		return s.opts.CheckOrigin(r)
	}
	origin := r.Header.Get("Origin")
	if s.opts.Authenticate == nil || origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}

// serveFile serves a file of ServerOptions.Static.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		name = "."
	}
	if !fs.ValidPath(name) { // .. in it, for one
		plainText(w, http.StatusNotFound)
		return
	}
	f, err := s.opts.Static.Open(name)
	if err != nil {
		plainText(w, http.StatusNotFound)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		plainText(w, http.StatusNotFound)
		return
	case !info.Mode().IsRegular():
		plainText(w, http.StatusForbidden)
		return
	}
	content, ok := f.(io.ReadSeeker)
	if !ok {
		text, err := io.ReadAll(f)
		if err != nil {
			plainText(w, http.StatusInternalServerError)
			return
		}
		content = bytes.NewReader(text)
	}
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" {
		kind = "application/octet-stream"
	}
	w.Header().Set("Content-Type", kind)
	if t := info.ModTime(); !t.IsZero() { // files in the program have no time
		w.Header().Set("ETag", fmt.Sprintf("%q", strconv.FormatInt(t.UnixNano(), 16)+"-"+strconv.FormatInt(info.Size(), 16)))
	}
	http.ServeContent(w, r, name, info.ModTime(), content)
}

// allowed answers requests that are neither GET nor HEAD.
func allowed(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET,HEAD")
	plainText(w, http.StatusMethodNotAllowed)
	return false
}

// plainText answers with the status and its name.
func plainText(w http.ResponseWriter, status int) {
	respond(w, status, strconv.Itoa(status)+": "+http.StatusText(status))
}

func respond(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // a client that is gone cannot be told
}

// remote returns what Conn.Remote does.
func (s *Server) remote(r *http.Request) string {
	if s.opts.TrustForwarded {
		if address, ok := forwarded(r.Header); ok {
			return address
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
