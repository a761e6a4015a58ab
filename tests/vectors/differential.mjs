// Prints random cases as JSON lines, for a comparison with Yjs of more than is
// stored: node differential.mjs FIRST_SEED COUNT

import { randomCase } from './cases.mjs'

const [first, count] = process.argv.slice(2).map(Number)
for (let seed = first; seed < first + count; seed++) {
  const line = JSON.stringify(randomCase(seed)) + '\n'
  if (!process.stdout.write(line)) await new Promise(resolve => process.stdout.once('drain', resolve))
}
