// The real binary on a free port, started, stopped, killed and started again on the same data.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { weftBinary } from './need.mjs'
import { makeTempDir, removeDir } from './temp.mjs'
import { until } from './until.mjs'

const readiness = 15_000 // ms
const shutdown = 15_000 // ms
const kept = 200 // lines of the server's log that an error shows

/**
 * A server with Badger in a directory of its own. It is stopped and its data removed when the test ends.
 * @param {{ after(fn: () => unknown): void }} t
 * @param {{ args?: string[] }} [options] more arguments for `weft serve`
 */
export async function startServer(t, { args = [] } = {}) {
  const server = new Server(await freePort(), await makeTempDir(), args)
  t.after(async () => {
    await server.kill()
    await removeDir(server.data)
  })
  await server.start()
  return server
}

/**
 * A relay before a server. It is stopped when the test ends.
 * @param {{ after(fn: () => unknown): void }} t
 * @param {string} upstream ws://…
 * @param {{ args?: string[] }} [options] more arguments for `weft relay`
 */
export async function startRelay(t, upstream, { args = [] } = {}) {
  const relay = new Relay(await freePort(), upstream, args)
  t.after(() => relay.kill())
  await relay.start()
  return relay
}

export class Server {
  #process = null
  #log = []
  /** What answers once it can be connected to. */
  probe = 'readyz'

  constructor(port, data, args) {
    this.port = port
    this.data = data
    this.args = args
  }

  /** The arguments of the command. */
  get command() {
    return ['serve', '--listen', `127.0.0.1:${this.port}`, '--data', this.data, ...this.args]
  }

  get url() {
    return `http://127.0.0.1:${this.port}`
  }

  get socketURL() {
    return `ws://127.0.0.1:${this.port}`
  }

  get pid() {
    return this.#process?.pid
  }

  /** The last lines that the server wrote, of all its starts. */
  get log() {
    return this.#log.join('\n')
  }

  /** Resolves when the server is ready for connections. */
  async start() {
    if (this.#process) throw new Error('the server is running')
    const name = `weft ${this.command[0]}`
    const child = spawn(weftBinary(), this.command, {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process = child
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.#log.push(...text.split('\n').filter(Boolean))
        if (this.#log.length > kept) this.#log.splice(0, this.#log.length - kept)
      })
    }
    let failed
    child.once('error', (error) => (failed = `${name} did not start: ${error.message}`))
    child.once('exit', (code, signal) => {
      failed = `${name} ended with ${signal ?? code}:\n${this.log}`
      if (this.#process === child) this.#process = null
    })
    await until(`${name} is ready`, async () => (await fetch(`${this.url}/_weft/${this.probe}`)).ok, {
      within: readiness,
      unless: () => failed,
    })
  }

  /** SIGTERM: flush, close connections, exit 0. */
  async stop() {
    const [code, signal] = await this.#end('SIGTERM')
    if (code !== 0) throw new Error(`weft serve ended with ${signal ?? code} after SIGTERM:\n${this.log}`)
  }

  /** SIGKILL: nothing is flushed. */
  async kill() {
    if (this.#process) await this.#end('SIGKILL')
  }

  async restart() {
    await this.stop()
    await this.start()
  }

  async #end(signal) {
    const child = this.#process
    if (!child) throw new Error(`the server is not running:\n${this.log}`)
    const exit = once(child, 'exit')
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), shutdown)
    const [code, by] = await exit
    clearTimeout(late)
    this.#process = null
    if (signal === 'SIGTERM' && by === 'SIGKILL') {
      throw new Error(`weft serve did not end within ${shutdown} ms of SIGTERM:\n${this.log}`)
    }
    return [code, by]
  }
}

export class Relay extends Server {
  /** It is there before its upstream is. */
  probe = 'healthz'

  constructor(port, upstream, args) {
    super(port, undefined, args)
    this.upstream = upstream
  }

  get command() {
    return ['relay', '--listen', `127.0.0.1:${this.port}`, '--upstream', this.upstream, ...this.args]
  }

  /** Its status and numbers. */
  async stats() {
    return (await fetch(`${this.url}/_weft/readyz`)).json()
  }
}

async function freePort() {
  const probe = createServer()
  probe.listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address()
  probe.close()
  await once(probe, 'close')
  return port
}
