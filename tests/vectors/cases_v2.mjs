// The cases of version 2: what Yjs makes of the same updates in that version, and
// what only version 2 can hold.

import * as Y from 'yjs'
import * as encoding from 'lib0/encoding'
import * as b from './bytes.mjs'
import { Case } from './case.mjs'
import { edit } from './editing.mjs'
import { Prng } from './prng.mjs'

const EMPTY = Y.convertUpdateFormatV1ToV2(new Uint8Array([0, 0]))

/**
 * Whether Yjs can write an update's delete set in version 2. It throws on empty
 * ranges, and writes garbage for ranges that are not ascending.
 */
const convertible = v1 => {
  for (const ranges of Y.decodeUpdate(v1).ds.clients.values()) {
    let end = 0
    for (const { clock, len } of ranges) {
      if (len === 0 || clock < end) return false
      end = clock + len
    }
  }
  return true
}

class CaseV2 extends Case {
  constructor (name) {
    super(name)
    this.convertsToV2 = []
    this.convertsToV1 = []
    this.mergesV2 = []
    this.diffsV2 = []
    this.vectorsV2 = []
    this.invalidV2 = []
    this.notJSON = []
    this.snapshots = []
    this.done = new Map()
  }

  /** Converts once, and stores both ways. */
  toV2 (v1) {
    const key = this.blob(v1)
    if (!this.done.has(key)) {
      const v2 = convertible(v1) ? Y.convertUpdateFormatV1ToV2(v1) : null
      if (v2 !== null) this.convertsToV2.push([key, this.blob(v2)])
      this.done.set(key, v2)
      if (v2 !== null) this.toV1(v2)
    }
    return this.done.get(key)
  }

  toV1 (v2) {
    const key = this.blob(v2)
    if (this.done.has(key)) return
    this.done.set(key, null)
    this.convertsToV1.push([key, this.blob(Y.convertUpdateFormatV2ToV1(v2))])
  }

  merge (updates) {
    const out = Y.mergeUpdatesV2(updates)
    this.mergesV2.push([updates.map(u => this.blob(u)), this.blob(out)])
    return out
  }

  diff (u, sv) {
    const out = Y.diffUpdateV2(u, sv)
    this.diffsV2.push([this.blob(u), this.blob(sv), this.blob(out)])
    return out
  }

  vector (u) {
    const out = Y.encodeStateVectorFromUpdateV2(u)
    this.vectorsV2.push([this.blob(u), this.blob(out)])
    return out
  }

  /** An update that Yjs throws on. */
  refused (u) {
    if (!throws(u)) throw new Error(`${this.name}: Yjs takes ${Buffer.from(u).toString('hex')}`)
    this.invalidV2.push(this.blob(u))
  }

  /** An update that Yjs can merge, and throws on when it is to be version 1. */
  noJSON (u) {
    let threw = false
    try { Y.convertUpdateFormatV2ToV1(u) } catch { threw = true }
    if (!threw) throw new Error(`${this.name}: Yjs converts ${Buffer.from(u).toString('hex')}`)
    this.notJSON.push(this.blob(u))
  }

  snapshot (s) {
    this.snapshots.push([this.blob(Y.encodeSnapshot(s)), this.blob(Y.encodeSnapshotV2(s))])
  }

  toJSON () {
    const { name, blobs, convertsToV2, convertsToV1, mergesV2, diffsV2, vectorsV2, invalidV2, notJSON, snapshots } = this
    return { name, blobs, convertsToV2, convertsToV1, mergesV2, diffsV2, vectorsV2, invalidV2, notJSON, snapshots }
  }
}

const throws = u => {
  try {
    Y.mergeUpdatesV2([u, EMPTY])
    return false
  } catch {
    return true
  }
}

/** What Yjs makes of a case of version 1 in version 2. */
export const inV2 = v1 => {
  const c = new CaseV2(v1.name + ', version 2')
  const bytes = i => Uint8Array.from(Buffer.from(v1.blobs[i], 'hex'))
  for (const [of] of v1.merges) {
    const updates = of.map(i => c.toV2(bytes(i)))
    if (!updates.includes(null)) c.merge(updates)
  }
  for (const [u, sv] of v1.diffs) {
    const update = c.toV2(bytes(u))
    if (update !== null) c.diff(update, bytes(sv))
  }
  for (const [u] of v1.vectors) {
    const update = c.toV2(bytes(u))
    if (update !== null) c.vector(update)
  }
  return c
}

