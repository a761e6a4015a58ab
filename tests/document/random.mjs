// Random operations on whatever types a document has, and random scripts in
// which several clients edit, send, miss and catch up.

import { kindOf, getRoot, splitRoot } from './values.mjs'
import { Script } from './script.mjs'
import { NARROW, Prng } from '../vectors/prng.mjs'
import * as Y from 'yjs'

/** Client ids of one to eight bytes. */
export const CLIENTS = [2 ** 53 - 1, 2 ** 45 + 77, 2 ** 32 + 5, 4_000_000_000, 128, 127, 2, 1]

const KEYS = ['a', 'key', 'ключ', '鍵']
const NAMES = ['p', 'h1', 'ü']
const FORMATS = [['bold', [true, null]], ['em', [{}, null]], ['color', ['#fff', '#000', null]], ['link', [{ href: 'x', rel: [1] }, null]]]
const PLAIN = [
  null, true, false, 0, -1, 63, 64, -64, 2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1, -(2 ** 53 - 1), 0.5, -0.1, 1e300, 2 ** 60,
  '', 'text', '😀', { n: [1, { d: null }] }, {}, [], [[1], 'x'], { z: 1, a: 2, 7: 3 },
  { $undefined: true }, { $bigint: '12' }, { $bigint: '-9223372036854775808' }, { $bytes: '' }, { $bytes: 'AP8=' },
  { $number: 'NaN' }, { $number: 'Infinity' }, { $number: '-0' }, { u: { $undefined: true }, b: [{ $bytes: 'AQI=' }] }
]

const attributes = (r, most = 2) => {
  const out = {}
  for (let n = r.between(1, most); n > 0; n--) {
    const [name, values] = r.pick(FORMATS)
    out[name] = r.pick(values)
  }
  return out
}

// What text gets when it is inserted: what is around it, nothing, or something.
const given = r => r.pick([null, null, {}, attributes(r)])

const value = (r, o, depth) => {
  if (o.nested && depth < 3 && r.chance(25)) return nested(r, o, depth)
  if (o.subdocs && r.chance(8)) return { $doc: 'guid-' + r.below(1000), options: r.pick([{}, { autoLoad: true }, { gc: false, meta: { title: 'é' } }, { meta: 'm' }]) }
  return r.pick(PLAIN)
}

// Yjs takes undefined and big integers in a Map, and refuses them in an Array.
const item = (r, o, depth) => {
  const v = value(r, o, depth)
  return v?.$undefined || v?.$bigint ? null : v
}
const values = (r, o, depth, most = 3) => Array.from({ length: r.between(1, most) }, () => item(r, o, depth))
const entries = (r, o, depth) => KEYS.filter(() => r.chance(30)).map(k => [k, value(r, o, depth)])

const nested = (r, o, depth) => {
  switch (r.below(6)) {
    case 0: return { $type: 'array', items: values(r, o, depth + 1) }
    case 1: return { $type: 'map', entries: entries(r, o, depth + 1) }
    case 2: return { $type: 'text', delta: inserts(r) }
    case 3: return { $type: 'map' }
    case 4: return { $type: 'array' }
    default: return r.chance(50) ? { $type: 'text' } : r.chance(20) ? { $type: 'fragment' } : node(r, { ...o, hooks: false }, depth + 1)
  }
}

const inserts = r => Array.from({ length: r.below(3) }, () => r.chance(40) ? { insert: r.text(), attributes: attributes(r) } : { insert: r.text() })

const node = (r, o, depth) => {
  switch (r.below(5)) {
    case 0: case 1: return { $type: 'xmltext', delta: inserts(r) }
    case 2: return depth < 3 ? { $type: 'element', name: r.pick(NAMES), children: nodes(r, { ...o, hooks: true }, depth + 1), attributes: [['id', r.text(2)]] } : { $type: 'xmltext' }
    case 3: return { $type: 'element', name: r.pick(NAMES) }
    default: return o.hooks !== false && r.chance(30) ? { $type: 'hook', name: 'hook', entries: entries(r, { ...o, nested: false }, depth) } : { $type: 'element', name: 'br' }
  }
}

const nodes = (r, o, depth) => Array.from({ length: r.between(1, 2) }, () => node(r, o, depth))

/** The types that can be reached, each with its path. */
const reachable = (doc, roots) => {
  const out = []
  const visit = (type, path) => {
    out.push({ type, path })
    if (path.length > 4) return
    const child = (c, at) => { if (c instanceof Y.AbstractType) visit(c, [...path, at]) }
    switch (kindOf(type)) {
      case 'array': case 'fragment': case 'element': type.toArray().forEach(child); break
      case 'map': case 'hook': for (const [k, c] of type.entries()) child(c, k); break
      default: {
        let at = 0
        for (const { insert } of type.toDelta()) { child(insert, at); at += typeof insert === 'string' ? insert.length : 1 }
      }
    }
  }
  for (const root of roots) visit(getRoot(doc, ...splitRoot(root)), [root])
  return out
}

