package server

import "net/http"

// A Processor looks at a request before the server does, a WebSocket's handshake
// among them. It may answer the request, and then returns true: neither the server nor
// a later processor sees it. Otherwise it returns false and must not have written
// anything. It may be called from many goroutines at once.
//
// It decides about a request as a whole. Who may have which document is the affair of
// [Config].Authorize and [Config].Access.
type Processor func(w http.ResponseWriter, r *http.Request) (answered bool)

// answered reports whether a processor has answered the request.
func (s *Server) answered(w http.ResponseWriter, r *http.Request) bool {
	for _, p := range s.cfg.Processors {
		if p(w, r) {
			s.stats.refused.Add(1)
			return true
		}
	}
	return false
}

// BasicAuth returns a Processor that asks for a user's name and password (RFC 7617):
// a request without a pair that check accepts is answered with 401. It lets the two
// addresses for probes, which tell nothing of documents, pass. check may be called
// from many goroutines at once.
func BasicAuth(check func(user, password string) bool) Processor {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if user, password, ok := r.BasicAuth(); ok && check(user, password) {
			return false
		}
		if r.URL.Path == "/"+ownPrefix+"healthz" || r.URL.Path == "/"+ownPrefix+"readyz" {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="weft", charset="UTF-8"`)
		refuse(w, http.StatusUnauthorized, "a user's name and password are needed")
		return true
	}
}
