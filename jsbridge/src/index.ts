/** Keeps a Yjs document in sync over a WebSocket; see README.md. */
export { WeftProvider, type WeftProviderEvents, type WeftProviderOptions } from './provider.js'
export type { WasmSource } from './module.js'
export type { OfflineError } from './offline.js'
