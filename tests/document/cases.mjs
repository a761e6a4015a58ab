// The scripts that are kept: random ones of each kind, and some by hand for what
// randomness finds too rarely.

import { Script } from './script.mjs'
import { CLIENTS, KINDS, operations, randomScript } from './random.mjs'
import { Prng } from '../vectors/prng.mjs'
import * as b from '../vectors/bytes.mjs'
import * as Y from 'yjs'

/** Everything, to documents that hear of it late, twice, merged or in any order. */
const scattered = (name, seed, { kind, steps, sink }) => {
  const r = new Prng(seed)
  const o = KINDS[kind]
  const clients = r.shuffled(CLIENTS).slice(0, 3)
  const [ordered, shuffled, kept, merged] = [3, 4, 5, 6]
  const s = new Script(name, { clients: [...clients, 1001, 1002, 1003, 1004], gc: [true, true, true, true, true, false, true], roots: o.roots, sink })
  const all = []
  const waiting = clients.map(() => [])
  for (let step = 0; step < steps; step++) {
    const i = r.below(3)
    for (const { n, local } of s.local(i, operations(r, s.docs[i], o, r.chance(20) ? 3 : 1))) {
      if (!local) continue
      all.push(n)
      waiting.forEach((w, k) => { if (k !== i) w.push(n) })
    }
    const k = r.below(3)
    // What Yjs does for itself on hearing of others' formats is an update too.
    for (const n of waiting[k].splice(0, r.below(3))) {
      for (const u of s.apply(k, n)) if (u.local) { all.push(u.n); waiting.forEach((w, to) => { if (to !== k) w.push(u.n) }) }
    }
  }
  for (const n of all) {
    s.apply(ordered, n)
    if (r.chance(10)) s.apply(ordered, n, 2)
  }
  s.check(ordered)
  for (const to of [shuffled, kept]) {
    const order = r.shuffled([...all, ...r.some(all, 20)])
    order.forEach((n, k) => {
      s.apply(to, n, r.chance(30) ? 2 : 1)
      if (k === Math.floor(order.length / 2)) s.check(to, { exact: false })
    })
    s.check(to, { exact: false })
  }
  // Merged in threes, some merges having gaps; then the whole as one.
  const groups = []
  for (let at = 0; at < all.length; at += 3) groups.push(all.slice(at, at + 3))
  const gaps = s.merge(r.some(all, 60))
  s.apply(merged, gaps)
  s.check(merged, { exact: false })
  for (const group of groups) s.apply(merged, s.merge(group))
  s.check(merged, { exact: false })
  s.apply(merged, s.merge(r.shuffled(all)), 2)
  s.check(merged, { exact: false })
  s.end()
}

/** Cuts in the middle of surrogate pairs. */
const surrogates = sink => {
  const s = new Script('surrogate pairs', { clients: [1, 2, 3], roots: ['text:t'], observe: true, sink })
  const made = s.local(0, [['text.insert', ['text:t'], 0, 'a😀b👩𝒳c', null]])
  for (const { n } of made) { s.apply(1, n); s.apply(2, n) }
  const after = [
    ...s.local(0, [['text.insert', ['text:t'], 2, '|', null]]),
    ...s.local(1, [['text.delete', ['text:t'], 2, 1]]),
    ...s.local(1, [['text.delete', ['text:t'], 3, 2]]),
    ...s.local(2, [['text.format', ['text:t'], 5, 2, { bold: true }]])
  ]
  for (const on of [0, 1, 2]) for (const { n } of after) s.apply(on, n)
  for (const on of [0, 1, 2]) {
    s.check(on, { since: [3, 4, 6, 7].map(clock => b.stateVector([[1, clock]])) })
    const p = s.relative(on, ['text:t'], 2, 0)
    const q = s.relative(on, ['text:t'], 2, -1)
    s.absolute(on, p)
    s.absolute(on, q)
  }
  // A half that arrives alone.
  const half = s.given(Y.diffUpdate(s.updates[made[0].n].v1, b.stateVector([[1, 2]])))
  s.apply(1, half)
  s.check(1)
  s.end()
}

