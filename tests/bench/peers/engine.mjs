// A document engine under measurement: node --expose-gc engine.mjs yjs|ywasm|loro
//
// Each line read is a command in JSON, each line written its answer, with the
// nanoseconds it took. internal/engine in Go has the same commands for weft.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

// An engine makes documents. A document does an operation in a transaction of
// its own and hands the update to its sink; the roots are one text, array and map.
const engines = {
  yjs: async () => {
    const Y = await import('yjs')
    return {
      create: (client, sink) => {
        const doc = new Y.Doc()
        doc.clientID = client
        if (sink) doc.on('update', sink)
        const [text, array, map] = [doc.getText('text'), doc.getArray('array'), doc.getMap('map')]
        return {
          edit (at, deleted, inserted) {
            doc.transact(() => {
              if (deleted) text.delete(at, deleted)
              if (inserted) text.insert(at, inserted)
            })
          },
          insert: (at, values) => array.insert(at, values),
          remove: (at, n) => array.delete(at, n),
          set: (key, value) => map.set(key, value),
          apply: (update, version = 1) => version === 1 ? Y.applyUpdate(doc, update) : Y.applyUpdateV2(doc, update),
          encode: (version = 1) => version === 1 ? Y.encodeStateAsUpdate(doc) : Y.encodeStateAsUpdateV2(doc),
          text: () => text.toString(),
          content: () => [text.toString(), array.toJSON(), map.toJSON()]
        }
      }
    }
  },
  ywasm: async () => {
    const Y = createRequire(import.meta.url)('ywasm')
    return {
      create: (client, sink) => {
        const doc = new Y.YDoc({ clientID: client })
        if (sink) doc.onUpdate(sink)
        const [text, array, map] = [doc.getText('text'), doc.getArray('array'), doc.getMap('map')]
        const transact = f => {
          const tx = doc.beginTransaction()
          f(tx)
          tx.commit()
          tx.free()
        }
        return {
          edit (at, deleted, inserted) {
            transact(tx => {
              if (deleted) text.delete(at, deleted, tx)
              if (inserted) text.insert(at, inserted, undefined, tx)
            })
          },
          insert: (at, values) => transact(tx => array.insert(at, values, tx)),
          remove: (at, n) => transact(tx => array.delete(at, n, tx)),
          set: (key, value) => transact(tx => map.set(key, value, tx)),
          apply: (update, version = 1) => version === 1 ? Y.applyUpdate(doc, update) : Y.applyUpdateV2(doc, update),
          encode: (version = 1) => version === 1 ? Y.encodeStateAsUpdate(doc) : Y.encodeStateAsUpdateV2(doc),
          text: () => text.toString(),
          content: () => [text.toString(), array.toJson(), map.toJson()],
          free: () => doc.free()
        }
      }
    }
  },
  loro: async () => {
    const { LoroDoc } = createRequire(import.meta.url)('loro-crdt')
    return {
      // Loro has formats of its own: version 1 is all operations, version 2 a snapshot.
      create: (client, sink) => {
        const doc = new LoroDoc()
        doc.setPeerId(BigInt(client))
        if (sink) doc.subscribeLocalUpdates(sink)
        const [text, array, map] = [doc.getText('text'), doc.getList('array'), doc.getMap('map')]
        return {
          edit (at, deleted, inserted) {
            if (deleted) text.delete(at, deleted)
            if (inserted) text.insert(at, inserted)
            doc.commit()
          },
          insert (at, values) { values.forEach((v, i) => array.insert(at + i, v)); doc.commit() },
          remove (at, n) { array.delete(at, n); doc.commit() },
          set (key, value) { map.set(key, value); doc.commit() },
          apply: update => doc.import(update),
          encode: (version = 1) => doc.export({ mode: version === 1 ? 'update' : 'snapshot' }),
          text: () => text.toString(),
          content: () => [text.toString(), array.toJSON(), map.toJSON()],
          free: () => doc.free()
        }
      }
    }
  }
}

const engine = await engines[process.argv[2]]()
let work, updates, state

const timed = f => {
  const start = process.hrtime.bigint()
  const value = f()
  return [Number(process.hrtime.bigint() - start), value]
}

const sha = text => createHash('sha256').update(text).digest('hex')