/** Documents that speak version 2 themselves, with gaps, and their snapshots. */
export const editedInV2 = (name, seed, options) => {
  const r = new Prng(seed)
  const c = new CaseV2(name)
  const { log, logV2, docs, vectors } = edit(r, options)
  log.forEach(u => c.toV2(u))
  const merged = [c.merge(logV2), c.merge(r.shuffled(logV2))]
  for (let i = 0; i < 4; i++) merged.push(c.merge(r.some(r.shuffled(logV2), r.between(20, 90))))
  const states = docs.map(doc => Y.encodeStateAsUpdateV2(doc))
  merged.push(c.merge(states), c.merge(r.shuffled([...states, r.pick(merged), ...r.some(logV2, 30)])))
  for (const u of [...logV2, ...states, ...merged]) c.toV1(u)
  for (const u of [...merged, ...states]) {
    c.vector(u)
    const part = c.diff(u, r.pick(vectors))
    c.merge([part, r.pick(merged)])
  }
  docs.forEach(doc => c.snapshot(Y.snapshot(doc)))
  c.snapshot(Y.emptySnapshot)
  return c
}

/** JSON texts and values, in embeds and formats. */
export const values = () => {
  const c = new CaseV2('values as JSON and as Any')
  const texts = [
    'null', ' true ', 'false', '0', '-0', '1.0', '1e3', '2147483647', '2147483648', '-2147483648', '0.1', '1.5', '1e400', '-1e400', '1e-400',
    '5e-324', '1e21', '123456789012345680000', '1e-6', '1e-7', '1.5e-10', '9007199254740993', '1234567890123456789012345', '"a"', '"\\ud83d\\ude00"',
    '"\\ud83d"', '"\\ude00\\ud83dx"', '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u0000\\u001f\\u007f\\u2028"', '[]', '[1, [null] ,"x"]', '{}', '{"b":1,"a":2}',
    '{"b":1,"2":0,"a":2,"10":1,"1":0}', '{"a":1,"b":2,"a":3}', '{"\\ud800":1,"\\ud801":2,"\\ud800":3,"\ufffd":4}',
    '{"4294967295":1,"4294967294":2,"01":3,"-1":4,"1":5}', '{"a":{"2":1,"1":[{}]},"":"é😀"}',
    '{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"0":10,"a":11,"j":12,"0":13,"b":14}'
  ]
  const raw = s => e => encoding.writeVarString(e, s)
  const place = { origin: [1, 0] }
  texts.forEach((s, i) => c.toV2(b.update([[1, i, [b.item(place, [5, raw(s)]), b.item(place, [6, e => { raw('k')(e); raw(s)(e) }])]]])))
  const anys = [
    null, true, 0, -0, NaN, Infinity, -Infinity, 2 ** 53 - 1, -(2 ** 31), 0.1, Math.fround(0.1), 1e21, 1e-7, 1.2e300, 'é😀"\\\n\u0001\u2028', new Uint8Array([1, 255]),
    new Uint8Array(), [undefined, null, [NaN]], { a: undefined, b: [1] }, { 2: 'x', b: 1, 1: {} }, { toJSON: 1 }
  ]
  const doc = v => {
    const d = new Y.Doc({ guid: 'vector' })
    d.clientID = 77
    d.getText('t').insert(0, 'ab')
    d.getText('t').insertEmbed(1, v === null ? { v } : { v, w: v })
    d.getText('t').format(0, 2, { key: v })
    return Y.encodeStateAsUpdateV2(d)
  }
  const updates = anys.map(doc)
  updates.forEach(u => c.toV1(u))
  for (const v of [5n, undefined, [5n], { a: { b: -5n } }]) {
    const u = doc(v)
    c.noJSON(u)
    updates.push(u)
  }
  for (const u of updates) c.merge([u, EMPTY])
  // What reading makes of an object whose keys are not in JavaScript's order.
  const wire = bytes => { const u = doc('####'); const at = Buffer.from(u).lastIndexOf(Buffer.from([119, 4, 35, 35, 35, 35])); return Uint8Array.from([...u.slice(0, at), ...bytes, ...u.slice(at + 6)]) }
  c.toV1(wire([118, 3, 1, 98, 125, 1, 1, 50, 125, 2, 1, 97, 125, 3]))
  c.toV1(wire([118, 3, 1, 97, 125, 1, 1, 98, 125, 2, 1, 97, 125, 3]))
  c.toV1(wire([118, 2, 1, 97, 125, 1, 9, 95, 95, 112, 114, 111, 116, 111, 95, 95, 118, 0]))
  return c
}

