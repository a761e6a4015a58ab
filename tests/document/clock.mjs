// The clock of the documents under test: Yjs's undo manager asks Date.now, which
// lib0 takes when it is first imported. This module is therefore imported before
// yjs, and a script's steps say what time it is.

const real = Date.now
let now

Date.now = () => now ?? real()

/** Sets the time in milliseconds; undefined gives the real one back. */
export const setTime = ms => { now = ms }
