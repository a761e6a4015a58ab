// Writes random scripts to standard output, for a comparison with Yjs of more
// than is stored: node lockstep.mjs FIRST_SEED COUNT STEPS [KIND]

import { KINDS, randomScript } from './random.mjs'
import { Prng } from '../vectors/prng.mjs'
import { writeSync } from 'node:fs'

const [first, count, steps] = process.argv.slice(2, 5).map(Number)
const only = process.argv[5] || undefined

// The reader may be slower than this: write blocks until it has taken a line.
let waiting = ''
const flush = () => {
  const bytes = Buffer.from(waiting)
  waiting = ''
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at)
    } catch (e) {
      if (e.code !== 'EAGAIN') process.exit(e.code === 'EPIPE' ? 0 : 1)
    }
  }
}
const sink = line => {
  waiting += JSON.stringify(line) + '\n'
  if (waiting.length > 1 << 16) flush()
}

for (let seed = first; seed < first + count; seed++) {
  const r = new Prng(seed ^ 0x5eed)
  const kind = only ?? r.pick(Object.keys(KINDS))
  randomScript(`seed ${seed}, ${kind}`, seed, {
    kind, steps, checks: Math.ceil(steps / 50), clients: r.between(2, 5), gc: r.chance(75), observe: r.chance(50), undo: r.chance(40) && r.pick([true, 'varied']), snapshots: r.chance(30), overlap: r.chance(40), sink
  })
}
flush()