/** Does one operation: [position, deleted, inserted] of text, or ["a", position, deleted, values], or ["m", key, value]. */
const operate = (doc, op) => {
  if (op[0] === 'm') doc.set(op[1], op[2])
  else if (op[0] === 'a') {
    if (op[2]) doc.remove(op[1], op[2])
    if (op[3].length) doc.insert(op[1], op[3])
  } else doc.edit(op[0], op[1], op[2])
}

/** The first time and the least of some runs: what happens once in a page, and what is possible. */
const best = (n, f) => {
  let first
  let least = Infinity
  let value
  for (let i = 0; i < n; i++) {
    globalThis.gc()
    const [ns, v] = timed(f)
    first ??= ns
    least = Math.min(least, ns)
    value = v
  }
  return [{ ns: least, first }, value]
}

// As Yjs draws them: five bytes in an update.
const AUTHOR = 0x9e3779b9
const READER = 0x9e3779ba

const commands = {
  /** Reads the work: {start, users: [[operation…]…]}. */
  prepare ({ file }) {
    work = JSON.parse(readFileSync(file))
    updates = undefined
    return {}
  },

  /** The first user's operations, each in a transaction of its own with its update emitted. */
  replay () {
    globalThis.gc()
    const made = []
    const doc = engine.create(AUTHOR, u => made.push(u))
    if (work.start) doc.edit(0, 0, work.start)
    const [ns] = timed(() => work.users[0].forEach(op => operate(doc, op)))
    updates = made
    state = [doc.encode(1), doc.encode(2)]
    const text = doc.text()
    doc.free?.()
    return { ns, updates: made.length, sha256: sha(text), sizes: state.map(s => s.length) }
  },

  /** Takes the full states that another has written to files, instead of a replay. */
  take ({ files }) {
    state = files.map(f => new Uint8Array(readFileSync(f)))
    return {}
  },

  /** Writes the full states to files. */
  give ({ files }) {
    files.forEach((f, i) => writeFileSync(f, state[i]))
    return {}
  },

  /** All updates of the replay, one by one, into a document that has nothing. */
  remote () {
    globalThis.gc()
    const doc = engine.create(READER)
    const [ns] = timed(() => updates.forEach(u => doc.apply(u)))
    const text = doc.text()
    doc.free?.()
    return { ns, sha256: sha(text) }
  },

  load ({ version, times }) {
    const [time, text] = best(times, () => {
      const doc = engine.create(READER)
      doc.apply(state[version - 1], version)
      return doc.text()
    })
    return { ...time, sha256: sha(text) }
  },

  encode ({ version, times }) {
    const doc = engine.create(READER)
    doc.apply(state[0])
    const [time, out] = best(times, () => doc.encode(version))
    doc.free?.()
    return { ...time, bytes: out.length }
  },

  /** What a loaded document keeps of JavaScript's heap. */
  heap () {
    const used = () => {
      globalThis.gc()
      globalThis.gc()
      const { heapUsed, external } = process.memoryUsage()
      return heapUsed + external
    }
    const before = used()
    // As many as in ../engine: what is freed or made beside them counts little then.
    const docs = Array.from({ length: 10 }, () => {
      const doc = engine.create(READER)
      doc.apply(state[0])
      doc.text()
      return doc
    })
    const bytes = Math.round((used() - before) / docs.length)
    return { bytes, length: docs[0].text().length }
  },

  /** All users at once: each does its operations, then the first has everything. */
  pattern () {
    globalThis.gc()
    const made = work.users.map(() => [])
    const docs = work.users.map((_, i) => engine.create(AUTHOR - i, u => made[i].push(u)))
    if (work.start) {
      docs[0].edit(0, 0, work.start)
      const start = made[0].splice(0)
      docs.slice(1).forEach(doc => start.forEach(u => doc.apply(u)))
      made.forEach(m => m.splice(0))
    }
    // A user alone has a reader.
    const reader = docs.length === 1 ? engine.create(READER) : docs[0]
    if (docs.length === 1 && work.start) reader.apply(docs[0].encode())
    const [ns] = timed(() => {
      work.users.forEach((ops, i) => ops.forEach(op => operate(docs[i], op)))
      made.forEach((list, i) => { if (docs[i] !== reader) list.forEach(u => reader.apply(u)) })
    })
    const [text, array] = reader.content()
    const bytes = reader.encode().length
    docs.forEach(d => d.free?.())
    return { ns, bytes, sha256: sha(text), items: array.length }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line)
  console.log(JSON.stringify(commands[command.do](command)))
}
