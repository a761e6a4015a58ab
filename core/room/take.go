package room

import "github.com/weft-sync/weft/core/codec"

// signOfLife is an awareness message without states.
var signOfLife = codec.EncodeY(codec.Message{Kind: codec.Awareness, Payload: []byte{0}})

// Take appends to frames what is to be written to a member, in this order: what
// only a member of JoinWeft is told, in one frame; the
// answer to its step 1, the room's own step 1 (once), updates as one message,
// presence states as one message; or a sign of life if there was nothing for too
// long. Everything is as of now, not of when it was caused.
//
// If there are frames, the member is being written to from then on, and is not
// ready before HandleWritten. A member that is not ready gets none. The frames
// are read-only, as members share them, and stay valid. Take panics with a
// codec.UsageError if an Append is due.
func (r *Room) Take(id Member, frames [][]byte) [][]byte {
	r.mustBeSealed()
	m := r.find(id)
	if m == nil || !r.hasNews(m) {
		return frames
	}
	n := len(frames)
	if m.seat != nil {
		frames = r.takeNotices(m, frames)
	}
	frames = r.takeUpdates(m, frames)
	frames = r.takePresence(m, frames)
	if m.overdue && len(frames) == n {
		frames = append(frames, signOfLife)
		r.stats.Keepalives++
	}
	m.overdue = false
	if len(frames) > n {
		m.phase = m.phase.next(take)
		r.quiet.leave(m)
		r.stats.Writes++
		r.stats.Sent += uint64(len(frames) - n)
		for _, f := range frames[n:] {
			r.stats.SentSize += uint64(len(f))
		}
	}
	if r.due--; r.due <= 0 {
		r.shared.reset()
		r.dropLoads()
	}
	return frames
}

// takeUpdates appends what m lacks of the document. m follows the log afterwards
// and is at its end.
func (r *Room) takeUpdates(m *member, frames [][]byte) [][]byte {
	if m.feed == following {
		if m.at == r.log.end() {
			return frames
		}
		if m.at >= r.log.first {
			if frame, err := r.queued(m); err == nil {
				r.follow(m)
				r.countTraffic(m, len(frame))
				return append(frames, frame)
			}
			// Too large to be merged, so it is replaced.
			r.log.exit(m.at)
			r.stats.Replaced++
		}
		m.feed = m.feed.next(overflow)
	}
	if m.seat != nil {
		return r.takeAnswer(m, frames)
	}
	r.creditQueued(m)
	switch m.feed {
	case asked:
		frames = append(frames, r.diff(codec.SyncStep2, m.known))
		r.stats.Synced++
		if !m.greeted || m.many {
			m.greeted = true
			frames = append(frames, r.ownStep1())
		}
	case behind:
		if frame := r.diff(codec.SyncUpdate, knownBy(m)); frame != nil {
			frames = append(frames, frame)
			r.stats.Diffs++
		}
	}
	m.feed = m.feed.next(take)
	m.at = r.log.enter()
	r.trim()
	r.renew(m)
	return frames
}

// takeAnswer is the rest of takeUpdates for a member that can be sent a large answer
// in parts. It has a place in the log from the first part on, and reads on from
// there after the last.
func (r *Room) takeAnswer(m *member, frames [][]byte) [][]byte {
	if m.feed == loading {
		frames = r.takeLoad(m, 0, nil, frames)
	} else {
		r.creditQueued(m)
		n := len(frames)
		if m.feed == asked {
			frames = r.takeLoad(m, codec.SyncCross, m.known, frames)
			r.stats.Synced++
		} else if frames = r.takeLoad(m, codec.SyncUpdate, knownBy(m), frames); len(frames) > n {
			r.stats.Diffs++
		}
		m.at = r.log.enter()
		r.trim()
		r.renew(m)
	}
	if m.seat.load != nil {
		m.feed = m.feed.next(part)
	} else {
		m.feed = m.feed.next(take)
	}
	return frames
}

// follow moves m, which follows, to the end of the log.
func (r *Room) follow(m *member) {
	r.log.exit(m.at)
	m.at = r.log.enter()
	r.trim()
}

// queued returns the frame with everything from m's place on, without what m
// sent itself. Members that are at the same place share it.
func (r *Room) queued(m *member) ([]byte, error) {
	own := m.authored > m.at
	if !own {
		if frame := r.log.cached(m.at); frame != nil {
			return frame, nil
		}
	}
	r.updates = r.updates[:0]
	for n := m.at; n < r.log.end(); n++ {
		if b := r.log.batch(n); own {
			r.updates = b.others(m, r.updates)
		} else {
			r.updates = append(r.updates, b.update)
		}
	}
	u, err := merge(r.updates)
	clear(r.updates)
	if err != nil {
		return nil, err
	}
	frame := codec.EncodeY(codec.Message{Kind: codec.SyncUpdate, Payload: u})
	if !own {
		r.log.cache(m.at, frame)
	}
	return frame, nil
}

// creditQueued counts as known to m what it sent itself and is still in the log.
// (What is not any more was counted by trim.)
func (r *Room) creditQueued(m *member) {
	r.updates = r.updates[:0]
	for n := max(m.at, r.log.first); n < min(m.authored, r.log.end()); n++ {
		if own := r.log.batch(n).own(m); own != nil {
			r.updates = append(r.updates, own)
		}
	}
	if len(r.updates) > 0 {
		m.known = withOwn(knownBy(m), r.updates...)
		clear(r.updates)
	}
}

// takePresence appends the presence states that m does not know. They go also to
// who wrote them: y-websocket's provider needs an answer to the renewals that it
// sends every 15 s, or it gives the connection up.
func (r *Room) takePresence(m *member, frames [][]byte) [][]byte {
	version := r.states.Version()
	switch {
	case m.inquired || m.newcomer && r.states.Len() > 0:
		frames = append(frames, r.shared.everyone(r.states))
	case !m.newcomer && m.seen != version:
		if frame := r.shared.since(r.states, m.seen); frame != nil {
			frames = append(frames, frame)
		}
	}
	m.newcomer, m.inquired, m.seen = false, false, version
	return frames
}
