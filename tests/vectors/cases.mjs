// The cases: what goes into Yjs, and what comes out.

import * as Y from 'yjs'
import * as b from './bytes.mjs'
import { Case } from './case.mjs'
import { editedInV2, handmadeInV2, inV2, randomValues, refusedInV2, values } from './cases_v2.mjs'
import { edit, CLIENTS } from './editing.mjs'
import { Prng } from './prng.mjs'
import { randomStateVector, randomUpdate } from './random.mjs'

/** A case of version 1. */
class CaseV1 extends Case {
  constructor (name) {
    super(name)
    this.merges = []
    this.diffs = []
    this.vectors = []
    this.invalid = []
  }

  merge (updates) {
    const out = Y.mergeUpdates(updates)
    this.merges.push([updates.map(u => this.blob(u)), this.blob(out)])
    return out
  }

  diff (u, sv) {
    const out = Y.diffUpdate(u, sv)
    this.diffs.push([this.blob(u), this.blob(sv), this.blob(out)])
    return out
  }

  vector (u) {
    const out = Y.encodeStateVectorFromUpdate(u)
    this.vectors.push([this.blob(u), this.blob(out)])
    return out
  }

  /** An update that some part of Yjs throws on. */
  refused (u) {
    const doc = new Y.Doc()
    const uses = [
      () => Y.mergeUpdates([u, EMPTY]),
      () => Y.applyUpdate(doc, u)
    ]
    if (uses.every(use => { try { use(); return true } catch { return false } })) {
      throw new Error(`${this.name}: Yjs takes ${Buffer.from(u).toString('hex')}`)
    }
    this.invalid.push(this.blob(u))
  }

  toJSON () {
    const { name, blobs, merges, diffs, vectors, invalid } = this
    return { name, blobs, merges, diffs, vectors, invalid }
  }
}

const EMPTY = new Uint8Array([0, 0])

/** A state vector near another: some clocks lower, some clients unknown. */
const near = (r, sv) => b.stateVector([...Y.decodeStateVector(sv)]
  .filter(() => r.chance(85))
  .map(([client, clock]) => [client, r.chance(50) ? clock : r.below(clock + 2)]))

const edited = (name, seed, options) => {
  const r = new Prng(seed)
  const c = new CaseV1(name)
  const { log, docs, vectors } = edit(r, options)
  const merged = [c.merge(log), c.merge(log.slice().reverse()), c.merge(r.shuffled(log))]
  // Some are missing: the result has Skips.
  for (let i = 0; i < 4; i++) merged.push(c.merge(r.some(r.chance(50) ? log : r.shuffled(log), r.between(20, 90))))
  // Merged of merged, with overlaps.
  for (let i = 0; i < 4; i++) merged.push(c.merge([r.pick(merged), ...r.some(log, 10), r.pick(merged), r.pick(merged)]))
  // What clients hold: merged items, collected items, pending parts.
  const states = docs.map(doc => Y.encodeStateAsUpdate(doc))
  merged.push(c.merge(states), c.merge([...states.slice().reverse(), ...r.some(log, 30)]), c.merge([r.pick(states), r.pick(merged), r.pick(states)]))
  states.push(...docs.map(doc => Y.encodeStateAsUpdate(doc, near(r, r.pick(vectors)))))
  merged.push(c.merge(r.shuffled(states)))
  for (const u of [...merged, ...r.some(states, 60)]) {
    c.vector(u)
    c.diff(u, r.pick(vectors))
    const part = c.diff(u, near(r, c.vector(u)))
    if (r.chance(40)) c.merge([part, r.pick(merged), c.diff(u, near(r, r.pick(vectors)))])
  }
  return c
}

const synthetic = (name, seed, clients, rounds) => {
  const r = new Prng(seed)
  const c = new CaseV1(name)
  for (let i = 0; i < rounds; i++) {
    const updates = Array.from({ length: r.between(2, 5) }, () => randomUpdate(r, clients))
    const merged = c.merge(updates)
    c.vector(merged)
    updates.forEach(u => c.vector(u))
    c.diff(merged, randomStateVector(r, clients))
    updates.forEach(u => c.diff(u, randomStateVector(r, clients)))
    c.merge([merged, ...r.shuffled(updates)])
  }
  return c
}

