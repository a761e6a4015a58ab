/**
 * The offline store: keeps a document in the browser's IndexedDB. Loaded only by
 * pages that ask for it.
 *
 * A database has a log of updates, which any number of tabs append to. What must
 * not come between two tabs happens within one read-write transaction, and
 * IndexedDB lets no two of those run on a log at a time.
 */

import * as Y from 'yjs'

/** What went wrong with the store. The document and the connection are as well as before. */
export interface OfflineError {
  /**
   * - damaged: a record could not be read; it was set aside, and update is what it held, if it held any bytes
   * - quota: the browser gives no more room; tried again from time to time
   * - blocked: something keeps the database from being opened; nothing is kept while this page lives
   * - closed: the database was taken away, by clearOffline() in another tab or by a person; as blocked
   * - failed: a write failed otherwise; tried again from time to time
   * - unavailable: there is no IndexedDB here, or it cannot be opened; as blocked
   */
  kind: 'damaged' | 'quota' | 'blocked' | 'closed' | 'failed' | 'unavailable'
  error: unknown
  update?: Uint8Array
}

/** What the store has to know of the provider. */
export interface Owner {
  doc: Y.Doc
  /** The origin of what did not begin in this tab. */
  remote: unknown
  /** Whether local edits may be nowhere but here. */
  unsaved(): boolean
  failed(error: OfflineError): void
}

const enum Limit {
  Records = 300, // in the log, until it is made one
  Open = 3_000, // milliseconds for the database to open: a pending deletion keeps it closed without a word
  Retry = 5_000, // milliseconds between writes that failed
  Settle = 1_000 // milliseconds until it is noted that all is saved, which the next edit may change
}

/** A record of the log. The sum finds bytes that rotted, and would pass for others. */
interface Row {
  update: Uint8Array
  sum: number
}

/** A record that cannot be read. */
interface Bad {
  key: number
  record: unknown
  error: unknown
}

/** What a write leaves in meta, once it is done. */
interface Settled {
  epoch: Uint8Array
  marked: number
  left: [key: string, value: number][]
}

/** FNV-1a. */
const checksum = (bytes: Uint8Array): number => {
  let sum = 0x811c9dc5
  for (let i = 0; i < bytes.length; i++) sum = Math.imul(sum ^ bytes[i]!, 0x01000193)
  return sum
}

const write = (update: Uint8Array): Row => ({ update, sum: checksum(update) })

const read = (record: unknown): Uint8Array => {
  const { update, sum } = record as Row
  if (checksum(update) !== sum) throw Error('the checksum is wrong')
  return update
}

const stateOf = (doc: Y.Doc): Map<number, number> => Y.decodeStateVector(Y.encodeStateVector(doc))

/** An exception that is someone else's, such as a listener's, is reported and stops nothing. */
const report = (error: unknown): void => queueMicrotask(() => { throw error })

const done = (tx: IDBTransaction): Promise<void> => new Promise((resolve, reject) => {
  tx.oncomplete = () => resolve()
  tx.onabort = () => reject(tx.error ?? new DOMException('the transaction was aborted', 'AbortError'))
})

const openDatabase = (name: string, failed: (kind: OfflineError['kind'], error: unknown) => void): Promise<IDBDatabase | undefined> =>
  new Promise(resolve => {
    const give = (kind: OfflineError['kind'], error: unknown): void => {
      clearTimeout(timer)
      if (!late) failed(kind, error)
      late = true
      resolve(undefined)
    }
    let late = false
    const timer = setTimeout(() => give('blocked', Error(`not open within ${Limit.Open} ms`)), Limit.Open)
    try {
      const request = indexedDB.open(name, 1)
      request.onupgradeneeded = () => {
        const db = request.result
        db.createObjectStore('updates', { autoIncrement: true }) // Row
        db.createObjectStore('damaged') // by the key that it had in updates: { record, error, time }
        db.createObjectStore('meta') // epoch: Uint8Array; unsaved of each tab: number
      }
      request.onblocked = () => give('blocked', Error('another tab does not let go of the database'))
      request.onerror = () => give('unavailable', request.error)
      request.onsuccess = () => {
        clearTimeout(timer)
        if (late) request.result.close()
        else resolve(request.result)
      }
    } catch (error) {
      give('unavailable', error)
    }
  })

