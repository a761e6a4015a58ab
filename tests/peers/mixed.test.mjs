// y-websocket's provider and ours in one room: each sees what the other writes and who the other is.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as Y from 'yjs'
import { kinds, openPeer } from '../kit/peers.mjs'
import { converge, types } from '../kit/same.mjs'
import { startServer } from '../kit/server.mjs'
import { until } from '../kit/until.mjs'

test('both providers share every kind of content', async (t) => {
  const server = await startServer(t)
  const [a, b] = await Promise.all(kinds.map((kind) => openPeer(t, kind, server.socketURL, 'mixed').synced()))

  for (const [writer, reader] of [[a, b], [b, a]]) {
    const own = types(writer.doc)
    own.text.insert(0, `From ${writer.kind}: naïve 🧵 `)
    own.text.format(0, 4, { bold: true })
    own.text.insertEmbed(0, { image: 'thread.png' })
    own.list.push([1, 2.5, null, true, 'four', new Uint8Array([0, 255]), { five: [5], six: 2n ** 60n }])
    own.map.set(writer.kind, new Y.Map([['nested', new Y.Array()]]))
    own.tree.push([new Y.XmlElement('p'), new Y.XmlText('x')])
    own.text.delete(1, 3)
    await converge(`written by ${writer.kind}`, [writer.doc, reader.doc])
  }
  for (const kind of kinds) {
    const late = await openPeer(t, kind, server.socketURL, 'mixed').synced()
    await converge(`${kind} joins later`, [a.doc, late.doc])
  }
})

test('documents with the names of object properties are documents like any other', async (t) => {
  const server = await startServer(t)
  for (const room of ['__proto__', 'constructor', 'a/b', 'toString', 'n'.repeat(250)]) {
    const [a, b] = await Promise.all(kinds.map((kind) => openPeer(t, kind, server.socketURL, room).synced()))
    types(a.doc).text.insert(0, room)
    await until(`${room} reaches the other client`, () => types(b.doc).text.toString() === room)
  }
})

test('awareness passes between both providers, and a client that leaves is gone', async (t) => {
  const server = await startServer(t)
  for (const [stays, leaves] of [kinds, [...kinds].reverse()]) {
    const room = `presence-of-${leaves}`
    const a = await openPeer(t, stays, server.socketURL, room).synced()
    a.awareness.setLocalStateField('user', { name: 'Ada' })
    const b = await openPeer(t, leaves, server.socketURL, room).synced()
    b.awareness.setLocalStateField('user', { name: 'Grace 🧵' })

    const seen = (by, of) => by.awareness.getStates().get(of.doc.clientID)
    await until(`${leaves} sees who was there before`, () => seen(b, a)?.user.name === 'Ada')
    await until(`${stays} sees who came`, () => seen(a, b)?.user.name === 'Grace 🧵')
    b.awareness.setLocalStateField('cursor', { anchor: 1, head: 2 })
    await until('a change is seen', () => seen(a, b)?.cursor.head === 2)

    b.awareness.setLocalState(null)
    await until('a removed state is gone at once', () => !a.awareness.getStates().has(b.doc.clientID))
    b.awareness.setLocalState({ user: { name: 'Grace again' } })
    await until('and can come back', () => seen(a, b)?.user.name === 'Grace again')

    // Without a word of goodbye: the socket just ends.
    b.provider.shouldConnect = false
    b.provider.ws?.terminate?.()
    b.close()
    await until('a client whose connection ended is gone', () => !a.awareness.getStates().has(b.doc.clientID))
    assert.equal(seen(a, a).user.name, 'Ada')
  }
})
