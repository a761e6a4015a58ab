// A seeded source of randomness (xorshift128 on 32-bit words), so that a vector
// is the same bytes wherever and whenever it is made.

export class Prng {
  /** @param {string[]} characters what text is made of */
  constructor (seed, characters = CHARACTERS) {
    this.characters = characters
    this.s = new Uint32Array([seed ^ 0x9e3779b9, seed ^ 0x243f6a88, seed ^ 0xb7e15162, (seed * 2654435761) ^ 0xdeadbeef])
    for (let i = 0; i < 16; i++) this.word()
  }

  /** The next 32 bits. */
  word () {
    const s = this.s
    let t = s[3]
    t ^= t << 11
    t ^= t >>> 8
    s[3] = s[2]; s[2] = s[1]; s[1] = s[0]
    s[0] = t ^ s[0] ^ (s[0] >>> 19)
    return s[0]
  }

  /** An integer from 0 up to, not including, n. */
  below (n) { return n <= 0 ? 0 : this.word() % n }

  /** An integer from lo to hi. */
  between (lo, hi) { return lo + this.below(hi - lo + 1) }

  /** True in p of 100 cases. */
  chance (p) { return this.below(100) < p }

  pick (list) { return list[this.below(list.length)] }

  shuffled (list) {
    const out = list.slice()
    for (let i = out.length - 1; i > 0; i--) {
      const k = this.below(i + 1)
      ;[out[i], out[k]] = [out[k], out[i]]
    }
    return out
  }

  /** Each element with a chance of p in 100, order kept. */
  some (list, p) { return list.filter(() => this.chance(p)) }

  /** Words of mixed scripts: one to four bytes a character in UTF-8. */
  text (max = 6) {
    let s = ''
    for (let n = this.between(1, max); n > 0; n--) s += this.pick(this.characters)
    return s
  }
}

const CHARACTERS = [...'abcdefghij \n', 'é', 'ß', '€', '漢', '字', '\ufeff', '😀', '👩', '\u200d', '𝒳', '🏳️']

/** Those of one 16-bit unit. */
export const NARROW = CHARACTERS.filter(c => c.length === 1)
