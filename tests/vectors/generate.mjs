// Makes the vectors from the npm yjs that package.json pins:
//
//   node tests/vectors/generate.mjs
//
// writes vectors.jsonl.gz beside this file. vectors.test.mjs checks that what is
// stored is what this makes.

import { readFileSync, writeFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import { allCases } from './cases.mjs'

const file = new URL('./vectors.jsonl.gz', import.meta.url)

/** The content of the file: one case a line, see README.md. */
export const generate = () => [...allCases()].map(c => JSON.stringify(c) + '\n').join('')

/** What is stored, uncompressed: compressors differ, content must not. */
export const stored = () => gunzipSync(readFileSync(file)).toString()

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const text = generate()
  writeFileSync(file, gzipSync(text, { level: 9 }))
}
