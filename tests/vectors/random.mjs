// Random updates that no document made. Merging and cutting look at structs only,
// so overlaps need not agree with each other; this reaches corners that editing
// rarely does.

import * as b from './bytes.mjs'

const content = r => {
  switch (r.below(11)) {
    case 0: return b.deleted(r.between(1, 9))
    case 1: return b.json(Array.from({ length: r.between(1, 3) }, () => r.pick([undefined, null, 1, 'x', { a: [1] }])))
    case 2: return b.binary(Array.from({ length: r.below(4) }, () => r.below(256)))
    case 3: case 4: case 5: return b.string(r.text(5))
    case 6: return b.embed({ image: r.text(2) })
    case 7: return b.format(r.pick(['bold', 'é']), r.pick([true, null, 'x']))
    case 8: return r.chance(50) ? b.type(r.pick([0, 1, 2, 4, 6])) : b.type(r.pick([3, 5]), r.text(2))
    case 9: return b.any(Array.from({ length: r.between(1, 4) }, () => r.pick([undefined, null, true, false, -5, 1e9, 3e9, 0.5, 0.1, 12n, 'é', [1, ['x']], { k: 1, l: {} }, new Uint8Array([1, 2])])))
    default: return b.doc('guid-' + r.below(9), r.pick([{}, { gc: false }, { autoLoad: true, meta: 'm' }]))
  }
}

const id = (r, clients) => [r.pick(clients), r.below(40)]

const struct = (r, clients, skips) => {
  const k = r.below(10)
  if (k < 2) return b.gc(r.between(1, 6), r.chance(10) ? r.pick([0x20, 0x40, 0xe0]) : 0)
  if (k < 3 && skips) return b.skip(r.between(1, 6))
  const place = {}
  if (r.chance(60)) place.origin = id(r, clients)
  if (r.chance(30)) place.right = id(r, clients)
  if (!place.origin && !place.right) place.parent = r.chance(50) ? r.pick(['root', '', 'é']) : id(r, clients)
  if (r.chance(20)) place.sub = r.pick(['key', '', 'ß'])
  return b.item(place, content(r))
}

/** One update about some of the clients, which must be in descending order. */
export const randomUpdate = (r, clients, { skips = true } = {}) => {
  const sections = r.some(clients, 60).map(client =>
    [client, r.chance(30) ? 0 : r.below(40), Array.from({ length: r.chance(2) ? 0 : r.between(1, 6) }, () => struct(r, clients, skips))])
  const deletes = r.shuffled(r.some(clients, 40)).map(client =>
    [client, Array.from({ length: r.below(4) }, () => [r.below(40), r.between(r.chance(5) ? 0 : 1, 6)])])
  return b.update(sections, deletes)
}

export const randomStateVector = (r, clients) =>
  b.stateVector(r.shuffled(r.some(clients, 60)).map(client => [client, r.below(45)]))
