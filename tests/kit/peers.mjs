// Real clients in Node: npm yjs with y-websocket's own provider, and with ours.

import WebSocket from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { need } from './need.mjs'
import { until } from './until.mjs'

// Both providers listen for the end of the process, and a test may have dozens of them.
process.setMaxListeners(0)

const { WeftProvider } = await need('@weft-sync/provider', 'build it first: make build')

/** Both kinds of provider, for tests that run once with each. */
export const kinds = ['y-websocket', 'weft']

const providers = { 'y-websocket': WebsocketProvider, weft: WeftProvider }

/**
 * A client that is disconnected and destroyed when the test ends.
 * @param {{ after(fn: () => unknown): void }} t
 * @param {'y-websocket' | 'weft'} kind
 * @param {string} url   ws://…, without the document
 * @param {string} room
 * @param {object} [options]  of the provider; doc: an existing document
 */
export function openPeer(t, kind, url, room, { doc = new Y.Doc(), ...options } = {}) {
  const peer = new Peer(kind, url, room, doc, options)
  t.after(() => peer.close())
  return peer
}

export class Peer {
  /** Statuses as they came. @type {string[]} */
  statuses = []
  /** Codes of closed connections as they came; null for those closed here. @type {Array<number | null>} */
  closes = []
  /** What went wrong with connections and, of our provider, with its module. @type {string[]} */
  errors = []
  #closed = false

  constructor(kind, url, room, doc, options) {
    this.kind = kind
    this.room = room
    this.doc = doc
    this.provider = new providers[kind](url, room, doc, { WebSocketPolyfill: WebSocket, disableBc: true, ...options })
    this.provider.on('status', ({ status }) => this.statuses.push(status))
    this.provider.on('connection-close', (event) => this.closes.push(event?.code ?? null))
    this.provider.on('connection-error', (event) => this.errors.push(String(event.error ?? event.message)))
  }

  get awareness() {
    return this.provider.awareness
  }

  /** The name for errors. */
  get name() {
    return `${this.kind} ${this.doc.clientID} in ${this.room}`
  }

  async synced(within) {
    try {
      await until(`${this.name} is synced`, () => this.provider.synced, { within })
    } catch (error) {
      error.message += `; statuses: ${this.statuses.join(' ')}; closes: ${this.closes.join(' ')}; errors: ${this.errors.join(' ')}`
      throw error
    }
    return this
  }

  close() {
    if (this.#closed) return
    this.#closed = true
    this.provider.destroy()
    this.awareness.destroy()
    this.doc.destroy()
  }
}

/** The document as a client sees that was never there before; the client is gone again when this returns. */
export async function readFresh(kind, url, room) {
  const peer = new Peer(kind, url, room, new Y.Doc(), {})
  try {
    await peer.synced()
    const copy = new Y.Doc()
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(peer.doc))
    return copy
  } finally {
    peer.close()
  }
}
