// A script: what is done to some documents, and what Yjs makes of it. README.md
// has the form of each step. Recording a script and doing it are one: each method
// does its step on the Yjs documents and hands the line to the sink.

import { setTime } from './clock.mjs'
import { deltaForm, kindOf, splitRoot, toForm, views } from './values.mjs'
import { operate, resolve } from './operations.mjs'
import * as Y from 'yjs'

const hex = bytes => Buffer.from(bytes).toString('hex')
const bytes = text => new Uint8Array(Buffer.from(text, 'hex'))

export class Script {
  /**
   * @param {string} name
   * @param {{ clients: number[], gc?: boolean | boolean[], roots: string[], observe?: boolean, exact?: boolean, sink: (line: object) => void }} options
   *   exact is false where states have the same content, perhaps in other pieces
   */
  constructor (name, { clients, gc = true, roots, observe = false, exact = true, sink }) {
    this.sink = sink
    this.roots = roots
    this.observing = observe
    this.exact = exact
    this.updates = []
    this.now = 1_000_000
    this.managers = []
    const docs = clients.map((client, i) => ({ client, gc: Array.isArray(gc) ? gc[i] : gc }))
    sink({ script: name, docs, roots, observe })
    this.docs = docs.map(({ client, gc }) => {
      const doc = new Y.Doc({ guid: 'script', gc })
      doc.clientID = client
      this.#listen(doc)
      return doc
    })
  }