/** Random JSON texts, spelt in ways that JSON.stringify does not spell them. */
export const randomValues = (name, seed) => {
  const r = new Prng(seed)
  const c = new CaseV2(name)
  for (let i = 0; i < 150; i++) {
    const text = jsonText(r, 3)
    const raw = e => { encoding.writeVarString(e, 'k'); encoding.writeVarString(e, text) }
    c.toV2(b.update([[1, i, [b.item({ origin: [1, 0] }, [6, raw])]]]))
  }
  return c
}

const jsonText = (r, depth) => {
  const space = () => r.chance(10) ? r.pick([' ', '\n', '\t', ' \r ']) : ''
  const list = (open, close, one) => open + Array.from({ length: r.below(r.chance(5) ? 30 : 5) }, () => space() + one() + space()).join(',') + close
  const k = r.below(depth > 0 ? 10 : 7)
  if (k < 2) return jsonString(r)
  if (k < 3) return r.pick(['true', 'false', 'null'])
  if (k < 7) return jsonNumber(r)
  if (k < 8) return list('[', ']', () => jsonText(r, depth - 1))
  return list('{', '}', () => jsonKey(r) + space() + ':' + space() + jsonText(r, depth - 1))
}

const jsonKey = r => r.chance(40) ? `"${r.pick([r.below(12), r.word(), '01', '-1', '1.0', '4294967294', '4294967295', '10000000000'])}"` : jsonString(r)

const jsonString = r => '"' + Array.from({ length: r.below(4) }, () => {
  const unit = r.pick([0x41, 0x22, 0x5c, 0x0a, 0x1f, 0x7f, 0xe9, 0x2028, 0xd83d, 0xde00, 0xd800, 0xdfff, 0xfffd, 0xfeff])
  if (r.chance(50)) return '\\u' + unit.toString(16).padStart(4, '0')[r.chance(50) ? 'toUpperCase' : 'toLowerCase']()
  return r.pick(['\\"', '\\\\', '\\/', '\\b', '\\f', '\\n', '\\r', '\\t', 'a', 'é', '漢', '😀', '\u2028', '__proto__'])
}).join('') + '"'

const jsonNumber = r => {
  const bits = new DataView(new ArrayBuffer(8))
  bits.setUint32(0, r.word())
  bits.setUint32(4, r.word())
  const any = bits.getFloat64(0)
  const n = r.pick([r.below(100), r.word(), -r.word(), r.word() / 1000, r.word() * r.word(), 10 ** r.between(-30, 30), Math.fround(r.word() / 7), any])
  if (!Number.isFinite(n)) return '-0'
  switch (r.below(4)) {
    case 0: return n.toExponential()
    case 1: return n.toExponential(r.below(20)).replace('e', 'E')
    case 2: return n.toPrecision(r.between(1, 30))
    default: return String(n)
  }
}

/** Cuts of an update in version 2 that Yjs throws on, and a few other faults. */
export const refusedInV2 = () => {
  const c = new CaseV2('refused by Yjs in version 2')
  const doc = new Y.Doc({ guid: 'vector' })
  doc.clientID = 300
  doc.getText('t').insert(0, 'Hi 😀')
  doc.getText('t').format(0, 2, { bold: true })
  doc.getArray('a').insert(0, [1, new Y.Map(), new Y.XmlElement('p')])
  doc.getText('t').delete(1, 2)
  const u = Y.encodeStateAsUpdateV2(doc)
  for (let n = 0; n < u.length; n++) if (throws(u.slice(0, n))) c.refused(u.slice(0, n))
  for (let i = 0; i < u.length; i++) {
    for (const v of [0xff, 0xc3, u[i] ^ 0x1f]) {
      const damaged = Uint8Array.from(u)
      damaged[i] = v
      if (v === 0xff && i === 0) continue // no number of features: Yjs may wait for more
      if (throws(damaged)) c.refused(damaged)
    }
  }
  return c
}