/** Collected content between what lives, gaps that stay, and ids up to the last. */
const collected = sink => {
  const [first, second] = [2 ** 53 - 1, 2 ** 53 - 2]
  const s = new Script('collected, with gaps', { clients: [first, second, 7, 8], gc: [true, true, true, false], roots: ['array:a', 'map:m', 'text:t'], sink })
  const sent = []
  const local = (on, ...ops) => { const made = s.local(on, ops); sent.push(...made.map(u => u.n)); return made }
  local(0, ['text.insert', ['text:t'], 0, 'one two three', null], ['array.insert', ['array:a'], 0, [{ $type: 'array', items: [1, { $type: 'text', delta: [{ insert: 'inner' }] }] }, 2, { $type: 'map', entries: [['k', 'v']] }, 3]])
  sent.forEach(n => s.apply(1, n))
  local(1, ['array.insert', ['array:a', 0], 1, ['x']], ['map.set', ['map:m'], 'k', { $type: 'map', entries: [['deep', { $type: 'array', items: [1, 2, 3] }]] }])
  local(1, ['map.set', ['map:m'], 'k', 'plain'], ['array.delete', ['array:a'], 2, 1])
  sent.slice(1).forEach(n => s.apply(0, n))
  local(0, ['array.delete', ['array:a'], 0, 1], ['text.delete', ['text:t'], 4, 4])
  local(0, ['text.insert', ['text:t'], 4, '2 ', null])
  local(0, ['map.delete', ['map:m'], 'k'])
  s.check(0, { since: [[[first, 5]], [[first, 14], [second, 1]], [[second, 3]]].map(b.stateVector) })
  // To others: with a hole, then what fills it.
  const order = [sent[0], sent[2], sent[4], sent[5], sent[1], sent[3]]
  for (const on of [2, 3]) {
    for (const n of order) { s.apply(on, n); s.check(on, { exact: false }) }
    s.check(on)
  }
  const whole = s.diff(0, s.vector(3))
  s.apply(1, whole)
  s.check(1)
  s.end()
}

/** What no document of Yjs writes by itself: structs by hand. */
const written = sink => {
  const s = new Script('written by hand', { clients: [1, 2], gc: [true, false], roots: ['text:root', 'array:list'], sink })
  const update = (sections, deletes = []) => s.given(b.update(sections, deletes))
  const numbers = [
    // A GC between two pieces of text, and one at the start of a client.
    update([[300, 0, [b.item({}, b.string('ab')), b.gc(3), b.item({ origin: [300, 1] }, b.string('cd'))]]]),
    update([[299, 0, [b.gc(2), b.item({ origin: [300, 0] }, b.string('X'))]]]),
    // A gap that an update names.
    update([[298, 0, [b.item({ origin: [300, 5] }, b.string('1')), b.skip(2), b.item({ origin: [300, 5] }, b.string('4'))]]]),
    update([[298, 1, [b.item({ origin: [298, 0] }, b.string('23'))]]]),
    // JSON content, which older versions write.
    update([[297, 0, [b.item({ parent: 'list' }, b.json([undefined, null, 1, 'x', { a: [1] }])), b.item({ origin: [297, 4] }, b.deleted(3)), b.item({ origin: [297, 7] }, b.any([12n, undefined]))]]]),
    // An origin inside of a GC, and a parent that is collected.
    update([[296, 0, [b.item({ origin: [300, 3] }, b.string('lost'))]]]),
    update([[295, 0, [b.item({ parent: [300, 2] }, b.string('gone'))]]]),
    // Deletes of what is not there yet, and of ranges that touch.
    update([], [[294, [[0, 2], [2, 1]]], [300, [[0, 1]]]]),
    update([[294, 0, [b.item({ parent: 'list' }, b.any([1, 2, 3, 4, 5, 6]))]]]),
    // A client that is 0, which no document of ours edits as.
    update([[0, 0, [b.item({ origin: [300, 0] }, b.string('0'))]]])
  ]
  for (const on of [0, 1]) {
    for (const n of numbers) { s.apply(on, n, on + 1); s.check(on, { exact: false }) }
    s.check(on)
    for (const n of numbers) s.apply(on, n)
    s.check(on, { since: [b.stateVector([[300, 3], [299, 1], [294, 2]])] })
  }
  s.end()
}

