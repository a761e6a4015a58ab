// A TCP proxy between a client and the server, so that a connection can be cut in the middle of a frame as a network
// does it, and a client can be kept away while the server is looked at.

import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/**
 * @param {{ after(fn: () => unknown): void }} t
 * @param {{ port: number }} server where connections go; only its port is used
 */
export async function openProxy(t, server) {
  const proxy = new Proxy(server)
  await proxy.listen()
  t.after(() => proxy.close())
  return proxy
}

export class Proxy {
  #server
  #listener
  #pairs = new Set()
  #held = false

  constructor(server) {
    this.#server = server
    this.#listener = createServer((socket) => this.#accept(socket))
  }

  async listen() {
    this.#listener.listen(0, '127.0.0.1')
    await once(this.#listener, 'listening')
  }

  get port() {
    return this.#listener.address().port
  }

  get socketURL() {
    return `ws://127.0.0.1:${this.port}`
  }

  get url() {
    return `http://127.0.0.1:${this.port}`
  }

  /** Resets every connection now; bytes under way are lost. */
  cut() {
    for (const pair of [...this.#pairs]) for (const socket of pair) socket.resetAndDestroy()
  }

  /** From now on no connection gets through; those that exist are left alone. */
  hold() {
    this.#held = true
  }

  release() {
    this.#held = false
  }

  async close() {
    this.cut()
    this.#listener.close()
    await once(this.#listener, 'close')
  }

  #accept(near) {
    if (this.#held) {
      near.on('error', () => {})
      near.resetAndDestroy()
      return
    }
    const far = connect(this.#server.port, '127.0.0.1')
    const pair = [near, far]
    this.#pairs.add(pair)
    for (const [from, to] of [pair, [far, near]]) {
      from.setNoDelay(true)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        to.destroy()
        this.#pairs.delete(pair)
      })
      from.pipe(to)
    }
  }
}