/** Opens the store and brings what it holds into the document. Resolves in any case. */
export const openStore = async (name: string, owner: Owner): Promise<OfflineStore> => {
  const store = new OfflineStore(name, owner)
  const db = await openDatabase(name, (kind, error) => owner.failed({ kind, error }))
  await store.begin(db)
  return store
}

export class OfflineStore {
  #epoch: Uint8Array = new Uint8Array(0)

  #name: string
  #owner: Owner
  #db?: IDBDatabase
  #edits: { update: Uint8Array, local: boolean }[] = [] // not yet written
  #stored = new Map<number, number>() // client → clock: what the log surely has, without gaps
  #seen = 0 // the records with keys up to this were read, or written here
  #own = new Set<number>() // keys above that, written here
  #records = 0
  #behind = false // the log lacks what is in the document: the next write is all of it
  #bad: Bad[] = [] // records to be set aside
  #busy = false
  #failing = false // until the next attempt
  #complained = false // about failures since the last write that worked
  #told = this.#epoch // epoch in the database
  #mark = 'unsaved ' + Math.random().toString(36).slice(2) // in meta, while this tab has unsaved edits
  #marked = 0 // its value, which grows; 0: not there
  #marks = 0 // the greatest it was
  #left: [key: string, value: number][] = [] // marks found when the store was opened
  #idle?: () => void // resolves close()
  #timer?: ReturnType<typeof setTimeout>