/** Undo with everything that decides what is undone. */
const undone = sink => {
  const s = new Script('undo managers', { clients: [1, 2], roots: ['text:t', 'map:m', 'array:a'], observe: true, sink })
  const [text, map, array] = [['text:t'], ['map:m'], ['array:a']]
  const both = made => made.forEach(({ n, local }) => { if (local) s.apply(1, n) })
  const local = (ops, o) => both(s.local(0, ops, o))
  const m = s.manager(0, [text], { origins: ['mine'] })
  local([['text.insert', text, 0, 'hello', null]], { wait: 1000 })
  local([['text.insert', text, 5, ' world', null]], { wait: 499 })
  local([['text.insert', text, 11, '!', null]], { wait: 500 })
  local([['text.insert', text, 0, 'not mine ', null]], { wait: 1000, origin: 'other' })
  local([['text.insert', text, 0, 'mine ', null]], { wait: 10, origin: 'mine' })
  local([['map.set', map, 'k', 1]], { wait: 10 })
  const positions = [0, 3, 8, 15].map(at => s.relative(0, text, at, at % 2 ? 0 : -1))
  for (const what of ['undo', 'undo', 'undo', 'undo', 'redo', 'redo']) both(s.undo(0, m, what))
  positions.forEach(p => { s.absolute(0, p); s.absolute(0, p, false) })
  s.widen(0, m, map)
  s.widen(0, m, array)
  local([['map.set', map, 'k', 2], ['array.push', array, [{ $type: 'map', entries: [['a', 1]] }, 2]]], { wait: 1000 })
  local([['map.set', map, 'k', 3], ['map.set', ['array:a', 0], 'a', 2]], { wait: 1000 })
  local([['text.format', text, 0, 3, { bold: true }], ['text.delete', text, 1, 4]], { wait: 1000 })
  s.local(1, [['text.insert', text, 2, 'remote', null], ['map.set', map, 'k', 'remote']]).forEach(({ n }) => s.apply(0, n))
  for (const what of ['undo', 'undo', 'redo', 'undo', 'undo', 'redo', 'redo', 'redo']) both(s.undo(0, m, what))
  both(s.undo(0, m, 'stopCapturing'))
  local([['array.delete', array, 0, 1]], { wait: 10 })
  both(s.undo(0, m, 'undo'))
  local([['map.set', ['array:a', 0], 'a', 'again']], { wait: 1000 })
  both(s.undo(0, m, 'undo'))
  both(s.undo(0, m, 'redo'))
  s.check(0)
  both(s.undo(0, m, 'clear'))
  both(s.undo(0, m, 'undo'))
  s.check(0)
  s.check(1)
  s.end()
}

/** Snapshots of a document that keeps everything. */
const remembered = sink => {
  const r = new Prng(77)
  const roots = ['text:t', 'array:a', 'map:m', 'xml:x']
  const o = { roots, rich: true, nested: true }
  const s = new Script('snapshots', { clients: [1, 2 ** 40], gc: false, roots, sink })
  const taken = []
  for (let n = 0; n < 40; n++) {
    const i = r.below(2)
    s.local(i, operations(r, s.docs[i], o, 2))
    if (n % 5 === 4) { s.apply(i, s.diff(1 - i, s.vector(i))); taken.push(s.snapshot(i)); s.check(i) }
  }
  s.apply(0, s.diff(1, s.vector(0)))
  for (const snapshot of taken) s.restore(0, snapshot)
  taken.forEach((snapshot, k) => {
    s.compare(0, ['text:t'], snapshot, taken[k - 1])
    s.compare(0, ['text:t'], undefined, snapshot)
  })
  s.check(0)
  s.end()
}

/** Roots that nobody has named when their content comes, and uses that Yjs refuses. */
const refused = sink => {
  const s = new Script('out of range', { clients: [1], roots: ['text:t', 'array:a', 'xml:x'], observe: true, sink })
  s.local(0, [['text.insert', ['text:t'], 0, 'abc', null], ['array.insert', ['array:a'], 0, [1, 2]], ['xml.insert', ['xml:x'], 0, [{ $type: 'element', name: 'p' }]]])
  for (const op of [['array.insert', ['array:a'], 3, [1]], ['xml.insert', ['xml:x'], 2, [{ $type: 'xmltext' }]]]) s.local(0, [op])
  s.check(0)
  s.end()
}

