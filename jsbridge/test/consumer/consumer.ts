// What applications write against y-websocket compiles against us: the types are
// checked, nothing runs.
import { WeftProvider, type WeftProviderOptions } from '@weft-sync/provider'
import WebSocketOfNode from 'ws'
import { Awareness } from 'y-protocols/awareness'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

const doc = new Y.Doc()

const options: WeftProviderOptions = {
  connect: false,
  awareness: new Awareness(doc),
  params: { token: 'secret' },
  protocols: ['one'],
  WebSocketPolyfill: WebSocket,
  resyncInterval: 10_000,
  maxBackoffTime: 2500,
  disableBc: true,
  shouldReconnect: (event, provider) => event.code !== 4401 && provider.shouldConnect
}
const provider = new WeftProvider('wss://example.org/docs', 'meeting-notes', doc, options)
new WeftProvider('wss://example.org', 'notes', doc, { WebSocketPolyfill: WebSocketOfNode, timeout: 10_000 })
new WeftProvider('wss://example.org', 'notes', doc, { wasm: new URL('https://example.org/provider.wasm') })

/** A component that was written for the other provider. */
const show = (p: WebsocketProvider | WeftProvider): string[] => {
  const states: [Y.Doc, Awareness, WebSocket | null, string, number] = [p.doc, p.awareness, p.ws, p.url, p.maxBackoffTime]
  if (p.shouldConnect && !p.wsconnected && !p.wsconnecting && !p.synced) p.connect()
  else p.disconnect()
  p.destroy()
  return [...states.map(String), p.roomname, p.bcChannel, p.serverUrl, ...p.protocols, ...Object.values(p.params)]
}
show(provider)

const theirs = new WebsocketProvider('wss://example.org', 'notes', doc, { connect: false })
theirs.on('status', ({ status }) => status === 'connected')
theirs.once('sync', (state: boolean) => state)
provider.on('status', ({ status }) => status === 'connected')
provider.once('sync', (state: boolean) => state)

provider.on('connection-close', (event, p) => event?.code ?? p.url)
provider.on('connection-error', (event, p) => [event.type, event.error, p.url])
provider.on('closed', ({ code, reason }, p) => [code.toFixed(), reason.trim(), p.url])
provider.on('synced', state => state)
provider.params = {}
provider.protocols = []
provider.maxBackoffTime = 1
provider.shouldReconnect = undefined

// @ts-expect-error there is no such event
provider.on('nonsense', () => {})
// @ts-expect-error the document is given once
provider.doc = doc
// @ts-expect-error a typo in an option is found
new WeftProvider('wss://example.org', 'notes', doc, { maxBackofTime: 1 })
