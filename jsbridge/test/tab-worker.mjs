// Another tab, as far as BroadcastChannel is concerned, with y-websocket in it.
import { workerData } from 'node:worker_threads'
import { WebsocketProvider } from 'y-websocket'
import WebSocket from 'ws'
import * as Y from 'yjs'

const doc = new Y.Doc()
const text = doc.getText('t')
const provider = new WebsocketProvider(workerData.url, workerData.room, doc, { WebSocketPolyfill: WebSocket })
text.insert(0, 'theirs ')
provider.awareness.setLocalState({ name: 'worker' })
const answer = () => {
  const main = [...provider.awareness.getStates().values()].find(s => s.name === 'main')
  if (main && /ping/.test(text) && !/pong/.test(text)) text.insert(0, `pong ${main.name} `)
}
doc.on('update', answer)
provider.awareness.on('update', answer)