  constructor(name: string, owner: Owner) {
    this.#name = name
    this.#owner = owner
    owner.doc.on('update', this.#onUpdate)
  }

  /** Whether what was loaded has edits that no server is known to have saved. */
  get unsaved(): boolean {
    return this.#left.length > 0
  }

  /** The id of the history that the document belongs to; empty: unknown. */
  get epoch(): Uint8Array {
    return this.#epoch
  }

  set epoch(epoch: Uint8Array) {
    this.#epoch = epoch.slice()
    this.#schedule()
  }

  /** To be called when the owner's unsaved() may have changed. */
  changed(): void {
    if (this.#settled()) this.#later(Limit.Settle)
  }

  /** Writes what is left and lets go of the database. */
  async close(): Promise<void> {
    this.#owner.doc.off('update', this.#onUpdate)
    globalThis.removeEventListener?.('pagehide', this.#onHide)
    clearTimeout(this.#timer)
    this.#schedule()
    if (this.#busy) await new Promise<void>(resolve => { this.#idle = resolve })
    this.#db?.close()
    this.#db = undefined
  }

  /** Removes the database. Tabs that have it open let go of it. */
  async remove(): Promise<void> {
    this.#db?.close()
    this.#stop()
    const request = indexedDB.deleteDatabase(this.#name)
    await new Promise<void>((resolve, reject) => {
      request.onsuccess = () => resolve()
      request.onerror = () => reject(request.error)
    })
  }

  // ---- reading

  /** Loads the document from the database, if there is one. */
  async begin(db: IDBDatabase | undefined): Promise<void> {
    if (!db) return this.#stop()
    const { doc } = this.#owner
    const empty = !doc.store.clients.size && !doc.store.pendingStructs && !doc.store.pendingDs
    try {
      const tx = db.transaction(['updates', 'meta'])
      const updates = tx.objectStore('updates')
      const [keys, rows, names, values] = [updates.getAllKeys(), updates.getAll(), tx.objectStore('meta').getAllKeys(), tx.objectStore('meta').getAll()]
      await done(tx)
      names.result.forEach((name, i) => {
        if (name === 'epoch') this.#epoch = this.#told = values.result[i]
        else this.#left.push([name as string, values.result[i]])
      })
      this.#records = keys.result.length
      this.#take(keys.result as number[], rows.result)
      this.#seen = (keys.result as number[]).at(-1) ?? 0
    } catch (error) {
      db.close()
      this.#owner.failed({ kind: 'unavailable', error })
      return this.#stop()
    }
    if (empty) this.#stored = stateOf(doc)
    // What the document held before is news to the database; what is damaged leaves the log.
    if (!empty || this.#bad.length) this.#behind = true
    this.#db = db
    db.onversionchange = () => this.#lost('the database is being removed')
    db.onclose = () => this.#lost('the browser closed the database')
    globalThis.addEventListener?.('pagehide', this.#onHide)
    this.#schedule()
  }

  /** Brings records into the document. Those that cannot be are noted to be set aside. */
  #take(keys: number[], rows: unknown[]): void {
    const { doc } = this.#owner
    const bad: Bad[] = []
    try {
      // In one transaction: what listens to the document, and may throw, runs when it ends.
      Y.transact(doc, () => rows.forEach((record, i) => {
        try {
          Y.applyUpdate(doc, read(record))
        } catch (error) {
          bad.push({ key: keys[i]!, record, error })
        }
      }), this, false)
    } catch (error) {
      report(error)
    }
    for (const { record, error } of bad) {
      const update = (record as Row | undefined)?.update
      this.#owner.failed({ kind: 'damaged', error, ...update instanceof Uint8Array && { update } })
    }
    this.#bad.push(...bad)
  }

  /** Notes what an update brings to the log. */
  #note(update: Uint8Array): void {
    for (const s of Y.decodeUpdate(update).structs) {
      const { client, clock } = s.id
      const have = this.#stored.get(client) ?? 0
      if (!(s instanceof Y.Skip) && clock <= have) this.#stored.set(client, Math.max(have, clock + s.length))
    }
  }

  // ---- writing

  #onUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin === this) return
    this.#edits.push({ update, local: origin !== this.#owner.remote })
    this.#schedule()
  }

  /** A write under way is not waited for when the page goes: what was handed to IndexedDB is written. */
  #onHide = (): void => {
    if (this.#db && this.#due() && !this.#failing) this.#append(this.#db).catch(this.#fail)
  }

  #due(): boolean {
    return this.#edits.length > 0 || this.#behind || this.#epoch !== this.#told || this.#settled()
  }

  /** Whether the database has marks that are not true any more. */
  #settled(): boolean {
    return (this.#marked > 0 || this.#left.length > 0) && !this.#owner.unsaved()
  }

  #later(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#failing = false
      this.#schedule()
    }, ms)
  }

  #schedule(): void {
    if (this.#busy || this.#failing || !this.#db || !this.#due()) return
    this.#busy = true
    // What this task edits is written together; what comes while it is written, with the next.
    queueMicrotask(this.#write)
  }

  #write = async (): Promise<void> => {
    try {
      while (this.#db && this.#due()) {
        if (this.#behind || this.#records > Limit.Records) await this.#compact(this.#db)
        else await this.#append(this.#db)
      }
    } catch (error) {
      this.#fail(error)
    }
    this.#busy = false
    this.#idle?.()
  }

  #fail = (error: unknown): void => {
    if (!this.#db) return
    // What did not get in is not kept apart: the next write is the whole document.
    this.#behind = true
    this.#edits = []
    if (this.#failing) return
    this.#failing = true
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#later(Limit.Retry)
    if (this.#complained) return
    this.#complained = true
    this.#owner.failed({ kind: (error as DOMException)?.name === 'QuotaExceededError' ? 'quota' : 'failed', error })
  }

  /** Appends the edits to the log: one record for those of this tab, one for others that it lacks. */
  async #append(db: IDBDatabase): Promise<void> {
    const edits = this.#edits
    this.#edits = []
    const merged = (local: boolean): Uint8Array | undefined => {
      const some = edits.filter(e => e.local === local).map(e => e.update)
      return some.length > 1 ? Y.mergeUpdates(some) : some[0]
    }
    const [local, remote] = [merged(true), merged(false)]
    const tx = db.transaction(['updates', 'meta'], 'readwrite', { durability: 'relaxed' })
    const finished = done(tx)
    const log = tx.objectStore('updates')
    const written: { update: Uint8Array, key: IDBRequest }[] = []
    const add = (update: Uint8Array): void => {
      written.push({ update, key: log.add(write(update)) })
    }
    let seen = this.#seen
    const settled = this.#putMeta(tx, !!local)
    if (local) add(local)
    if (!remote) {
      // With this the browser finishes it even if the page ends here.
      if (settled.left === this.#left) tx.commit()
    } else {
      // Other tabs hear the same from the server: what they have written is not written again.
      this.#newer(log, (keys, rows) => {
        seen = keys.at(-1) ?? seen
        this.#records += rows.length
        for (const record of rows) {
          try {
            this.#note(read(record))
          } catch {
            // Who loads it sets it aside.
          }
        }
        const lacking = Y.diffUpdate(remote, Y.encodeStateVector(this.#stored))
        const { structs, ds } = Y.decodeUpdate(lacking)
        if (structs.length || ds.clients.size) add(lacking)
      })
    }
    await finished
    // Not before: the keys of a transaction that fails are given again, to others.
    for (const { update, key } of written) {
      this.#note(update)
      this.#own.add(key.result)
    }
    this.#seen = Math.max(seen, this.#seen)
    this.#records += written.length
    this.#wrote(settled)
  }

  /** Puts one record, the whole document, in the place of the log. */
  async #compact(db: IDBDatabase): Promise<void> {
    const tx = db.transaction(['updates', 'damaged', 'meta'], 'readwrite')
    const finished = done(tx)
    const log = tx.objectStore('updates')
    const settled = this.#putMeta(tx, true)
    let stored = new Map<number, number>()
    let added: IDBRequest | undefined
    // Other tabs' records are read in the same transaction that removes them.
    this.#newer(log, (keys, rows) => {
      const { doc } = this.#owner
      this.#take(keys, rows)
      for (const { key, record, error } of this.#bad) {
        tx.objectStore('damaged').put({ record, error: String(error), time: Date.now() }, key)
      }
      stored = stateOf(doc)
      this.#edits = []
      log.clear()
      added = log.add(write(Y.encodeStateAsUpdate(doc)))
    })
    await finished
    this.#stored = stored
    this.#seen = added!.result
    this.#records = 1
    this.#own.clear()
    this.#bad = []
    this.#behind = false
    this.#wrote(settled)
  }

  /** Reads the records that other tabs have written since. */
  #newer(log: IDBObjectStore, then: (keys: number[], rows: unknown[]) => void): void {
    const range = IDBKeyRange.lowerBound(this.#seen, true)
    const keys = log.getAllKeys(range) as IDBRequest<number[]>
    const rows = log.getAll(range)
    rows.onsuccess = () => {
      const theirs = (_: unknown, i: number): boolean => !this.#own.has(keys.result[i]!)
      then(keys.result.filter(theirs), rows.result.filter(theirs))
    }
  }

  /** Writes the epoch and whether there are unsaved edits, and returns what then is noted here. */
  #putMeta(tx: IDBTransaction, edited: boolean): Settled {
    const meta = tx.objectStore('meta')
    const epoch = this.#epoch
    if (epoch !== this.#told) meta.put(epoch, 'epoch')
    if (this.#owner.unsaved()) {
      if (edited) meta.put(++this.#marks, this.#mark)
      return { epoch, marked: edited ? this.#marks : this.#marked, left: this.#left }
    }
    if (this.#marked) meta.delete(this.#mark)
    // The edits that these marks were about came with the log, and so are saved. A
    // tab that has edited since has changed its mark.
    for (const [key, value] of this.#left) {
      const found = meta.get(key)
      found.onsuccess = () => {
        if (found.result === value) meta.delete(key)
      }
    }
    return { epoch, marked: 0, left: [] }
  }

  #wrote({ epoch, marked, left }: Settled): void {
    this.#told = epoch
    this.#marked = marked
    this.#left = left
    this.#complained = false
  }

  // ---- ending

  #lost(why: string): void {
    const db = this.#db
    if (!db) return
    db.close()
    this.#stop()
    this.#owner.failed({ kind: 'closed', error: Error(why) })
  }

  #stop(): void {
    this.#db = undefined
    this.#edits = []
    this.#owner.doc.off('update', this.#onUpdate)
  }
}
