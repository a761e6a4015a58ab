/**
 * WeftProvider: keeps a Y.Doc in sync over a WebSocket. It owns the socket, the
 * timer and the channel to other tabs, and does with them what the module says.
 */

import * as bc from 'lib0/broadcastchannel'
import { ObservableV2 } from 'lib0/observable'
import { encodeQueryParams } from 'lib0/url'
import * as presence from 'y-protocols/awareness'
import * as Y from 'yjs'

import * as abi from './abi.js'
import { now, source, text, type Instance, type Source, type WasmSource } from './module.js'
import type { OfflineError, OfflineStore } from './offline.js'

export interface WeftProviderOptions {
  /** Connect at once. Default true. */
  connect?: boolean
  /** The presence states to share. Default: new ones for the document. */
  awareness?: presence.Awareness
  /** Query parameters for the server's address. */
  params?: Record<string, string>
  /** WebSocket subprotocols. */
  protocols?: string[]
  /** A WebSocket class, where there is no global one (Node 20: the package ws). */
  WebSocketPolyfill?: new (url: string, protocols?: string[]) => any
  /** Ask the server for its state every so many milliseconds. Default: never. */
  resyncInterval?: number
  /** The longest pause between attempts to connect, in milliseconds. Default 30000. */
  maxBackoffTime?: number
  /** Do not talk to other tabs of the same browser. */
  disableBc?: boolean
  /**
   * Whether to connect again after the server closed the connection. Default: not
   * after a close code from 4400 to 4499. Without a connection again, there is the event closed.
   */
  shouldReconnect?: (event: CloseEvent, provider: WeftProvider) => boolean
  /** How long the server may be silent before the connection is given up, in milliseconds. Default 30000. */
  timeout?: number
  /** Keep the document in the browser's IndexedDB too, in a database of that name. Default: not; name: the document's address. */
  offline?: boolean | { name?: string }
  /** Where provider.wasm is, its bytes, or the compiled module. Default: beside this file. */
  wasm?: WasmSource
}

export type WeftProviderEvents = {
  status: (event: { status: 'connecting' | 'connected' | 'disconnected' }) => void
  /** Whether everything that the server has is here. */
  synced: (state: boolean) => void
  /** The same as synced. */
  sync: (state: boolean) => void
  /** The connection ended, or an attempt failed; null if this side ended it. */
  'connection-close': (event: CloseEvent | null, provider: WeftProvider) => void
  /** The socket had an error, or the module could not be loaded or died; then event.error says why. */
  'connection-error': (event: Event & { error?: unknown }, provider: WeftProvider) => void
  /** The server does not want this client; there is no further attempt until connect(). */
  closed: (event: { code: number, reason: string }, provider: WeftProvider) => void
  /** What the browser keeps is in the document. unsaved: with edits that no server is known to have saved. */
  'offline-loaded': (event: { unsaved: boolean }, provider: WeftProvider) => void
  /** Something is wrong with what the browser keeps; the rest goes on. */
  'offline-error': (event: OfflineError, provider: WeftProvider) => void
}

const enum Buffered {
  Limit = 65_536, // bytes waiting in the socket above which local edits wait and are merged
  Recheck = 20 // milliseconds until they are counted again
}

const empty = new Uint8Array(0)

/** Node's, or what a bundler put in its place. */
interface Process {
  on?(event: 'exit', f: () => void): void
  off?(event: 'exit', f: () => void): void
}

/**
 * Takes the place of y-websocket's WebsocketProvider: the same arguments,
 * properties and events.
 *
 *     const provider = new WeftProvider('wss://example.org/docs', 'meeting-notes', ydoc)
 */
export class WeftProvider extends ObservableV2<WeftProviderEvents> {
  declare readonly serverUrl: string
  declare readonly bcChannel: string
  declare readonly roomname: string
  declare readonly doc: Y.Doc
  declare readonly awareness: presence.Awareness
  declare readonly disableBc: boolean
  /** May be changed; used for the next connection. */
  declare params: Record<string, string>
  /** May be changed; used for the next connection. */
  declare protocols: string[]
  /** May be changed; used for the next close. */
  declare shouldReconnect?: (event: CloseEvent, provider: WeftProvider) => boolean
  /** Resolves when what the browser keeps is in the document, or cannot be brought there; at once without the option offline. */
  declare readonly whenLoaded: Promise<void>
  /** Whether a connection is wanted. Set by connect(), disconnect(), and by a server that refuses. */
  shouldConnect = false
  wsconnected = false
  wsconnecting = false
  bcconnected = false
  synced = false
  ws: WebSocket | null = null

