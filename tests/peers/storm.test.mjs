// Twenty clients of both kinds edit one document at once while their connections are cut at random, in the middle of
// frames too. In the end all have the same, and so has the store.

import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import * as Y from 'yjs'
import { kinds, openPeer, readFresh } from '../kit/peers.mjs'
import { openProxy } from '../kit/proxy.mjs'
import { converge, types } from '../kit/same.mjs'
import { seedFor } from '../kit/seed.mjs'
import { startServer } from '../kit/server.mjs'

const clients = 20
const edits = 120 // by each client
const cuts = 60

test(`${clients} clients edit at once with connections cut at random`, async (t) => {
  const random = seedFor(t)
  const server = await startServer(t)
  const members = await Promise.all(
    Array.from({ length: clients }, async (_, i) => {
      const proxy = await openProxy(t, server)
      // The longest pause between attempts is short here, so that a client is seldom away for long.
      const peer = openPeer(t, kinds[i % 2], proxy.socketURL, 'storm', { maxBackoffTime: 400 })
      return { proxy, peer: await peer.synced() }
    }),
  )

  let writing = true
  const cutting = cutAtRandom(members, random.fork(), () => writing)
  await Promise.all(members.map(({ peer }) => write(peer.doc, random.fork())))
  writing = false
  t.diagnostic(`${await cutting} connections were cut`)

  const docs = members.map(({ peer }) => peer.doc)
  await converge('after the storm', docs, 60_000)
  await server.restart()
  await converge('in the store', [docs[0], await readFresh('y-websocket', server.socketURL, 'storm')])
})

// The pace at which people and machines write; the pauses are the load, nothing waits for them to be over.
async function write(doc, random) {
  for (let i = 0; i < edits; i++) {
    await pause(random.between(5, 60))
    doc.transact(() => edit(doc, random))
  }
}

async function cutAtRandom(members, random, going) {
  let count = 0
  while (count < cuts && going()) {
    await pause(random.between(20, 100))
    random.pick(members).proxy.cut()
    count++
  }
  return count
}

// Not in the middle of a surrogate pair: Yjs replaces the halves, and then shows different texts itself.
function boundary(content, at) {
  return /[\udc00-\udfff]/.test(content[at] ?? '') ? at - 1 : at
}

const words = ['warp ', 'weft ', 'loom ', '🧵', 'naïve ', '\n', 'x']

function edit(doc, random) {
  const { text, map, list } = types(doc)
  const content = text.toString()
  const at = boundary(content, random.between(0, content.length))
  const count = boundary(content, Math.min(at + random.between(1, 4), content.length)) - at
  switch (random.between(0, 9)) {
    case 0:
      if (count > 0) text.delete(at, count)
      break
    case 1:
      if (count > 0) text.format(at, count, { bold: random.chance(0.5) || null })
      break
    case 2:
      map.set(`key${random.between(0, 5)}`, random.between(0, 1000))
      break
    case 3:
      map.delete(`key${random.between(0, 5)}`)
      break
    case 4:
      list.insert(random.between(0, list.length), [random.between(0, 1000), random.pick(words)])
      break
    case 5:
      if (list.length > 2) list.delete(random.between(0, list.length - 2), 2)
      break
    case 6:
      list.insert(random.between(0, list.length), [new Y.Map([['name', random.pick(words)]])])
      break
    default:
      text.insert(at, random.pick(words))
  }
}
