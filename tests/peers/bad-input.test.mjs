// What no honest client sends: the sender is closed with one documented code, and nobody else notices.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { kinds, openPeer } from '../kit/peers.mjs'
import { closedFor, handshake, openSocket } from '../kit/raw.mjs'
import { converge, types } from '../kit/same.mjs'
import { startServer } from '../kit/server.mjs'
import { until } from '../kit/until.mjs'

const badMessage = 4400
const textFrame = 1003
const tooLarge = 1009
const room = 'victims'
const limit = 1 << 20

// lib0's varUint of 2^n, for any n.
const power = (n) => [...Array(Math.floor(n / 7)).fill(0x80), 1 << n % 7]
const varUint = (n) => (n < 128 ? [n] : [0x80 | n % 128, ...varUint(Math.floor(n / 128))])
const sized = (bytes) => [...varUint(bytes.length), ...bytes]
const update = (...bytes) => [0, 2, ...sized(bytes)]

const cases = {
  'an empty frame': [],
  'an unknown message': [9, 0],
  'an unknown sync message': [0, 7, 0],
  'nine bytes that announce 2^52 clients': update(...power(52), 0),
  'nine bytes that announce 2^52 structs': update(1, ...power(52), 1),
  'a string longer than the frame': update(1, 1, 1, 0, 4, 1, 1, 0x74, ...power(40)),
  'a GC longer than 2^53': update(1, 1, 1, 0, 0, ...power(53), 0),
  'a Skip longer than 2^53': update(1, 1, 1, 0, 10, ...power(53), 0),
  'a GC that ends past 2^53': update(1, 1, 1, ...varUint(2 ** 53 - 1), 0, 2, 0),
  'a length of 2^63': update(1, 1, 1, 0, 0, ...power(63), 0),
  'a length without an end': update(1, 1, 1, 0, 0, ...Array(40).fill(0xff)),
  'a delete set of 2^52 clients': update(0, ...power(52)),
  'a deletion longer than 2^53': update(0, 1, 1, 1, 0, ...power(53)),
  'a string that is not UTF-8': update(1, 1, 1, 0, 4, 1, 1, 0x74, 2, 0xc3, 0x28, 0),
  'bytes behind the update': update(0, 0, 0),
  'bytes behind the message': [...update(0, 0), 0],
  'a state vector of 2^52 clients': [0, 0, ...sized([...power(52)])],
  'an awareness of 2^52 clients': [1, ...sized(power(52))],
  'an awareness state that is not JSON': [1, ...sized([1, 1, 1, ...sized([0x7b])])],
}

describe('bad input', () => {
  // What lives as long as the whole suite.
  const endings = []
  const suite = { after: (fn) => endings.push(fn) }
  let server
  let victims

  before(async () => {
    server = await startServer(suite, { args: ['--read-limit', String(limit)] })
    victims = await Promise.all(kinds.map((kind) => openPeer(suite, kind, server.socketURL, room).synced()))
    types(victims[0].doc).text.insert(0, 'Nobody notices. ')
  })

  after(async () => {
    for (const end of endings.reverse()) await end()
  })

  for (const [what, bytes] of Object.entries(cases)) {
    test(`${what} closes with ${badMessage}`, async (t) => {
      const { code } = await closedFor(t, `${server.socketURL}/${room}`, Uint8Array.from(bytes))
      assert.equal(code, badMessage)
      await unaffected(what)
    })
  }

  for (const [what, frame] of Object.entries(honest())) {
    test(`${what}, cut at every byte, closes with ${badMessage}`, async (t) => {
      const cuts = Array.from({ length: frame.length }, (_, length) => frame.subarray(0, length))
      const codes = await Promise.all(cuts.map(async (cut) => (await closedFor(t, `${server.socketURL}/${room}`, cut)).code))
      assert.deepEqual(codes, cuts.map(() => badMessage))
      await unaffected(what)
    })
  }

  test(`a text frame closes with ${textFrame}`, async (t) => {
    const { code } = await closedFor(t, `${server.socketURL}/${room}`, 'hello')
    assert.equal(code, textFrame)
    await unaffected('a text frame')
  })

  test(`a frame over the read limit closes with ${tooLarge}`, async (t) => {
    const { code } = await closedFor(t, `${server.socketURL}/${room}`, new Uint8Array(limit + 1))
    assert.equal(code, tooLarge)
    await unaffected('a large frame')
  })

  test('a bad frame after good ones takes back nothing', async (t) => {
    const doc = new Y.Doc()
    doc.getText('content').insert(0, 'good ')
    const socket = await openSocket(t, `${server.socketURL}/${room}`)
    const closed = once(socket, 'close')
    socket.send(Uint8Array.from(update(...Y.encodeStateAsUpdate(doc))))
    socket.send(Uint8Array.from(cases['an unknown message']))
    assert.equal((await closed)[0], badMessage)
    await until('the good part arrived', () => victims.every((peer) => types(peer.doc).text.toString().includes('good ')))
    await unaffected('good, then bad')
  })

  // Without a name, at /, is the socket for many documents (docs/wire/elva.md).
  const refused = ['/..', '/a/../b', '/%2e%2e', '/a/%2E%2E/b', '/.', '/a//b', '/a/', `/${'n'.repeat(251)}`, `/${'n'.repeat(4096)}`, '/_weft', '/_weft/x']
  for (const path of refused) {
    test(`the name in ${path.length > 20 ? `/n… (${path.length - 1} bytes)` : path} is refused`, async () => {
      const { status, body } = await handshake(server, path)
      assert.equal(status, 403)
      assert.notEqual(body.trim(), '', 'says why')
    })
  }

  // Both still hear each other on the connection that they had from the beginning.
  async function unaffected(what) {
    for (const [i, peer] of victims.entries()) types(peer.doc).map.set('last', `${what} ${i}`)
    await converge(what, victims.map((peer) => peer.doc), 5000)
    for (const peer of victims) assert.deepEqual(peer.closes, [], peer.name)
  }
})

// Frames as providers send them.
function honest() {
  const doc = new Y.Doc()
  doc.clientID = 2 ** 40
  doc.getText('content').insert(0, 'naïve 🧵')
  doc.getText('content').format(0, 3, { bold: true })
  doc.getText('content').delete(4, 1)
  doc.getMap('map').set('any', { list: [1, 2.5, null, 'x'] })
  const awareness = new Awareness(doc)
  awareness.setLocalState({ user: { name: 'Ada' } })
  const frames = {
    'a state vector': Uint8Array.from([0, 0, ...sized(Y.encodeStateVector(doc))]),
    'an update': Uint8Array.from(update(...Y.encodeStateAsUpdate(doc))),
    'an awareness update': Uint8Array.from([1, ...sized(encodeAwarenessUpdate(awareness, [doc.clientID]))]),
  }
  awareness.destroy()
  doc.destroy()
  return frames
}