/** What other implementations of version 2 have lost documents over, a case each. */
export const handmadeInV2 = function * () {
  const root = { parent: 'root' }
  const most = 2 ** 53 - 1
  const after = (client, clock, content) => b.item({ origin: [client, clock] }, content)
  const groups = {
    'gaps': [
      b.update([[5, 0, [b.gc(2), b.skip(3), after(5, 4, b.string('x'))]], [0, 5, [b.skip(4), b.gc(1), b.skip(2)]]]),
      b.update([[5, 2, [after(5, 1, b.string('ab'))]], [0, 0, [b.skip(1)]]]),
      b.update([[5, 9, [after(5, 8, b.string('late'))]]])
    ],
    'GCs between items': [
      b.update([[5, 0, [b.item(root, b.string('ab')), b.gc(3), b.gc(1), after(5, 1, b.string('c'))]]]),
      b.update([[5, 1, [b.gc(2), after(5, 2, b.string('wxyz'))]]]),
      b.update([[5, 0, Array.from({ length: 70 }, () => b.gc(1))], [4, 0, [b.item(root, b.type(1)), b.gc(7), after(4, 0, b.deleted(2))]]])
    ],
    'client ids and clocks of 53 bits': [
      b.update([[most, 0, [b.gc(2), b.item({ origin: [most, 1], right: [most, most - 1] }, b.string('x'))]], [2 ** 52, 5, [after(2 ** 32, 2 ** 31, b.deleted(1))]]]),
      b.update([[most, most - 2, [b.gc(2)]]], [[most, [[0, 1], [most - 1, 1]]], [2 ** 40, [[2 ** 51, 2 ** 52]]]]),
      b.update([[9, 1, [after(5, 2 ** 52, b.string('c')), after(5, 2 ** 52 + 1, b.string('d')), after(5, 2 ** 52 + 2, b.string('e')), after(5, 0, b.string('f'))]]])
    ],
    'empty updates': [b.update([]), b.update([[300, 0, []], [9, 0, [b.gc(1)]], [8, 3, []]]), b.update([[7, 7, []]]), b.update([], [[5, []], [2, [[1, 1]]]])],
    'runs': [
      b.update([[4, 0, Array.from({ length: 70 }, (_, i) => i ? after(4, i - 1, b.type(1)) : b.item(root, b.type(1)))]]),
      b.update([[3, 0, Array.from({ length: 90 }, (_, i) => b.item(i ? { right: [3, i - 1] } : root, b.deleted(1)))]], [[3, [[0, 90]]]]),
      b.update([[3, 5, Array.from({ length: 9 }, (_, i) => b.item({ right: [3, i] }, b.string('é😀aé'.slice(0, [1, 3, 4, 5][i % 4]))))]])
    ],
    'deletes': [b.update([], [[1, [[9, 1]]], [8, [[0, 1], [1, 1], [300, 5]]], [5, []]]), b.update([], [[8, [[2, 7], [400, 1]]], [2 ** 45, [[0, 1]]]])]
  }
  for (const [name, updates] of Object.entries(groups)) {
    const c = new CaseV2(name + ', version 2')
    const v2 = updates.map(u => c.toV2(u))
    const merged = [c.merge(v2), c.merge(v2.slice().reverse()), c.merge([v2[0]]), c.merge([])]
    for (const u of [...v2, ...merged]) {
      c.vector(u)
      c.toV1(u)
      for (const sv of [[], [[5, 3], [3, 6], [2 ** 52, 2]], [[most, most - 1], [4, 69], [0, 7], [5, 1]]]) {
        c.merge([c.diff(u, b.stateVector(sv)), merged[0]])
      }
    }
    c.snapshot(Y.createSnapshot(Y.decodeUpdateV2(merged[0]).ds, new Map([[1, 5], [most, most], [0, 1]])))
    yield c
  }
  // Yjs loses structs when it merges these, so they are not merged here.
  const c = new CaseV2('clients out of order, version 2')
  for (const sections of [
    [[9, 7, [b.skip(1)]], [300, 0, [b.gc(1)]], [most, 0, [b.gc(1)]]],
    [[1, 0, [b.item(root, b.string('a'))]], [2, 0, [after(1, 0, b.string('b'))]]],
    [[5, 0, [b.gc(1)]], [9, 0, [b.gc(1)]], [7, 0, [b.gc(1)]]]
  ]) {
    const u = c.toV2(b.update(sections, [[1, [[0, 1]]], [7, [[0, 1]]]]))
    c.vector(u)
    c.diff(u, b.stateVector([[9, 1], [1, 1]]))
  }
  yield c
}