/** Many updates at once, with many ties between a GC and an Item: see the queue of core/update. */
const crowded = (name, seed, counts) => {
  const r = new Prng(seed)
  const c = new CaseV1(name)
  for (const n of counts) c.merge(Array.from({ length: n }, () => randomUpdate(r, r.pick([[5], [9, 3], [7, 6, 5, 4, 3]]))))
  return c
}

/** Cases from a seed, in both versions, for a comparison of more than is stored. */
export const randomCases = seed => {
  const r = new Prng(seed)
  const n = r.between(1, 4)
  const clients = r.shuffled(CLIENTS).slice(0, n).sort((a, b) => b - a)
  const both = c => [c, inV2(c)]
  if (r.chance(10)) return [randomValues(`values, seed ${seed}`, seed)]
  if (r.chance(10)) return both(crowded(`crowded, seed ${seed}`, seed, [r.between(2, 300), r.between(60, 130)]))
  if (r.chance(60)) return both(synthetic(`synthetic, seed ${seed}`, seed, clients, 25))
  const options = {
    kind: r.pick(['typing', 'text', 'rich', 'array', 'map', 'xml', 'nested', 'subdocs', 'mixed']),
    steps: r.between(5, 60),
    clients,
    gc: r.chance(80),
    undo: r.chance(20),
    deliver: r.pick([10, 40, 80]),
    lossless: r.chance(40)
  }
  return [...both(edited(`edited, seed ${seed}`, seed, options)), editedInV2(`edited in version 2, seed ${seed}`, seed, options)]
}

const surrogates = () => {
  const c = new CaseV1('cuts inside surrogate pairs')
  const doc = new Y.Doc({ guid: 'vector' })
  doc.clientID = 9
  doc.getText('t').insert(0, 'a😀é漢👩‍👩‍👧𝒳\ufeffz')
  const whole = Y.encodeStateAsUpdate(doc)
  for (let clock = 0; clock <= doc.getText('t').length + 1; clock++) {
    const part = c.diff(whole, b.stateVector([[9, clock]]))
    c.vector(part)
    c.merge([part, whole])
    c.merge([b.update([[9, 0, [b.gc(Math.max(clock, 1))]]]), whole])
    for (let again = clock; again < clock + 3; again++) c.diff(part, b.stateVector([[9, again]]))
  }
  return c
}

