// Documents that several clients edit at once, with the updates they send.

import * as Y from 'yjs'

/** Client ids of one to eight bytes. */
export const CLIENTS = [0, 1, 127, 128, 4_000_000_000, 2 ** 32 + 5, 2 ** 45 + 77, 2 ** 53 - 1]

const KEYS = ['a', 'key', 'ключ', '鍵']
const VALUES = [null, true, false, 0, -1, 63, 64, 2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1, 0.5, -0.1, 1e300, 'text', '😀', { n: [1, { d: null }] }, [], [[1], 'x']]

const value = r => r.chance(15) ? new Uint8Array([r.below(256), 0, 255]) : r.pick(VALUES)

const nested = (r, depth = 0) => {
  switch (r.below(6)) {
    case 0: return Y.Array.from([1, r.text(2)])
    case 1: return new Y.Map([['k', value(r)]])
    case 2: return new Y.Text(r.text())
    case 3: { const x = new Y.XmlElement(r.pick(['p', 'div', 'ü'])); if (depth < 2) x.insert(0, [nested(r, 9), new Y.XmlText(r.text())].filter(v => v instanceof Y.XmlElement || v instanceof Y.XmlText)); return x }
    case 4: return new Y.XmlText(r.text())
    default: { const x = new Y.XmlElement('hooked'); x.setAttribute('id', r.text(2)); return x }
  }
}

const edits = {
  text (r, doc) {
    const t = doc.getText('text')
    if (r.chance(70) || t.length === 0) t.insert(r.below(t.length + 1), r.text(8))
    else { const at = r.below(t.length); t.delete(at, Math.min(t.length - at, r.between(1, 6))) }
  },
  typing (r, doc) {
    const t = doc.getText('text')
    if (r.chance(90)) t.insert(t.length, r.pick([...'typed text. ']))
    else if (t.length > 0) t.delete(t.length - 1, 1)
  },
  rich (r, doc) {
    const t = doc.getText('rich')
    const at = r.below(t.length + 1)
    switch (r.below(6)) {
      case 0: case 1: t.insert(at, r.text(), r.chance(30) ? { bold: true } : undefined); break
      case 2: t.insertEmbed(at, { image: r.text(3) }, r.chance(30) ? { width: 100 } : undefined); break
      case 3: if (t.length > 0) t.format(r.below(t.length), r.between(1, 5), { [r.pick(['bold', 'color'])]: r.pick([true, null, '#fff']) }); break
      case 4: if (t.length > 0) t.delete(r.below(t.length), 1); break
      default: t.applyDelta([{ retain: at }, { insert: r.text(3), attributes: { italic: true } }])
    }
  },
  array (r, doc) {
    const a = doc.getArray('array')
    if (r.chance(65) || a.length === 0) a.insert(r.below(a.length + 1), Array.from({ length: r.between(1, 4) }, () => value(r)))
    else { const at = r.below(a.length); a.delete(at, Math.min(a.length - at, r.between(1, 3))) }
  },
  map (r, doc) {
    const m = doc.getMap('map')
    if (r.chance(80)) m.set(r.pick(KEYS), r.chance(5) ? undefined : value(r))
    else m.delete(r.pick(KEYS))
  },
  xml (r, doc) {
    const x = doc.getXmlFragment('xml')
    switch (r.below(5)) {
      case 0: x.insert(r.below(x.length + 1), [new Y.XmlElement(r.pick(['p', 'h1']))]); break
      case 1: x.insert(r.below(x.length + 1), [new Y.XmlText(r.text())]); break
      case 2: { const c = x.length && x.get(r.below(x.length)); if (c instanceof Y.XmlElement) c.setAttribute(r.pick(KEYS), r.text(2)); break }
      case 3: { const c = x.length && x.get(r.below(x.length)); if (c instanceof Y.XmlElement) c.insert(0, [new Y.XmlText(r.text())]); else if (c instanceof Y.XmlText) c.insert(0, r.text(), { em: {} }); break }
      default: if (x.length > 0) x.delete(r.below(x.length), 1)
    }
  },
  nested (r, doc) {
    const a = doc.getArray('nested')
    const child = a.length && a.get(r.below(a.length))
    if (r.chance(40) || !child) { a.insert(r.below(a.length + 1), [nested(r)]); return }
    if (r.chance(15)) { a.delete(r.below(a.length), 1); return }
    if (child instanceof Y.XmlText || child instanceof Y.Text) child.insert(r.below(child.length + 1), r.text())
    else if (child instanceof Y.Array) child.push([r.chance(30) ? nested(r) : value(r)])
    else if (child instanceof Y.Map) child.set(r.pick(KEYS), r.chance(40) ? nested(r) : value(r))
    else if (child instanceof Y.XmlElement) child.insert(child.length, [new Y.XmlText(r.text())])
  },
  subdocs (r, doc) {
    const m = doc.getMap('folder')
    const options = r.pick([{}, { autoLoad: true }, { gc: false, meta: { title: 'é' } }, { meta: 'm' }])
    if (r.chance(80)) m.set(r.pick(KEYS), new Y.Doc({ guid: 'guid-' + r.below(1000), ...options }))
    else m.delete(r.pick(KEYS))
  },
  mixed (r, doc) { edits[r.pick(['text', 'rich', 'array', 'map', 'xml', 'nested', 'subdocs'])](r, doc) }
}

/**
 * Lets clients edit, deliver updates in any order, and lose some for a while.
 *
 * @returns {{ log: Uint8Array[], logV2: Uint8Array[], docs: Y.Doc[], vectors: Uint8Array[] }} all updates in the order
 *   they were made, in both versions, the documents of the clients (some with gaps), and state vectors seen on the way
 */
export const edit = (r, { kind, steps, clients, gc = true, undo = false, deliver = 30, lossless = false }) => {
  const log = []
  const logV2 = []
  const vectors = []
  const docs = clients.map(clientID => {
    const doc = new Y.Doc({ guid: 'vector', gc })
    doc.clientID = clientID
    return doc
  })
  const waiting = docs.map(() => [])
  docs.forEach((doc, i) => doc.on('update', (u, origin, _, tr) => {
    if (!tr.local) return
    log.push(u)
    waiting.forEach((w, k) => { if (k !== i) w.push(u) })
  }))
  docs.forEach(doc => doc.on('updateV2', (u, origin, _, tr) => { if (tr.local) logV2.push(u) }))
  const scopes = doc => [doc.getText('text'), doc.getArray('array'), doc.getMap('map')]
  const undos = undo ? docs.map(doc => new Y.UndoManager(scopes(doc), { captureTimeout: 0 })) : []
  for (let step = 0; step < steps; step++) {
    const i = r.below(docs.length)
    if (undo && r.chance(25)) {
      r.chance(60) ? undos[i].undo() : undos[i].redo()
    } else {
      docs[i].transact(() => {
        for (let n = r.chance(20) ? 3 : 1; n > 0; n--) edits[undo ? r.pick(['text', 'array', 'map']) : kind](r, docs[i])
      })
    }
    if (r.chance(deliver)) {
      const k = r.below(docs.length)
      const now = lossless ? waiting[k] : r.some(r.shuffled(waiting[k]), 80)
      waiting[k] = waiting[k].filter(u => !now.includes(u))
      now.forEach(u => Y.applyUpdate(docs[k], u))
    }
    if (r.chance(5)) vectors.push(Y.encodeStateVector(docs[i]))
  }
  undos.forEach(u => u.destroy())
  docs.forEach(doc => vectors.push(Y.encodeStateVector(doc)))
  return { log, logV2, docs, vectors }
}