const range = (r, length, most) => { const at = r.below(length); return [at, r.between(1, Math.min(length - at, most))] }

const textOperation = (r, o, { type, path }) => {
  const at = r.below(type.length + 1)
  const plain = !o.rich
  if (type.length > 0 && r.chance(plain ? 35 : 20)) return ['text.delete', path, ...range(r, type.length, 6)]
  if (plain || r.chance(40)) return ['text.insert', path, at, r.text(8), plain ? null : given(r)]
  switch (r.below(8)) {
    case 0: return ['text.embed', path, at, o.nested && r.chance(40) ? { $type: r.pick(['map', 'array']) } : { image: r.text(3) }, r.chance(30) ? attributes(r) : null]
    case 1: case 2: case 3: return type.length > 0 ? ['text.format', path, ...range(r, type.length, 6), attributes(r)] : ['text.insert', path, at, r.text(8), given(r)]
    case 4: return ['text.set', path, r.pick(KEYS), value(r, { ...o, nested: false }, 0)]
    case 5: return ['text.unset', path, r.pick(KEYS)]
    default: return ['text.delta', path, delta(r, type.length)]
  }
}

const delta = (r, length) => {
  const out = []
  for (let n = r.between(1, 4); n > 0; n--) {
    const some = r.chance(40) ? { attributes: attributes(r) } : {}
    const go = r.between(1, 5)
    switch (r.below(4)) {
      case 0: if (go <= length) { out.push({ retain: go, ...some }); length -= go; break } // falls through
      case 1: if (go <= length) { out.push({ delete: go }); length -= go; break } // falls through
      case 2: out.push({ insert: r.chance(80) ? r.text() : { image: 'i' }, ...some }); break
      default: out.push({ insert: r.text(), ...some })
    }
  }
  return out
}

const listOperation = (r, o, { type, path }, kind) => {
  const depth = path.length - 1
  const xml = kind !== 'array'
  const make = () => xml ? nodes(r, o, depth) : values(r, o, depth, 4)
  if (type.length > 0 && r.chance(30)) return [xml ? 'xml.delete' : 'array.delete', path, ...range(r, type.length, 3)]
  if (xml && r.chance(20)) return ['xml.after', path, r.below(type.length + 1) - 1, make()]
  if (!xml && r.chance(25)) return ['array.push', path, make()]
  return [xml ? 'xml.insert' : 'array.insert', path, r.below(type.length + 1), make()]
}

const mapOperation = (r, o, { type, path }) => {
  const subdoc = [...type.entries()].find(([, v]) => v instanceof Y.Doc)
  if (subdoc && r.chance(30)) return ['doc.load', path, subdoc[0]]
  if (r.chance(75)) return ['map.set', path, r.pick(KEYS), value(r, o, path.length - 1)]
  return r.chance(5) ? ['map.clear', path] : ['map.delete', path, r.pick(KEYS)]
}

/** One operation on some type of a document. */
const operation = (r, doc, roots, o) => {
  const all = reachable(doc, roots)
  const target = r.chance(60) ? r.pick(all) : r.pick(all.filter(t => t.path.length === 1))
  const kind = kindOf(target.type)
  switch (kind) {
    case 'text': case 'xmltext': return textOperation(r, o, target)
    case 'map': case 'hook': return mapOperation(r, { ...o, nested: o.nested && kind === 'map' }, target)
    case 'array': return listOperation(r, o, target, kind)
    default:
      if (kind === 'element' && r.chance(40)) return r.chance(80) ? ['xml.set', target.path, r.pick(KEYS), r.chance(80) ? r.text(3) : value(r, { ...o, nested: false, subdocs: false }, 0)] : ['xml.unset', target.path, r.pick(KEYS)]
      return listOperation(r, o, target, kind)
  }
}

/** Some operations, each made for what the one before has left. */
export const operations = function * (r, doc, o, count) {
  for (; count > 0; count--) yield operation(r, doc, o.roots, o)
}

const EMPTY = Uint8Array.of(0) // the state vector of who has nothing

/** The kinds of random scripts: which roots are edited, and with what. */
export const KINDS = {
  plain: { roots: ['text:t'] },
  rich: { roots: ['text:t'], rich: true },
  array: { roots: ['array:a'] },
  map: { roots: ['map:m'] },
  nested: { roots: ['array:a', 'map:m'], nested: true, rich: true },
  xml: { roots: ['xml:x'], rich: true },
  subdocs: { roots: ['map:m', 'array:a'], subdocs: true },
  all: { roots: ['text:t', 'array:a', 'map:m', 'xml:x', 'element:e', 'xmltext:s'], nested: true, rich: true, subdocs: true }
}

