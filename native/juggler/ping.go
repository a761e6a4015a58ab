package juggler

import "time"

// hear notes that something has come from the peer.
func (l *link) hear() { l.heard.Store(int64(time.Since(l.started))) }

// startPings begins to watch for silence: when nothing has come for pingDelay the
// peer is asked, and when nothing has come for pingTimeout after that the connection
// ends. Anything that comes is a sign of life.
func (l *link) startPings() {
	if l.cfg.pingDelay <= 0 {
		return
	}
	l.timerMu.Lock()
	defer l.timerMu.Unlock()
	if l.ctx.Err() == nil {
		l.timer = time.AfterFunc(l.cfg.pingDelay, l.watch)
	}
}

func (l *link) stopPings() {
	l.timerMu.Lock()
	defer l.timerMu.Unlock()
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
}

// watch is called by the timer, at the earliest time at which something may be due.
func (l *link) watch() {
	l.timerMu.Lock()
	defer l.timerMu.Unlock()
	if l.timer == nil {
		return
	}
	if !l.reading.Load() {
		l.hear() // the peer cannot be heard while this side does not listen
	}
	heard := l.heard.Load()
	silence := time.Since(l.started) - time.Duration(heard)
	limit := l.cfg.pingDelay
	l.asked = l.asked && heard == l.heardBefore
	if l.asked {
		limit += l.cfg.pingTimeout
	}
	switch {
	case silence < limit:
		l.timer.Reset(limit - silence)
	case l.asked:
		l.end(ErrSilent, 0)
	default:
		l.asked, l.heardBefore = true, heard
		l.timer.Reset(l.cfg.pingTimeout)
		l.sendPing()
	}
}

// sendPing asks the peer for a sign of life. It does not wait: behind a full outbox
// the ping is due when the peer has taken some of it, which it need not tell.
func (l *link) sendPing() {
	if l.cfg.transport == Segmented {
		l.write(l.out.ping([]byte{pingFrame}))
	} else if _, err := l.post(l.cfg.ping()); err != nil {
		return // it is ending
	}
}
