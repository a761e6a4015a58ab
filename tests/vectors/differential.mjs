// Prints random cases, several for a seed, as JSON lines, for a comparison with Yjs of more than is
// stored: node differential.mjs FIRST_SEED COUNT

import { randomCases } from './cases.mjs'

const [first, count] = process.argv.slice(2).map(Number)
for (let seed = first; seed < first + count; seed++) {
  const lines = randomCases(seed).map(c => JSON.stringify(c) + '\n').join('')
  if (!process.stdout.write(lines)) await new Promise(resolve => process.stdout.once('drain', resolve))
}
