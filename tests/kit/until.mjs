// Waiting for a condition, never for a time: what is waited for is asked again and again until it holds, and when it does
// not come within the deadline the error says what it was.

import { setTimeout as pause } from 'node:timers/promises'

const step = 10 // ms between two looks

/**
 * @template T
 * @param {string} what     what is waited for, for the error
 * @param {() => T | Promise<T>} condition  waits until this is truthy; what it throws counts as not yet
 * @param {{ within?: number, every?: number, unless?: () => string | undefined }} [options]
 *   within: deadline in ms; every: ms between looks; unless: a reason to give up early
 * @returns {Promise<T>} the truthy value
 */
export async function until(what, condition, { within = 20_000, every = step, unless } = {}) {
  const end = performance.now() + within
  let last
  for (;;) {
    try {
      last = await condition()
      if (last) return last
    } catch (error) {
      last = error
    }
    const reason = unless?.()
    if (reason) throw new Error(`${what}: ${reason}`)
    if (performance.now() > end) throw new Error(`${what}: not within ${within} ms; last seen: ${String(last)}`)
    await pause(every)
  }
}
