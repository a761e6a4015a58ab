// The server is killed while clients type, again and again. After each kill it is started and read before any client
// comes back: what was typed more than a second before the kill is in the store. (The store commits without a pause, one
// transaction after another, so that second is the whole allowance.) Then the clients come back, and all of it is there.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { kinds, openPeer, readFresh } from '../kit/peers.mjs'
import { openProxy } from '../kit/proxy.mjs'
import { converge, types } from '../kit/same.mjs'
import { seedFor } from '../kit/seed.mjs'
import { startServer } from '../kit/server.mjs'

const kills = 20
const rooms = ['crash-a', 'crash-b', 'crash-c']
const allowance = 1000 // ms before a kill from which on an edit may be missing until its client is back
const typing = { shortest: 1100, longest: 1900 } // ms from the moment all are in sync to the kill

test(`killed ${kills} times while clients type, the server has lost nothing`, async (t) => {
  const random = seedFor(t)
  const server = await startServer(t)
  // Every document has a client of each kind; all go through one proxy, so that they can be kept away.
  const proxy = await openProxy(t, server)
  const typists = await Promise.all(
    rooms.flatMap((room) =>
      kinds.map(async (kind) => {
        const peer = await openPeer(t, kind, proxy.socketURL, room, { maxBackoffTime: 250 }).synced()
        return new Typist(peer, random.fork())
      }),
    ),
  )
  const inRoom = (room) => typists.filter(({ peer }) => peer.room === room)

  let checked = 0
  for (let round = 1; round <= kills; round++) {
    const working = Promise.all(typists.map((typist) => typist.type()))
    await pause(random.between(typing.shortest, typing.longest)) // the time of the kill is what is random here
    proxy.hold()
    const killed = performance.now()
    await server.kill()
    for (const typist of typists) typist.stop()
    await working

    await server.start()
    for (const room of rooms) {
      const stored = marks(await readFresh('y-websocket', server.socketURL, room))
      for (const { peer, written } of inRoom(room)) {
        const old = written.filter(({ at }) => at < killed - allowance)
        const missing = old.filter(({ mark }) => !stored.has(mark))
        checked += old.length
        assert.deepEqual(missing, [], `round ${round}: of ${old.length} old edits of ${peer.name} the store lacks these`)
      }
    }
    assert.ok(typists.every(({ peer }) => !peer.provider.wsconnected), 'nobody was connected while the store was read')

    proxy.release()
    await Promise.all(typists.map(({ peer }) => peer.synced()))
    for (const room of rooms) {
      const members = inRoom(room)
      await converge(`round ${round}, ${room}`, members.map(({ peer }) => peer.doc))
      complete(`round ${round}, ${room}`, members[0].peer.doc, members)
    }
  }

  await server.restart()
  for (const room of rooms) {
    const members = inRoom(room)
    const stored = await readFresh('weft', server.socketURL, room)
    await converge(`${room} in the store`, [members[0].peer.doc, stored])
    complete(`${room} in the store`, stored, members)
  }
  const total = typists.reduce((sum, { written }) => sum + written.length, 0)
  t.diagnostic(`${total} edits written; ${checked} looked for before their clients were back, in ${kills} rounds`)
})

// A client that writes marks that are like no other, and remembers when.
class Typist {
  /** @type {Array<{ mark: string, at: number }>} */
  written = []
  #random
  #going = false

  constructor(peer, random) {
    this.peer = peer
    this.#random = random
  }

  async type() {
    this.#going = true
    const { text } = types(this.peer.doc)
    while (this.#going) {
      const mark = `<${this.peer.doc.clientID}:${this.written.length}>`
      text.insert(this.#random.pick(places(text)), mark)
      this.written.push({ mark, at: performance.now() })
      await pause(this.#random.between(2, 25)) // the pace of typing
    }
  }

  stop() {
    this.#going = false
  }
}

// The places that are in the middle of no mark.
function places(text) {
  const ends = [0]
  for (const match of text.toString().matchAll(/>/g)) ends.push(match.index + 1)
  return ends
}

function marks(doc) {
  return new Set(types(doc).text.toString().match(/<\d+:\d+>/g))
}

function complete(what, doc, members) {
  const there = marks(doc)
  const missing = members.flatMap(({ written }) => written.filter(({ mark }) => !there.has(mark)))
  assert.deepEqual(missing, [], `${what}: missing`)
  assert.equal(there.size, members.reduce((sum, { written }) => sum + written.length, 0), `${what}: nothing is doubled or invented`)
}
