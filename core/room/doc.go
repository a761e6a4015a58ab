// Package room is the server side of one document: it answers handshakes,
// spreads updates and presence among the members, and tells its host what has
// to be stored before what may be sent.
//
// It contains no goroutines, no I/O and no clock, and it keeps no document
// itself: a [Document] does, which package update and, later, package crdt
// provide. It does not know who may enter a room; the host decides that before
// it calls Join. Frames are those of the y framing, see package codec.
//
// The main type is [Room]. One goroutine owns a room, and drives it:
//
//	for batch := range inbox { // everything that has come meanwhile
//		now := clock.Now()
//		for _, e := range batch {
//			switch e.kind {
//			case joined:  r.Join(now, e.member)
//			case frame:   if err := r.HandleFrame(now, e.member, e.frame); err != nil { close(e.member, err); r.Leave(now, e.member) }
//			case written: r.HandleWritten(now, e.member)
//			case left:    r.Leave(now, e.member)
//			case stored:  r.HandleStored(e.seq)
//			}
//		}
//		r.HandleTime(now)
//		if update, seq, ok := r.Append(); ok {
//			log.Append(update, func(err error) { inbox.post(stored, seq, err) })
//		}
//		for _, m := range r.Ready() {
//			frames = r.Take(m, frames[:0])
//			write(m, frames) // posts written when done
//		}
//		timer.Reset(r.NextWake())
//	}
//
// # Batches
//
// What is handled between two calls of [Room.Append] is one batch. The fresh
// updates of a batch are merged into one, which is what Append returns, and
// what each member gets of it is one update without those that it sent itself.
// So a single keystroke leaves at once, and under load there are fewer and
// larger frames, not slower ones. What a member is sent is computed when it is
// taken: a member that is slow to read gets what has gathered as one update.
//
// # What has to be stored before what is sent
//
// The update that Append returns must be handed to the store, in order, before
// the frames that Take returns after it are sent. Then nobody has seen what the
// store has not been told. It need not be durable by then; the store's answer
// comes later through [Room.HandleStored], and [Room.Stored] is what may be
// reported as saved. Ready and Take panic when an Append is due.
//
// # Limits
//
// A room's memory beyond its document is bounded. All members read from one log
// of recent updates, which holds at most Config.QueueLimit bytes (and always the
// newest batch). A member that falls behind its beginning is sent one diff
// against what it is known to have, whenever it reads again. Nobody is
// disconnected for being slow, and a slow member costs the log and its place in
// it. Presence is bounded by awareness.Limits. A member costs about 200 bytes;
// one that never said anything is never sent anything.
package room
