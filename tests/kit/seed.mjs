// Seeded randomness: what a test chose can be chosen again. The timing between processes is not part of it, so a seed
// repeats the choices, not the race.

/** WEFT_SEED, or a new one; printed, so that a failed run can be repeated. */
export function seedFor(t) {
  const seed = process.env.WEFT_SEED ? Number(process.env.WEFT_SEED) : Math.floor(Math.random() * 2 ** 32)
  t.diagnostic(`seed ${seed} (repeat with WEFT_SEED=${seed})`)
  return new Random(seed)
}

/** Mulberry32. */
export class Random {
  #state

  constructor(seed) {
    this.#state = seed >>> 0
  }

  /** From 0 to 1, without 1. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  /** An integer from low to high, both included. */
  between(low, high) {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  /** @template T @param {T[]} list @returns {T} */
  pick(list) {
    return list[this.between(0, list.length - 1)]
  }

  chance(probability) {
    return this.next() < probability
  }

  /** A source of its own for one of several actors, so that their order does not matter. */
  fork() {
    return new Random(Math.floor(this.next() * 2 ** 32))
  }
}
