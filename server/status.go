package server

// Status is what a server is doing.
type Status int32

const (
	// Serving: it takes connections.
	Serving Status = iota
	// Stopping: [Server.Shutdown] was called; newcomers get 503, and documents are
	// being stored.
	Stopping
	// Stopped: Shutdown has returned, or is about to; there is no connection and no
	// document any more.
	Stopped
)

// String returns the status in a lower-case word.
func (s Status) String() string { return word(int(s), "serving", "stopping", "stopped") }

// DocumentStatus is what a server is doing with a document.
type DocumentStatus int32

const (
	// Absent: it is not in memory. It may be in the store.
	Absent DocumentStatus = iota
	// Loading: somebody wants it, and it is being read from the store.
	Loading
	// Open: it is in memory, connected or wanted not long ago, and what is not
	// stored yet is on its way to the store.
	Open
	// Unsaved: as Open, but the store does not take what comes, so some of it is in
	// memory only. It is Open again when the store has all.
	Unsaved
	// Quarantined: it could not be loaded. Whoever wants it is turned away; Loading
	// follows when somebody wants it after a while, Absent when nobody does.
	Quarantined
)

// String returns the status in a lower-case word.
func (s DocumentStatus) String() string {
	return word(int(s), "absent", "loading", "open", "unsaved", "quarantined")
}

func word(i int, words ...string) string {
	if i < 0 || i >= len(words) {
		return "invalid"
	}
	return words[i]
}

// Status returns what the server is doing. Config.OnStatus is told each change.
func (s *Server) Status() Status { return Status(s.status.Load()) }

// DocumentStatus returns what the server is doing with a document.
// Config.OnDocument is told each change.
func (s *Server) DocumentStatus(name string) DocumentStatus {
	s.mu.Lock()
	h := s.rooms[name]
	s.mu.Unlock()
	if h == nil {
		return Absent
	}
	return DocumentStatus(h.status.Load())
}

// move changes the server's status, which only goes forward, and tells it.
func (s *Server) move(to Status) {
	for {
		was := s.status.Load()
		if was >= int32(to) {
			return
		}
		if s.status.CompareAndSwap(was, int32(to)) {
			break
		}
	}
	if s.cfg.OnStatus != nil {
		s.cfg.OnStatus(to)
	}
}

// move changes the document's status and tells it. It is of the room's goroutine.
func (h *roomHost) move(to DocumentStatus) {
	if DocumentStatus(h.status.Swap(int32(to))) != to && h.srv.cfg.OnDocument != nil {
		h.srv.cfg.OnDocument(h.name, to)
	}
}