/** Subdocuments that are loaded, replaced and destroyed. */
const subdocuments = sink => {
  const s = new Script('subdocuments', { clients: [1, 2], roots: ['map:m', 'array:a'], observe: true, sink })
  const both = made => made.forEach(({ n }) => s.apply(1, n))
  both(s.local(0, [['map.set', ['map:m'], 'a', { $doc: 'one', options: { meta: { title: 'x' } } }]]))
  both(s.local(0, [['map.set', ['map:m'], 'b', { $doc: 'two', options: { autoLoad: true } }], ['array.push', ['array:a'], [{ $doc: 'three', options: { shouldLoad: false } }, { $doc: 'two' }]]]))
  both(s.local(0, [['doc.load', ['array:a'], 0]]))
  s.local(1, [['doc.load', ['map:m'], 'a']])
  s.local(1, [['doc.load', ['map:m'], 'a']])
  both(s.local(0, [['doc.destroy', ['map:m'], 'a']]))
  s.local(0, [['doc.load', ['map:m'], 'a']])
  both(s.local(0, [['map.set', ['map:m'], 'a', { $doc: 'four', options: {} }], ['map.delete', ['map:m'], 'b']]))
  both(s.local(0, [['array.delete', ['array:a'], 0, 2]]))
  both(s.local(0, [['map.set', ['map:m'], 'c', { $doc: 'five' }], ['map.delete', ['map:m'], 'c']]))
  s.check(0)
  s.check(1)
  s.end()
}

/** Values and types of every kind, in one client's hands. */
const valued = sink => {
  const s = new Script('values', { clients: [9], roots: ['map:m', 'array:a', 'text:t', 'element:e'], observe: true, sink })
  const all = [null, true, false, 0, -0.5, 127, 128, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 53 - 1, 1e21, 0.1, '', 'ü😀', [], {}, [[null]], { b: 1, a: { c: [] }, 10: 0, 9: 1 },
    { $number: 'NaN' }, { $number: '-Infinity' }, { $number: '-0' }, { $bytes: '' }, { $bytes: 'AAEC/w==' }]
  s.local(0, [['array.insert', ['array:a'], 0, all]])
  s.local(0, all.map((v, k) => ['map.set', ['map:m'], 'k' + k, v]))
  for (const v of [{ $undefined: true }, { $bigint: '0' }, { $bigint: '9223372036854775807' }, { $bigint: '-9223372036854775808' }, [{ $undefined: true }, { $bigint: '-1' }], { u: { $undefined: true } }]) s.local(0, [['map.set', ['map:m'], 'x', v]])
  s.local(0, [['text.embed', ['text:t'], 0, { a: 1, b: [1] }, { w: 0.5 }], ['text.embed', ['text:t'], 1, { $type: 'map', entries: [['k', 1]] }, null]])
  s.local(0, [['text.insert', ['text:t'], 1, 'between', {}], ['text.set', ['text:t'], 'attr', [1]], ['text.set', ['text:t'], 'attr', 2], ['text.unset', ['text:t'], 'attr']])
  s.local(0, [['map.set', ['text:t', 8], 'k', { $type: 'array' }]])
  s.local(0, [['xml.insert', ['element:e'], 0, [
    { $type: 'element', name: 'div', children: [{ $type: 'xmltext', delta: [{ insert: 'a', attributes: { b: { c: 1 } } }, { insert: 'd' }] }, { $type: 'element', name: 'br' }], attributes: [['z', '1'], ['a', '<&">']] },
    { $type: 'hook', name: 'hook', entries: [['k', 1]] }, { $type: 'xmltext' }]]])
  s.local(0, [['xml.set', ['element:e'], 'id', 'root'], ['xml.set', ['element:e', 0], 'n', 5], ['xml.unset', ['element:e', 0], 'z'], ['map.set', ['element:e', 1], 'k', [2]]])
  s.local(0, [['text.delta', ['element:e', 0, 0], [{ retain: 1, attributes: { b: null } }, { insert: 'x\n', attributes: { i: {} } }, { delete: 1 }]]])
  s.local(0, [['map.clear', ['map:m']], ['array.delete', ['array:a'], 1, 20]])
  s.check(0, { since: [b.stateVector([[9, 3]])] })
  s.end()
}

/** Writes all scripts, in the order they are stored, to the sink. */
export const allScripts = sink => {
  let seed = 100
  for (const kind of Object.keys(KINDS)) {
    randomScript(kind, seed++, { kind, steps: 60, sink })
    randomScript(`${kind}, observed`, seed++, { kind, steps: 60, observe: true, sink })
    randomScript(`${kind}, kept`, seed++, { kind, steps: 40, gc: false, sink })
    if (kind !== 'subdocs') randomScript(`${kind}, undone`, seed++, { kind, steps: 60, clients: 2, undo: true, observe: true, sink })
    scattered(`${kind}, scattered`, seed++, { kind, steps: 40, sink })
  }
  randomScript('all, eight clients', seed++, { kind: 'all', steps: 120, clients: 8, sink })
  for (const write of [surrogates, collected, written, undone, remembered, refused, subdocuments, valued]) write(sink)
}
