package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/weft-sync/weft/core/codec"
	"github.com/weft-sync/weft/native/wsconn"
)

// ServeHTTP implements http.Handler; the package comment has the addresses.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.answered(w, r) {
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	switch {
	case wsconn.Wanted(r):
		s.serveSocket(w, r, name)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "only GET and WebSocket")
	case name == reserved || strings.HasPrefix(name, ownPrefix):
		s.serveOwn(w, r, strings.TrimPrefix(name, ownPrefix))
	case s.page == nil:
		s.serveText(w, name)
	case name == "":
		// Relative, so that it holds below a mount that was stripped.
		w.Header().Set("Location", (&url.URL{Path: s.cfg.DefaultDocument}).String())
		w.WriteHeader(http.StatusFound)
	default:
		s.servePage(w, r, name)
	}
}

// serveSocket decides whether the request may join the document, upgrades it and
// hands the connection to the document's room. Each refusal is an HTTP status
// with a line of text; browsers hide both from the page, other clients do not.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request, name string) {
	if s.stopping.Load() {
		s.unavailable(w, "the server is stopping")
		return
	}
	if !s.origins.Allows(r) {
		s.stats.refused.Add(1)
		refuse(w, http.StatusForbidden, "pages of this origin may not connect")
		return
	}
	// Without a name in the path it is in each frame, and checked there.
	if err := s.cfg.Names.Check(name); err != nil && name != "" {
		s.stats.refused.Add(1)
		refuse(w, http.StatusForbidden, err.Error())
		return
	}
	if n := s.stats.connections.Add(1); s.cfg.MaxConnections > 0 && n > int64(s.cfg.MaxConnections) {
		s.stats.connections.Add(-1)
		s.stats.refused.Add(1)
		s.unavailable(w, "the server has as many connections as it may")
		return
	}
	// A client of weft.v1 presents its token when it is connected, for each document.
	var grant Grant
	judged := s.rechecks.Load()
	weft := offersWeft(r) && s.mayWeft(name)
	var protocols []string
	if weft {
		protocols = []string{codec.WeftProtocol}
	}
	if name != "" {
		var err error
		if weft {
			err = s.authorize(r, name)
		} else {
			grant, err = s.access(r.Context(), r, name, requestToken(r))
		}
		if err != nil {
			s.stats.connections.Add(-1)
			s.stats.refused.Add(1)
			s.refuseAccess(w, r, name, err)
			return
		}
	}
	conn, err := wsconn.Accept(w, r, wsconn.Options{
		ReadLimit: s.cfg.ReadLimit, Compression: s.cfg.Compression, Subprotocols: protocols,
	})
	if err != nil {
		s.stats.connections.Add(-1)
		s.log.Debug("handshake failed", "document", name, "remote", r.RemoteAddr, "error", err)
		return
	}
	if weft && conn.Subprotocol() != codec.WeftProtocol {
		// It was let in as one that asks for each document, and would not.
		s.stats.connections.Add(-1)
		s.closeConn(conn, codec.Internal, internalReason)
		return
	}
	s.start(name, conn, r, grant, judged)
}

// offersWeft reports whether a request offers the subprotocol weft.v1.
func offersWeft(r *http.Request) bool {
	for _, v := range r.Header.Values("Sec-WebSocket-Protocol") {
		for token := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(token), codec.WeftProtocol) {
				return true
			}
		}
	}
	return false
}

func (s *Server) authorize(r *http.Request, name string) error {
	if s.cfg.Authorize == nil {
		return nil
	}
	return s.cfg.Authorize(r, name)
}

func (s *Server) refuseUnauthorized(w http.ResponseWriter, r *http.Request, name string, err error) {
	status, reason := http.StatusForbidden, "not allowed to open this document"
	if se, ok := errors.AsType[*StatusError](err); ok && se.Status >= 400 && se.Status <= 599 {
		status, reason = se.Status, se.Reason
	}
	s.log.Info("connection refused", "document", name, "remote", r.RemoteAddr, "status", status, "error", err)
	refuse(w, status, reason)
}

// unavailable answers 503; clients come back.
func (s *Server) unavailable(w http.ResponseWriter, reason string) {
	w.Header().Set("Retry-After", "5")
	refuse(w, http.StatusServiceUnavailable, reason)
}

func refuse(w http.ResponseWriter, status int, reason string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(reason + "\n"))
}

// serveOwn answers what is below /_weft/.
func (s *Server) serveOwn(w http.ResponseWriter, r *http.Request, name string) {
	switch name {
	case "healthz":
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	case "readyz":
		ready := s.Readiness()
		status := http.StatusOK
		if !ready.Ready {
			status = http.StatusServiceUnavailable
		}
		writeJSON(w, status, ready)
	default:
		if s.page == nil || !s.page.serve(w, r, name) {
			refuse(w, http.StatusNotFound, "there is no such file")
		}
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "cannot encode the answer")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// servePage answers a browser that looks at a document's address.
func (s *Server) servePage(w http.ResponseWriter, r *http.Request, name string) {
	if err := s.cfg.Names.Check(name); err != nil {
		refuse(w, http.StatusForbidden, err.Error())
		return
	}
	w.Header().Add("Vary", "Accept")
	if !acceptsHTML(r) {
		refuse(w, http.StatusNotFound, "there is a page (text/html) and a WebSocket at this address")
		return
	}
	s.page.serveIndex(w, r, strings.Count(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/"))
}

// serveText answers a GET when there is no page.
func (s *Server) serveText(w http.ResponseWriter, name string) {
	const text = "This is a weft server. Documents are at ws://HOST/NAME, by the y protocol over WebSocket; there is no page here."
	if name == "" {
		refuse(w, http.StatusOK, text)
		return
	}
	w.Header().Set("Upgrade", "websocket")
	w.Header().Set("Connection", "Upgrade")
	refuse(w, http.StatusUpgradeRequired, text)
}