/**
 * Writes a random script: clients edit, a sender's updates reach a receiver in
 * order but at any time, clients disconnect, and catch up by asking for what
 * they lack. In the end each has had all. With overlap they also get what they have,
 * whole structs and parts of some. What Yjs does then with blocks that it has is not done
 * here: it leaves some in pieces, and some surrogate pairs too, of which there are none.
 *
 * @param {{ kind: string, clients?: number, steps?: number, checks?: number, gc?: boolean, observe?: boolean, undo?: boolean | 'varied', snapshots?: boolean, overlap?: boolean, sink: (line: object) => void }} options
 */
export const randomScript = (name, seed, { kind, clients = 3, steps = 60, checks = 4, gc = true, observe = false, undo = false, snapshots = false, overlap = false, sink }) => {
  const r = new Prng(seed, overlap ? NARROW : undefined)
  const o = KINDS[kind]
  const ids = r.shuffled(CLIENTS).slice(0, clients)
  const s = new Script(name, { clients: ids, gc, roots: o.roots, observe, exact: !overlap, sink })
  // queues[to][from] has the numbers of updates on their way.
  const queues = ids.map(() => ids.map(() => []))
  const online = ids.map(() => true)
  const send = (from, made) => made.filter(u => u.local).forEach(({ n }) =>
    queues.forEach((q, to) => { if (to !== from && online[to] && online[from]) q[from].push(n) }))
  const receive = (to, n) => send(to, s.apply(to, n, r.chance(20) ? 2 : 1))
  const sync = (a, b) => {
    receive(b, s.diff(a, s.vector(b)))
    receive(a, s.diff(b, s.vector(a)))
  }
  const managers = undo ? ids.map((_, i) => s.manager(i, o.roots.map(root => [root]))) : []
  if (undo === 'varied') {
    // Some look after a part, take others' changes for their own, or write over what others set.
    managers.forEach((_, i) => {
      const roots = r.some(o.roots, 70)
      managers[i] = s.manager(i, (roots.length ? roots : o.roots).map(root => [root]), {
        captureTimeout: r.pick([0, 500]), origins: r.chance(30) ? ['remote'] : [], ignoreRemoteMapChanges: r.chance(40)
      })
    })
  }
  const positions = []
  const vectors = []
  const taken = ids.map(() => [])
  for (let step = 1; step <= steps; step++) {
    const i = r.below(ids.length)
    const wait = undo ? r.pick([0, 100, 400, 600]) : 0
    if (undo && r.chance(25)) {
      if (r.chance(15)) s.undo(i, managers[i], 'stopCapturing')
      else send(i, s.undo(i, managers[i], r.chance(3) ? 'clear' : r.chance(60) ? 'undo' : 'redo', { wait }))
    } else {
      const origin = r.chance(10) ? 'someone' : undefined
      send(i, s.local(i, operations(r, s.docs[i], o, r.chance(25) ? 3 : 1), { origin, wait }))
    }
    for (let n = r.below(3); n > 0; n--) {
      const to = r.below(ids.length)
      const from = r.below(ids.length)
      if (queues[to][from].length) receive(to, queues[to][from].shift())
    }
    if (overlap && r.chance(10)) {
      const from = r.below(ids.length)
      if (from !== i) receive(i, s.diff(from, vectors.length && r.chance(50) ? r.pick(vectors) : EMPTY))
    }
    if (r.chance(2)) online[i] = false
    else if (!online[i] && r.chance(20)) {
      online[i] = true
      queues[i].forEach(q => { q.length = 0 })
      online.forEach((on, k) => { if (on && k !== i) { queues[i][k] = []; queues[k][i] = []; sync(i, k) } })
    }
    if (r.chance(6) && kind !== 'map' && kind !== 'subdocs') {
      const path = [o.roots[0]]
      const length = getRoot(s.docs[i], ...splitRoot(o.roots[0])).length
      positions.push(s.relative(i, path, r.below(length + 1), r.pick([0, -1])))
    }
    if (snapshots && r.chance(5)) taken[i].push(s.snapshot(i))
    if (snapshots && taken[i].length && r.chance(5)) {
      if (!gc) s.restore(i, r.pick(taken[i]))
      const texts = o.roots.filter(root => root.startsWith('text:'))
      if (texts.length && !overlap) s.compare(i, [r.pick(texts)], r.pick([undefined, r.pick(taken[i])]), r.pick([undefined, r.pick(taken[i])]))
    }
    if (positions.length && r.chance(6)) s.absolute(i, r.pick(positions), r.chance(70))
    if (r.chance(10)) vectors.push(s.vector(i))
    if (step % Math.ceil(steps / checks) === 0) s.check(i, { since: r.some(vectors, 30).slice(-2) })
  }
  online.fill(true)
  for (let round = 0; round < 3; round++) {
    for (let k = 1; k < ids.length; k++) sync(0, k)
  }
  ids.forEach((_, i) => s.check(i))
  s.end()
}