  #socket: new (url: string, protocols?: string[]) => any
  #source: Source
  #instance?: Instance
  #handle = 0
  #conn = 0 // of ws
  #status = abi.Status.Disconnected
  #maxBackoff: number
  #open: (instance: Instance) => number
  #store?: OfflineStore
  #events: [event: number, arg: number, payload: Uint8Array][] = []
  #busy = false
  #tabs = false // taking part in the channel is wanted
  #tab = false // what is being applied came from another tab
  #destroyed = false
  #loading = false
  #timer?: ReturnType<typeof setTimeout>
  #due = Infinity // when #timer fires
  #unwritten = false // frames were sent, and the module does not know that they are with the socket
  #last = { code: 0, reason: '' } // close
  #away: Record<string, any> | null = null // the local presence state of a page that is hidden

  constructor(serverUrl: string, roomname: string, doc: Y.Doc, {
    connect = true,
    awareness = new presence.Awareness(doc),
    params = {},
    protocols = [],
    WebSocketPolyfill = WebSocket,
    resyncInterval = 0,
    maxBackoffTime = 30_000,
    disableBc = false,
    shouldReconnect,
    timeout = 0,
    offline = false,
    wasm
  }: WeftProviderOptions = {}) {
    super()
    this.serverUrl = serverUrl.replace(/\/+$/, '')
    this.bcChannel = this.serverUrl + '/' + roomname
    this.roomname = roomname
    this.doc = doc
    this.awareness = awareness
    this.params = params
    this.protocols = protocols
    this.disableBc = disableBc
    this.shouldReconnect = shouldReconnect
    this.#socket = WebSocketPolyfill
    this.#maxBackoff = maxBackoffTime
    this.#open = instance => instance.open(this.#maxBackoff, timeout, resyncInterval, disableBc ? 0 : abi.Flag.Broadcast)
    this.#source = source(wasm)
    this.#listen(true)
    this.whenLoaded = offline ? this.#keep(offline === true ? {} : offline) : Promise.resolve()
    if (connect) this.connect()
  }

  /** The address of the document, with params. */
  get url(): string {
    const query = encodeQueryParams(this.params)
    return this.bcChannel + (query && '?' + query)
  }

  get maxBackoffTime(): number {
    return this.#maxBackoff
  }

  /** May be changed; used for the next failure. */
  set maxBackoffTime(ms: number) {
    this.#maxBackoff = ms
    this.#feed(abi.Event.SetMaxBackoff, ms)
  }

