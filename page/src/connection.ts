// The state of the connection as a person understands it, made from the provider's events.

import type { WeftProvider } from '@weft-sync/provider'
import type * as Y from 'yjs'

/**
 * - connecting: the first attempt
 * - connected: the socket is open, the document is on its way
 * - synced: this page has what the server has, and the other way round
 * - offline: the connection was lost or never came; it is tried again
 * - refused: the server said that trying again is of no use
 */
export type Phase = 'connecting' | 'connected' | 'synced' | 'offline' | 'refused'

export interface ConnectionState {
  phase: Phase
  /** The code of the last close, 0 if there was none since the last sync. */
  code: number
  /** The server's words for it, or what went wrong here; may be empty. */
  reason: string
  /** Whether this page was ever in sync. */
  seen: boolean
  /** Whether edits were made here since the page was last in sync. */
  unsent: boolean
}

export class Connection {
  #state: ConnectionState = { phase: 'connecting', code: 0, reason: '', seen: false, unsent: false }
  #provider: WeftProvider
  #listeners: Array<(state: ConnectionState) => void> = []

  constructor(provider: WeftProvider, doc: Y.Doc) {
    this.#provider = provider
    provider.on('status', ({ status }) => {
      // Attempts after a lost connection are not shown one by one: offline lasts until one succeeds.
      if (status === 'connected') this.#set({ phase: provider.synced ? 'synced' : 'connected' })
      if (status === 'disconnected' && this.#state.phase !== 'refused') this.#set({ phase: 'offline' })
    })
    provider.on('sync', (synced) => {
      if (synced) this.#set({ phase: 'synced', code: 0, reason: '', seen: true, unsent: false })
    })
    provider.on('connection-close', (event) => {
      const code = event?.code ?? 0
      const reason = event?.reason ?? ''
      this.#set({ phase: code >= 4400 && code <= 4499 ? 'refused' : 'offline', code, reason })
    })
    provider.on('connection-error', (event) => {
      // Without its WebAssembly module the provider does not even try. It loads it again by itself.
      if (event.error) this.#set({ phase: 'offline', code: 0, reason: String(event.error) })
    })
    doc.on('update', (_update: Uint8Array, origin: unknown) => {
      if (origin !== provider && this.#state.phase !== 'synced') this.#set({ unsent: true })
    })
    addEventListener('beforeunload', (event) => {
      if (this.#state.unsent) event.preventDefault()
    })
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** Calls back at once and after every change. */
  watch(listener: (state: ConnectionState) => void): void {
    this.#listeners.push(listener)
    listener(this.#state)
  }

  /** Tries now rather than when the provider would. */
  retry(): void {
    this.#provider.connect()
  }

  #set(change: Partial<ConnectionState>): void {
    const before = this.#state
    const after = { ...before, ...change }
    if ((Object.keys(after) as Array<keyof ConnectionState>).every((key) => after[key] === before[key])) return
    this.#state = after
    for (const listener of this.#listeners) listener(after)
  }
}