  #listen (doc) {
    doc.on('update', (v1, _origin, _doc, tr) => this.#made.push({ v1, local: tr.local }))
    doc.on('updateV2', v2 => { this.#made[this.#made.length - 1].v2 = v2 })
    doc.on('subdocs', ({ added, loaded, removed }) => {
      this.#subdocs.push({ added: guids(added), loaded: guids(loaded), removed: guids(removed) })
    })
    for (const root of this.roots) {
      const type = resolve(doc, [root])
      if (this.observing) type.observeDeep(events => this.#events.push([root, ...events.map(eventForm)]))
    }
  }

  #made = []
  #events = []
  #subdocs = []
  #stack = []

  /** Runs f and writes the line of a step with what came of it; returns the updates made. */
  #step (line, f) {
    this.#made = []
    this.#events = []
    this.#subdocs = []
    this.#stack = []
    setTime(line.now ?? this.now)
    try {
      f?.()
    } catch (e) {
      line.throws = true
      line.why = e.message
    }
    setTime(undefined)
    if (this.#made.length) line.updates = this.#made.map(({ v1, v2, local }) => [hex(v1), hex(v2), local])
    if (this.#events.length) line.events = this.#events
    if (this.#subdocs.length) line.subdocs = this.#subdocs
    if (this.#stack.length) line.stack = this.#stack
    const made = this.#made.map(u => ({ n: this.updates.push(u) - 1, ...u }))
    this.sink(line)
    return made
  }

  /**
   * Does operations in one transaction. Returns the updates it made, with their numbers.
   *
   * @param {Iterable<Array>} operations asked for one by one, when those before are done
   */
  local (on, operations, { origin, wait = 0 } = {}) {
    this.now += wait
    const line = { on, do: [] }
    if (origin !== undefined) line.origin = origin
    if (wait) line.now = this.now
    const doc = this.docs[on]
    return this.#step(line, () => doc.transact(() => {
      for (const o of operations) {
        line.do.push(o)
        operate(doc, o)
      }
    }, origin ?? null))
  }

  /** Applies update n, of the given version of the format. */
  apply (on, n, version = 1) {
    const line = version === 1 ? { on, apply: n } : { on, apply: n, version }
    return this.#step(line, () => version === 1 ? Y.applyUpdate(this.docs[on], this.updates[n].v1, 'remote') : Y.applyUpdateV2(this.docs[on], this.updates[n].v2, 'remote'))
  }

  /** Adds an update that no document of the script made; returns its number. */
  given (v1, v2 = Y.convertUpdateFormatV1ToV2(v1)) {
    const n = this.updates.push({ v1, v2 }) - 1
    this.sink({ given: [hex(v1), hex(v2)] })
    return n
  }

  /** The state vector of a document. */
  vector (on) { return Y.encodeStateVector(this.docs[on]) }

  /** Adds what document on has and a state vector has not; returns its number. */
  diff (on, sv) {
    const v1 = Y.encodeStateAsUpdate(this.docs[on], sv)
    const v2 = Y.encodeStateAsUpdateV2(this.docs[on], sv)
    const n = this.updates.push({ v1, v2 }) - 1
    this.sink({ on, diff: hex(sv), updates: [[hex(v1), hex(v2)]], ...this.exact || { loose: true } })
    return n
  }

  /** Adds the merge of some updates; returns its number. */
  merge (numbers) {
    const v1 = Y.mergeUpdates(numbers.map(n => this.updates[n].v1))
    const v2 = Y.mergeUpdatesV2(numbers.map(n => this.updates[n].v2))
    const n = this.updates.push({ v1, v2 }) - 1
    this.sink({ merge: numbers, updates: [[hex(v1), hex(v2)]] })
    return n
  }

  /** Gives document on an undo manager; returns its number. */
  manager (on, scope, { captureTimeout = 500, origins = [], ...others } = {}) {
    const m = new Y.UndoManager(scope.map(path => resolve(this.docs[on], path)), { captureTimeout, trackedOrigins: new Set([null, ...origins]), ...others })
    const n = this.managers.push(m) - 1
    m.on('stack-item-added', ({ type }) => this.#stack.push(['added', type]))
    m.on('stack-item-updated', ({ type }) => this.#stack.push(['updated', type]))
    m.on('stack-item-popped', ({ type }) => this.#stack.push(['popped', type]))
    m.on('stack-cleared', e => this.#stack.push(['cleared', e.undoStackCleared, e.redoStackCleared]))
    this.sink({ on, manager: n, scope, captureTimeout, origins, ...others })
    return n
  }

  /** Tells undo manager n to undo, redo, stopCapturing or clear. */
  undo (on, n, what, { wait = 0 } = {}) {
    this.now += wait
    const m = this.managers[n]
    const line = { on, undo: n, what }
    if (wait) line.now = this.now
    return this.#step(line, () => {
      const done = m[what]()
      if (what === 'undo' || what === 'redo') line.done = done !== null
      line.stacks = [m.undoStack.length, m.redoStack.length]
    })
  }

  /** Lets undo manager n look after another type. */
  widen (on, n, path) {
    this.managers[n].addToScope(resolve(this.docs[on], path))
    this.sink({ on, undo: n, what: 'addToScope', path })
  }

  /** Writes what document on is. exact is false where only the content is settled, not the bytes. */
  check (on, { exact = this.exact, since = [], ...more } = {}) {
    const doc = this.docs[on]
    const line = { on, check: views(doc, this.roots), vector: hex(Y.encodeStateVector(doc)) }
    if (exact) {
      const snapshot = Y.snapshot(doc)
      line.state = [hex(Y.encodeStateAsUpdate(doc)), hex(Y.encodeStateAsUpdateV2(doc))]
      line.snapshot = [hex(Y.encodeSnapshot(snapshot)), hex(Y.encodeSnapshotV2(snapshot))]
      if (since.length) line.diffs = since.map(sv => [hex(sv), hex(Y.encodeStateAsUpdate(doc, sv)), hex(Y.encodeStateAsUpdateV2(doc, sv))])
    }
    this.sink({ ...line, ...more })
    return line
  }

  /** Makes the relative position of an index; returns its bytes in hexadecimal. */
  relative (on, path, index, assoc) {
    const p = Y.createRelativePositionFromTypeIndex(resolve(this.docs[on], path), index, assoc)
    const encoded = hex(Y.encodeRelativePosition(p))
    this.sink({ on, relative: path, index, assoc, bytes: encoded, json: Y.relativePositionToJSON(p) })
    return encoded
  }

  /** Resolves a relative position. follow is whether undone deletions are followed. */
  absolute (on, position, follow = true) {
    const doc = this.docs[on]
    const a = Y.createAbsolutePositionFromRelativePosition(Y.decodeRelativePosition(bytes(position)), doc, follow)
    const line = { on, absolute: position, follow, index: a && a.index }
    if (a !== null) {
      line.assoc = a.assoc
      const path = this.#pathOf(doc, a.type)
      if (path !== null) line.path = path
    }
    this.sink(line)
  }

  /** The path of a type, or null of one that is deleted. */
  #pathOf (doc, type) {
    const path = []
    while (type._item !== null) {
      if (type._item.deleted) return null
      const parent = type._item.parent
      if (type._item.parentSub !== null) path.unshift(type._item.parentSub)
      else {
        let i = 0
        for (let c = parent._start; c !== type._item; c = c.right) if (!c.deleted && c.countable) i += c.length
        path.unshift(i)
      }
      type = parent
    }
    const name = [...doc.share].find(([, root]) => root === type)[0]
    return [this.roots.find(r => splitRoot(r)[1] === name), ...path]
  }

  /** Takes a snapshot of document on; returns its bytes in hexadecimal. */
  snapshot (on) { return hex(Y.encodeSnapshot(Y.snapshot(this.docs[on]))) }

  /** Restores a document as it was; only without garbage collection. */
  restore (on, snapshot) {
    const line = { on, restore: snapshot }
    const doc = Y.createDocFromSnapshot(this.docs[on], Y.decodeSnapshot(bytes(snapshot)))
    line.check = views(doc, this.roots)
    line.state = [hex(Y.encodeStateAsUpdate(doc)), hex(Y.encodeStateAsUpdateV2(doc))]
    line.vector = hex(Y.encodeStateVector(doc))
    this.sink(line)
  }

  /** Writes the delta of a text between two snapshots. */
  compare (on, path, now, before) {
    const delta = resolve(this.docs[on], path).toDelta(
      now && Y.decodeSnapshot(bytes(now)), before && Y.decodeSnapshot(bytes(before)))
    this.sink({ on, compare: path, to: now, from: before, delta: deltaForm(delta) })
  }

  /** Ends the script: its documents are given up. */
  end () {
    this.managers.forEach(m => m.destroy())
    this.docs.forEach(d => d.destroy())
  }
}

const guids = docs => [...docs].map(d => d.guid).sort()

/** What an event tells: its path from the observed root, the change of the sequence, and of the keys. */
const eventForm = event => {
  const out = { path: event.path, target: kindOf(event.target) }
  const delta = deltaForm(event.delta)
  if (delta.length) out.delta = delta
  const keys = [...event.keys].map(([k, { action, oldValue }]) => [k, action === 'add' ? { action } : { action, oldValue: toForm(oldValue) }])
  if (keys.length) out.keys = Object.fromEntries(keys.sort(([a], [b]) => a < b ? -1 : 1))
  return out
}
