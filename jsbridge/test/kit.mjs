// What the tests of the bridge share: servers, waiting, and cleaning up.
import assert from 'node:assert/strict'
import { fork, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import WebSocket from 'ws'
import * as Y from 'yjs'

export const here = path => fileURLToPath(new URL(path, import.meta.url))
for (const file of ['../dist/index.js', '../dist/provider.wasm']) {
  assert(existsSync(here(file)), `${file} is not built: npm run build -w jsbridge`)
}

process.setMaxListeners(0) // each provider listens for the process's exit

const { WeftProvider: Provider } = await import('../dist/index.js')

/** WeftProvider with ws where Node has no WebSocket, destroyed when the test ends. */
export const connect = (t, url, room, doc, options = {}) => {
  const provider = new Provider(url, room, doc, { WebSocketPolyfill: WebSocket, disableBc: true, ...options })
  t.after(() => {
    provider.destroy()
    doc.destroy()
  })
  return provider
}

const limit = Number(process.env.WEFT_TEST_LIMIT ?? 20_000)

/** Resolves with the arguments of the first event of that name that test accepts. */
export const event = (emitter, name, test = () => true) => new Promise((resolve, reject) => {
  const off = () => {
    clearTimeout(timer)
    emitter.off(name, listener)
  }
  const listener = (...args) => {
    if (!test(...args)) return
    off()
    resolve(args)
  }
  const timer = setTimeout(() => {
    off()
    reject(new Error(`no event ${name} within ${limit} ms`))
  }, limit)
  emitter.on(name, listener)
})

/** Resolves when test is true, asked again at each of the emitters' events. */
export const until = (test, ...events) => new Promise((resolve, reject) => {
  const off = () => {
    clearTimeout(timer)
    for (const [emitter, name] of events) emitter.off(name, ask)
  }
  const ask = () => {
    if (!test()) return
    off()
    resolve()
  }
  const timer = setTimeout(() => {
    off()
    reject(new Error(`not within ${limit} ms: ${test}`))
  }, limit)
  for (const [emitter, name] of events) emitter.on(name, ask)
  ask()
})

export const synced = provider => until(() => provider.synced, [provider, 'sync'])

const state = doc => Buffer.from(Y.encodeStateAsUpdate(doc)).toString('base64')

/** Resolves when all documents have the same contents. */
export const same = (...docs) => until(
  () => docs.every(d => state(d) === state(docs[0])),
  ...docs.map(d => [d, 'update'])
)

/** A port that nothing listens on now. */
export const freePort = () => new Promise((resolve, reject) => {
  const probe = createServer()
  probe.on('error', reject)
  probe.listen(0, '127.0.0.1', () => {
    const { port } = probe.address()
    probe.close(() => resolve(port))
  })
})

const exit = child => new Promise(resolve => child.exitCode !== null || child.signalCode !== null ? resolve() : child.once('exit', resolve))

/** A y-websocket server: {url, port, stop(), start(), drop()}. It forgets everything when it stops. */
export const yServer = async (t, port = 0) => {
  let child
  const server = {
    async start () {
      child = fork(here('y-server.cjs'), [String(server.port)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
      server.port = await new Promise((resolve, reject) => {
        child.once('message', resolve)
        child.once('exit', () => reject(new Error('the y-websocket server did not start')))
      })
      server.url = `ws://127.0.0.1:${server.port}`
    },
    async stop () {
      child.kill('SIGKILL')
      await exit(child)
    },
    /** Cuts all connections. */
    drop () { child.send('drop') },
    port
  }
  await server.start()
  t.after(server.stop)
  return server
}

const binary = here('../../bin/weft')

/** Why there is no weftServer, or false. */
export const noWeft = !existsSync(binary) && 'bin/weft is not built (make build)'

/** Our own server on a store of its own: {url, port, stop(), start()}. */
export const weftServer = async t => {
  const data = mkdtempSync(join(tmpdir(), 'weft-'))
  const port = await freePort()
  let child
  const server = {
    async start () {
      child = spawn(binary, ['serve', '--listen', `127.0.0.1:${port}`, '--data', data, '--origin', '*'], { stdio: ['ignore', 'ignore', 'pipe'] })
      let log = ''
      child.stderr.on('data', chunk => { log += chunk })
      for (const end = Date.now() + limit; ;) {
        try {
          if ((await fetch(`http://127.0.0.1:${port}/_weft/readyz`)).ok) break
        } catch {}
        assert(Date.now() < end && child.exitCode === null, `weft did not start:\n${log}`)
        await new Promise(resolve => setTimeout(resolve, 20))
      }
    },
    async stop () {
      child.kill('SIGTERM')
      await exit(child)
    },
    url: `ws://127.0.0.1:${port}`,
    port
  }
  await server.start()
  t.after(async () => {
    await server.stop()
    rmSync(data, { recursive: true, force: true })
  })
  return server
}