const handmade = () => {
  const c = new CaseV1('hand-made')
  const root = { parent: 'root' }
  const all = b.update([[2 ** 53 - 1, 0, [
    b.item(root, b.string('ab')),
    b.item({ origin: [2 ** 53 - 1, 1] }, b.deleted(3)),
    b.item({ origin: [2 ** 53 - 1, 4], right: [7, 0] }, b.json([undefined, null, 1, 'é', { a: [true] }])),
    b.item({ right: [7, 0] }, b.binary([0, 1, 2])),
    b.item({ parent: [7, 0], sub: 'k' }, b.embed({ image: 'x' })),
    b.item({ parent: [7, 0], sub: '' }, b.format('bold', { x: null })),
    ...[0, 1, 2, 4, 6].map(ref => b.item(root, b.type(ref))),
    b.item(root, b.type(3, 'p')),
    b.item(root, b.type(5, 'hook')),
    b.item(root, b.any([undefined, null, true, false, 0, -0, 1, -64, 2 ** 31, 0.1, 5n, 'ß', [], {}, [[{ k: [1] }]], new Uint8Array(3)])),
    b.item(root, b.doc('guid', { gc: false, autoLoad: true, meta: { a: 1 } })),
    b.gc(4)
  ]], [7, 0, [b.item(root, b.type(1))]]], [[2 ** 53 - 1, [[2, 3], [40, 4]]], [7, [[1, 1]]]])
  c.vector(all)
  const length = Y.decodeStateVector(Y.encodeStateVectorFromUpdate(all)).get(2 ** 53 - 1)
  for (let clock = 0; clock <= length; clock++) {
    const sv = b.stateVector([[2 ** 53 - 1, clock], [7, 1]])
    c.merge([c.diff(all, sv), all])
    if (clock > 0) c.merge([b.update([[2 ** 53 - 1, 0, [b.gc(clock)]]]), all])
  }
  const text = (clock, s) => [5, clock, [b.item({ origin: [5, clock] }, b.string(s))]]
  const g = (clock, ...lens) => [5, clock, lens.map(n => b.gc(n))]
  const groups = {
    'skip first': [b.update([[5, 0, [b.skip(3), b.item(root, b.string('x'))]]]), b.update([text(0, 'abc')])],
    'skip first, later': [b.update([[5, 2, [b.skip(3), b.item(root, b.string('x'))]], [3, 0, [b.skip(1), b.gc(1)]]]), b.update([[3, 0, [b.gc(1)]]])],
    'skips in a row and last': [b.update([[5, 0, [b.gc(1), b.skip(2), b.skip(3), b.gc(1), b.skip(9)]]]), b.update([text(2, 'q')])],
    'skip filled in parts': [b.update([[5, 0, [b.gc(2), b.skip(6), b.item(root, b.string('end'))]]]), b.update([text(2, 'ab')]), b.update([text(6, 'ef')])],
    'only skips': [b.update([[5, 0, [b.skip(3)]]]), b.update([[5, 9, [b.skip(2)]]])],
    'gcs join across updates': [b.update([g(0, 2)]), b.update([g(2, 3)]), b.update([g(5, 1, 1)]), b.update([g(7, 2)])],
    'gcs overlap': [b.update([g(0, 2, 2)]), b.update([g(1, 5, 2)]), b.update([g(3, 9)])],
    'gc between items': [b.update([[5, 0, [b.item(root, b.string('ab')), b.gc(3), b.item({ origin: [5, 1] }, b.string('c'))]]]), b.update([g(2, 2)]), b.update([text(3, 'xyz')])],
    'gc then item then gc': [b.update([g(0, 3)]), b.update([text(2, 'abc')]), b.update([g(4, 4)])],
    'gc with spare bits': [b.update([[5, 0, [b.gc(1, 0xe0), b.gc(2, 0x20)]]]), b.update([[5, 3, [b.gc(1, 0x40)]]])],
    'key flagged beside an origin': [b.update([[5, 0, [b.item({ parent: 'm', sub: 'k' }, b.any([1])), b.item({ origin: [5, 0], keyBit: true }, b.any([2])), b.item({ origin: [5, 1], sub: 'k' }, b.deleted(2))]]]), b.update([[5, 2, [b.item({ parent: 'm', sub: 'k' }, b.deleted(5))]]])],
    'section without structs': [b.update([[5, 3, []], [4, 0, [b.gc(1)]]]), b.update([[5, 0, [b.gc(1)]]])],
    'nothing': [EMPTY, EMPTY, EMPTY],
    'deletes out of order': [b.update([], [[1, [[9, 1], [3, 2], [4, 9]]], [8, [[0, 1]]], [5, []]]), b.update([], [[8, [[1, 1], [1, 5]]]])],
    'a client twice in a delete set': [b.update([], [[1, [[5, 1]]], [2, [[0, 1]]], [1, [[0, 2]]]]), b.update([], [[1, [[2, 1]]]])],
    'clocks at the end': [b.update([[5, 2 ** 53 - 3, [b.gc(2)]]], [[5, [[2 ** 53 - 2, 1]]]]), b.update([[5, 2 ** 53 - 2, [b.gc(1)]]])]
  }
  const vectors = [b.stateVector([]), b.stateVector([[5, 1]]), b.stateVector([[5, 4], [3, 1]]), b.stateVector([[5, 7]])]
  for (const group of Object.values(groups)) {
    const merged = c.merge(group)
    c.merge(group.slice().reverse())
    c.merge([merged, ...group])
    for (const u of [...group, merged]) {
      c.vector(u)
      vectors.forEach(sv => c.diff(u, sv))
    }
  }
  c.merge([])
  c.merge([all])
  return c
}