  /** Connects, or, in a pause between attempts, tries again at once. */
  connect(): void {
    if (this.#destroyed) return
    this.shouldConnect = true
    this.#tabs = !this.disableBc
    this.#settle()
    if (this.#instance) this.#feed(abi.Event.Connect)
    else this.#load()
  }

  /** Disconnects from the server and the other tabs, after they were told. */
  disconnect(): void {
    this.#end(abi.Event.Disconnect)
  }

  override destroy(): void {
    this.#destroyed = true
    this.#listen(false)
    void this.whenLoaded.then(() => this.#store?.close())
    this.#end(abi.Event.Destroy)
  }

  #end(event: number): void {
    const { awareness } = this
    this.shouldConnect = this.#tabs = false
    this.#written()
    this.#feed(event, 0, presence.encodeAwarenessUpdate(awareness, [awareness.clientID], new Map()))
    this.#settle()
  }

  #listen(on: boolean): void {
    const change = on ? 'on' : 'off'
    this.doc[change]('update', this.#onUpdate)
    this.awareness[change]('update', this.#onAwareness)
    // Node has no events of a page, and a page has no process.
    const { process } = globalThis as { process?: Process }
    process?.[change]?.('exit', this.#onHide)
    const listen = globalThis[on ? 'addEventListener' : 'removeEventListener']
    listen?.('online', this.#onOnline)
    listen?.('pagehide', this.#onHide)
    listen?.('pageshow', this.#onShow)
  }

  // ---- what happens around us

  #onUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin !== this) this.#feed(abi.Event.Update, 0, update)
    // What another tab has, the server may not have: that tab may be gone.
    else if (this.#tab) this.#feed(abi.Event.Relay, 0, update)
  }

  #onAwareness = ({ added, updated, removed }: Record<string, number[]>, origin: unknown): void => {
    if (origin === 'timeout') return
    let clients = [...added!, ...updated!, ...removed!]
    if (origin === this) {
      // Someone removed our state, and Awareness has raised its clock above
      // that: the others must hear of it. Anything else came from them.
      clients = clients.filter(c => c === this.awareness.clientID)
    }
    if (clients.length) this.#feed(abi.Event.Awareness, 0, presence.encodeAwarenessUpdate(this.awareness, clients))
  }

  #onTab = (data: ArrayBuffer, origin: unknown): void => {
    if (origin !== this) this.#feed(abi.Event.Broadcast, 0, new Uint8Array(data))
  }

  #onOnline = (): void => {
    if (this.shouldConnect && !this.ws) this.connect()
  }

  #onHide = (): void => {
    this.#away = this.awareness.getLocalState()
    presence.removeAwarenessStates(this.awareness, [this.awareness.clientID], 'app closed')
    this.#written()
  }

  /** A page that comes back out of the browser's cache. */
  #onShow = (): void => {
    if (this.#away && !this.awareness.getLocalState()) this.awareness.setLocalState(this.#away)
  }

  // ---- what the browser keeps

  async #keep({ name = 'weft:' + this.bcChannel }: { name?: string }): Promise<void> {
    const failed = (error: OfflineError): void => this.#tell('offline-error', [error, this])
    try {
      const { openStore } = await import('./offline.js')
      this.#store = await openStore(name, { doc: this.doc, remote: this, unsaved: () => !this.synced, failed })
      this.#tell('offline-loaded', [{ unsaved: this.#store.unsaved }, this])
    } catch (error) {
      failed({ kind: 'unavailable', error })
    }
  }

  /** Removes what the browser keeps of the document, for all tabs, and keeps no more of it. The document stays as it is. */
  async clearOffline(): Promise<void> {
    await this.whenLoaded
    await this.#store?.remove()
  }

  // ---- the module

  #load(): void {
    if (this.#loading) return
    this.#loading = true
    this.#wake(Infinity)
    // What the browser keeps comes first: it is shown sooner, and the handshake is about all of it.
    this.whenLoaded.then(() => this.#source.load()).then(instance => {
      this.#loading = false
      if (!this.shouldConnect) return
      this.#handle = this.#open(instance)
      this.#instance = instance
      instance.clients.add(this.#onDeath)
      // An edit of before this page, whatever it was: it counts until the handshake has carried it.
      if (this.#store?.unsaved) this.#feed(abi.Event.Update, 0, new Uint8Array(2))
      this.#feed(abi.Event.Connect)
    }).catch(error => {
      this.#loading = false
      this.#retry(error)
    })
  }

  #retry(error: unknown): void {
    if (!this.shouldConnect) return
    this.#wake(now() + this.#source.delay())
    this.#tell('connection-error', [Object.assign(new Event('error'), { error }), this])
  }

  /** The instance is gone, and with it all that it knew: begin again with another. */
  #onDeath = (error: unknown): void => {
    this.#instance = undefined
    this.#events = []
    this.#wake(Infinity)
    this.#hangUp(null)
    this.#setSynced(false)
    this.#clear()
    this.#setStatus(abi.Status.Disconnected)
    this.#retry(error)
  }

  /** Hands the module an event. What it causes is done when the events before it are. */
  #feed(event: number, arg = 0, payload: Uint8Array = empty): void {
    const instance = this.#instance
    if (!instance) return
    this.#events.push([event, arg, payload])
    if (this.#busy) return
    this.#busy = true
    try {
      for (let next; instance === this.#instance && (next = this.#events.shift());) {
        for (const output of instance.step(this.#handle, ...next)) {
          if (instance !== this.#instance) break
          this.#try(() => this.#perform(output))
        }
      }
      if (instance === this.#instance) {
        // A timer that fires too early is harmless, so it may stay.
        const due = instance.deadline(this.#handle)
        if (due < this.#due) this.#wake(due)
      }
    } catch {
      // The instance died, and #onDeath was called.
    }
    this.#busy = false
    this.#settle()
  }

  /** A fault in someone's listener must not cost what follows. */
  #try(f: () => void): void {
    try {
      f()
    } catch (e) {
      queueMicrotask(() => { throw e })
    }
  }

  #tell: this['emit'] = (name, args) => this.#try(() => this.emit(name, args))

  #perform({ kind, value, conn, payload }: abi.Output): void {
    const { doc, awareness, ws } = this
    switch (kind) {
      case abi.OutputKind.Dial:
        return this.#dial(conn)
      case abi.OutputKind.Close:
        return this.#hangUp(null, value)
      case abi.OutputKind.Send:
        // A socket that is closing takes nothing more; the next handshake carries it.
        if (ws?.readyState === 1) ws.send(payload)
        if (!this.#unwritten) {
          // What this task edits leaves together.
          this.#unwritten = true
          queueMicrotask(this.#drained)
        }
        return
      case abi.OutputKind.Broadcast:
        return bc.publish(this.bcChannel, payload, this)
      case abi.OutputKind.AskStateVector:
        return this.#feed(abi.Event.StateVector, conn, Y.encodeStateVector(doc))
      case abi.OutputKind.AskDiff:
        return this.#feed(abi.Event.Diff, conn, Y.encodeStateAsUpdate(doc, payload))
      case abi.OutputKind.AskAwareness: {
        // Above the clock with which the others saw this client leave; the
        // event that this raises is the answer.
        const state = awareness.getLocalState()
        if (state) awareness.setLocalState(state)
        return
      }
      case abi.OutputKind.AskAllAwareness:
        return this.#feed(abi.Event.Presence, conn, presence.encodeAwarenessUpdate(awareness, [...awareness.getStates().keys()]))
      case abi.OutputKind.Apply:
        this.#tab = !conn
        return Y.applyUpdate(doc, payload, this)
      case abi.OutputKind.ApplyAwareness:
        return presence.applyAwarenessUpdate(awareness, payload, this)
      case abi.OutputKind.ClearAwareness:
        return this.#clear()
      case abi.OutputKind.Status:
        return this.#setStatus(value)
      case abi.OutputKind.Synced:
        return this.#setSynced(!!value)
      case abi.OutputKind.Refused:
        this.shouldConnect = false
        return this.#tell('closed', [this.#last, this])
      case abi.OutputKind.Problem:
        return console.warn(this.url, text(payload))
    }
  }

  /** Forgets the others, with their clocks: who is still there when we are back has not raised it. */
  #clear(): void {
    const { awareness } = this
    const others = [...awareness.getStates().keys()].filter(c => c !== awareness.clientID)
    presence.removeAwarenessStates(awareness, others, this)
    others.forEach(c => awareness.meta.delete(c))
  }

  #setStatus(status: abi.Status): void {
    if (!status && !this.#status) return
    this.#status = status
    this.wsconnecting = status === abi.Status.Connecting
    this.wsconnected = status === abi.Status.Connected
    this.#tell('status', [{ status: (['disconnected', 'connecting', 'connected'] as const)[status] }])
  }

  #setSynced(state: boolean): void {
    if (state === this.synced) return
    this.synced = state
    this.#store?.changed()
    this.#tell('synced', [state])
    this.#tell('sync', [state])
  }

  // ---- the socket

  #dial(conn: number): void {
    let ws: WebSocket | undefined
    const closed = (code: number): void => this.#feed(abi.Event.Closed, conn, new Uint8Array([code, code >> 8]))
    this.#conn = conn
    try {
      ws = new this.#socket(this.url, this.protocols) as WebSocket
    } finally {
      // An address that no socket takes is the caller's fault, and thrown; but
      // it may be a changed one next time.
      if (!ws) closed(1006)
    }
    ws.binaryType = 'arraybuffer'
    ws.onopen = () => this.#feed(abi.Event.Opened, conn)
    // Text is no message of ours: as an empty frame it is what the module refuses.
    ws.onmessage = ({ data }) => this.#feed(abi.Event.Frame, conn, new Uint8Array(data.byteLength ? data : 0))
    ws.onerror = event => this.#tell('connection-error', [event, this])
    ws.onclose = event => {
      const { code, reason } = event
      this.#last = { code, reason }
      this.#hangUp(event)
      closed(this.shouldReconnect ? this.shouldReconnect(event, this) ? 1006 : 4400 : code)
    }
    this.ws = ws
  }

  /** Lets go of the socket: nothing that it does afterwards is heard. */
  #hangUp(event: CloseEvent | null, code?: number): void {
    const { ws } = this
    if (!ws) return
    this.#tell('connection-close', [event, this])
    this.ws = null
    // In Node an error event that nobody hears, such as that of a socket closed
    // before it was open, would end the process.
    ws.onopen = ws.onmessage = ws.onclose = ws.onerror = () => {}
    ws.close(code)
    this.wsconnected = this.wsconnecting = this.#unwritten = false
  }

