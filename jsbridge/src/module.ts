/**
 * The WebAssembly module: loading it, calling it, replacing it when it died. The
 * only file that touches WebAssembly.
 */

import * as abi from './abi.js'

/** Where the module's bytes come from. */
export type WasmSource = URL | string | Response | BufferSource | WebAssembly.Module

interface Exports {
  memory: WebAssembly.Memory
  _initialize(): void
  abi(): number
  inbuf(n: number): number
  outbuf(): number
  open(seed: number, maxBackoff: number, timeout: number, resync: number, flags: number): number
  step(doc: number, event: number, arg: number, now: number, n: number): number
  deadline(doc: number): number
}

/**
 * A running module, with the providers of all documents that use it. Whatever a
 * call throws, nothing in the instance can be believed afterwards: it is dead.
 */
export interface Instance {
  /** Called when the instance died, with the reason: attach to another. */
  readonly clients: Set<(error: Error) => void>
  /** Opens a provider and returns its handle. */
  open(maxBackoff: number, timeout: number, resync: number, flags: number): number
  /** Tells a provider of an event and returns what is to be done. */
  step(doc: number, event: number, arg: number, payload: Uint8Array): abi.Output[]
  /** When a provider wants Event.Time next; Infinity: never. */
  deadline(doc: number): number
}

/** Where instances come from. */
export interface Source {
  /** Resolves to the instance that all providers share. After a failure it may be called again. */
  load(): Promise<Instance>
  /** How long to wait before that, in milliseconds: a module that cannot live must not take the page along. */
  delay(): number
}

/** Milliseconds on a clock that never goes back: the one that the module is told. */
export const now = (): number => performance.now()

export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** Starts a module. died is called once, when a call has failed. */
const start = async (module: WebAssembly.Module, died: (cause: unknown) => Error): Promise<Instance> => {
  let printed = ''
  // Views die when the memory grows, which any call may make it do: none is kept.
  const view = (): DataView<ArrayBuffer> => new DataView(x.memory.buffer as ArrayBuffer)
  const bytes = (at: number, n: number): Uint8Array<ArrayBuffer> => new Uint8Array(x.memory.buffer as ArrayBuffer, at, n)

  const x = (await WebAssembly.instantiate(module, {
    // What Go's runtime takes from WASI preview 1. All else does nothing: there
    // are no arguments and no environment, and a sleep is over at once.
    wasi_snapshot_preview1: new Proxy<Record<string, (...args: any[]) => number>>({
      clock_time_get: (_id: number, _precision: bigint, out: number) => {
        view().setBigUint64(out, BigInt(Math.round(now() * 1e6)), true)
        return 0
      },
      random_get: (at: number, n: number) => {
        crypto.getRandomValues(bytes(at, n))
        return 0
      },
      // Go prints one piece at a time, and nothing but why it is about to die.
      fd_write: (_fd: number, piece: number) => {
        printed += text(bytes(view().getUint32(piece, true), view().getUint32(piece + 4, true)))
        return 0
      },
      proc_exit: () => {
        throw Error(printed)
      }
    }, { get: (known, name) => known[name as string] ?? (() => 0) })
  })).exports as unknown as Exports

  x._initialize()
  if (x.abi?.() !== abi.Protocol.Version) throw Error('not of this release')

  const clients: Instance['clients'] = new Set()
  let dead = false
  const guard = <A extends unknown[], R>(f: (...args: A) => R) => (...args: A): R => {
    try {
      return f(...args)
    } catch (e) {
      if (!dead) {
        dead = true
        const error = died(e)
        clients.forEach(client => client(error))
      }
      throw e
    }
  }
  const check = (n: number): number => {
    if (n < 0) throw Error(text(bytes(x.outbuf(), -n)))
    return n
  }
  return {
    clients,
    open: guard((...options) => check(x.open(Math.random(), ...options))),
    step: guard((doc, event, arg, payload) => {
      const { length } = payload
      const at = x.inbuf(length)
      if (!at) throw Error(length + ' bytes')
      bytes(at, length).set(payload)
      const size = check(x.step(doc, event, arg, now(), length))
      return abi.readOutputs(view(), x.outbuf(), size)
    }),
    deadline: guard(x.deadline)
  }
}

const compile = async (from: WasmSource): Promise<WebAssembly.Module> => {
  if (from instanceof WebAssembly.Module) return from
  if (typeof from === 'string') {
    if (from.startsWith('file:')) {
      // Node, whose fetch takes no files. Spelled so that no bundler looks for it.
      const fs = ['node:fs', 'promises'].join('/')
      from = await (await import(/* @vite-ignore */ /* webpackIgnore: true */ fs)).readFile(new URL(from)) as BufferSource
    } else {
      from = await fetch(from)
    }
  }
  if (from instanceof Response) {
    if (!from.ok) throw Error(`HTTP ${from.status} ${from.url}`)
    if (from.headers.get('content-type') === 'application/wasm') return WebAssembly.compileStreaming(from)
    from = await from.arrayBuffer()
  }
  return WebAssembly.compile(from as BufferSource)
}

const newSource = (from: WasmSource): Source => {
  let compiled: Promise<WebAssembly.Module> | undefined
  let instance: Promise<Instance> | undefined
  let pause = 0
  let last = -Infinity // failure
  /** Notes a failure. The console hears of the first in a row. */
  const failed = (cause: unknown): Error => {
    const error = Error(`weft: provider.wasm: ${cause}`, { cause })
    if (now() - last > 60_000) {
      pause = 500
      console.error(error)
    }
    last = now()
    pause = Math.min(pause * 2, 30_000)
    instance = undefined
    return error
  }
  return {
    load: () => instance ??= (compiled ??= compile(from)).then(module => start(module, failed)).catch(e => {
      compiled = undefined
      throw failed(e)
    }),
    delay: () => pause * (1 + Math.random())
  }
}

const sources = new Map<WasmSource, Source>()

/** The source for a provider's wasm option. Equal options share an instance. */
export const source = (from: WasmSource = new URL('./provider.wasm', import.meta.url)): Source => {
  if (from instanceof URL) from = from.href
  if (!sources.has(from)) sources.set(from, newSource(from))
  return sources.get(from)!
}