const refused = () => {
  const c = new CaseV1('refused by Yjs')
  const place = { origin: [1, 0] }
  const one = content => b.update([[1, 0, [b.item(place, content)]]])
  const bytes = (...list) => Uint8Array.from(list)
  c.refused(bytes())
  c.refused(bytes(0))
  c.refused(bytes(1))
  c.refused(bytes(1, 255, 255, 255, 255, 255, 255, 255, 15)) // nine bytes, 2^53 structs or so
  c.refused(bytes(1, 255, 255, 255, 255, 15, 1, 0, 0))
  c.refused(one(raw10()))
  c.refused(one(b.raw(11, [1, 0])))
  c.refused(one(b.raw(31, [1, 0])))
  c.refused(one(b.string('x')).slice(0, -2))
  c.refused(one(b.raw(4, [2, 0xc3, 0x28])))
  c.refused(one(b.raw(4, [3, 0xed, 0xa0, 0x80])))
  c.refused(one(b.raw(5, [1, 0x7b])))
  c.refused(one(b.raw(5, [0])))
  c.refused(one(b.raw(6, [1, 0x6b, 2, 0x30, 0x31])))
  c.refused(one(b.raw(2, [1, 3, 0x4e, 0x61, 0x4e])))
  c.refused(one(b.raw(7, [7])))
  c.refused(one(b.raw(7, [255, 255, 3])))
  c.refused(one(b.raw(8, [1, 115])))
  c.refused(one(b.raw(8, [1, 128])))
  c.refused(one(b.raw(8, [1, 0])))
  c.refused(one(b.raw(8, [1, 119, 1, 0xff])))
  c.refused(one(b.raw(8, [1, 118, 1, 1, 0xff, 126])))
  c.refused(one(b.raw(9, [1, 0x67, 126])))
  c.refused(one(b.raw(9, [1, 0x67, 127])))
  c.refused(one(b.raw(9, [1, 0xff, 118, 0])))
  return c
}

const raw10 = () => b.raw(10, [1])

/** The cases of version 1. */
const casesV1 = function * () {
  const some = n => CLIENTS.slice(-n)
  yield edited('typing', 1, { kind: 'typing', steps: 150, clients: some(3), deliver: 60, lossless: true })
  yield edited('text', 2, { kind: 'text', steps: 80, clients: some(3) })
  yield edited('text, eight clients', 3, { kind: 'text', steps: 80, clients: CLIENTS })
  yield edited('formatted text', 4, { kind: 'rich', steps: 80, clients: some(3) })
  yield edited('array', 5, { kind: 'array', steps: 60, clients: some(4) })
  yield edited('map', 6, { kind: 'map', steps: 80, clients: some(3) })
  yield edited('xml', 7, { kind: 'xml', steps: 70, clients: some(3) })
  yield edited('nested types', 8, { kind: 'nested', steps: 70, clients: some(3) })
  yield edited('subdocuments', 9, { kind: 'subdocs', steps: 40, clients: some(2) })
  yield edited('undo', 10, { kind: 'text', undo: true, steps: 90, clients: some(2), deliver: 50 })
  yield edited('no garbage collection', 11, { kind: 'mixed', gc: false, steps: 80, clients: some(3) })
  yield edited('everything', 12, { kind: 'mixed', steps: 150, clients: CLIENTS, deliver: 50 })
  yield edited('everything, no losses', 13, { kind: 'mixed', steps: 120, clients: some(4), deliver: 60, lossless: true })
  yield edited('one client', 14, { kind: 'mixed', steps: 60, clients: [4_000_000_000], deliver: 0 })
  yield synthetic('synthetic, one client', 21, [5], 60)
  yield synthetic('synthetic, three clients', 22, [2 ** 53 - 1, 300, 0], 80)
  yield crowded('crowded', 23, [63, 64, 65, 100, 200])
  yield surrogates()
  yield handmade()
  yield refused()
}

/** All cases, in the order they are stored. */
export const allCases = function * () {
  const some = n => CLIENTS.slice(-n)
  const v1 = [...casesV1()]
  yield * v1
  for (const c of v1) if (c.merges.length > 0) yield inV2(c)
  yield editedInV2('edited in version 2', 31, { kind: 'mixed', steps: 80, clients: some(3) })
  yield editedInV2('formatted text in version 2', 32, { kind: 'rich', steps: 60, clients: some(2), deliver: 60 })
  yield editedInV2('typing in version 2', 33, { kind: 'typing', steps: 90, clients: CLIENTS, deliver: 60, lossless: true })
  yield editedInV2('no garbage collection in version 2', 34, { kind: 'mixed', gc: false, steps: 80, clients: some(4), deliver: 50 })
  yield * handmadeInV2()
  yield values()
  yield randomValues('random values', 41)
  yield refusedInV2()
}
