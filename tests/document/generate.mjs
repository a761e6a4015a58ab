// Makes the scripts from the npm yjs that package.json pins:
//
//   node tests/document/generate.mjs
//
// writes scripts.jsonl.gz beside this file. document.test.mjs checks that what is
// stored is what this makes.

import { readFileSync, writeFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import { allScripts } from './cases.mjs'

const file = new URL('./scripts.jsonl.gz', import.meta.url)

/** The content of the file: one step a line, see README.md. */
export const generate = () => {
  let text = ''
  allScripts(line => { text += JSON.stringify(line) + '\n' })
  return text
}

/** What is stored, uncompressed: compressors differ, content must not. */
export const stored = () => gunzipSync(readFileSync(file)).toString()

if (process.argv[1] === new URL(import.meta.url).pathname) {
  writeFileSync(file, gzipSync(generate(), { level: 9 }))
}