  /** Tells the module that what it sent is with the socket, unless too much of it waits there. */
  #drained = (): void => {
    if (this.ws?.bufferedAmount! > Buffered.Limit) this.#wake(now() + Buffered.Recheck)
    else this.#written()
  }

  #written(): void {
    if (!this.#unwritten) return
    this.#unwritten = false
    this.#feed(abi.Event.Written, this.#conn)
  }

  // ---- the timer

  #wake(due: number): void {
    clearTimeout(this.#timer)
    this.#due = due
    if (due < Infinity) this.#timer = setTimeout(this.#onTime, due - now())
  }

  #onTime = (): void => {
    this.#due = Infinity
    if (!this.#instance) return this.#onOnline() // the pause after a failed load
    this.#drained()
    this.#feed(abi.Event.Time)
  }

  /** Brings what depends on the outputs in line with what was asked for, once they are done. */
  #settle(): void {
    if (this.#busy) return
    if (this.#tabs !== this.bcconnected) {
      this.bcconnected = this.#tabs
      bc[this.#tabs ? 'subscribe' : 'unsubscribe'](this.bcChannel, this.#onTab)
    }
    if (this.#destroyed) {
      const instance = this.#instance
      this.#instance = undefined
      this.#wake(Infinity)
      instance?.clients.delete(this.#onDeath)
      super.destroy()
    }
  }
}
