// Whether documents are the same: the same structs, the same deletions, the same view.

import assert from 'node:assert/strict'
import * as Y from 'yjs'
import { until } from './until.mjs'

/** The shared types that the suites write to; a document shows its content only under the types it was asked for. */
export function types(doc) {
  return { text: doc.getText('content'), map: doc.getMap('map'), list: doc.getArray('list'), tree: doc.getXmlFragment('tree') }
}

/** What the document shows, as plain values. */
export function view(doc) {
  const { text, map, list, tree } = types(doc)
  return { text: text.toDelta(), map: map.toJSON(), list: list.toJSON(), tree: tree.toString() }
}

/** Whether all hold the same structs and deletions. */
export function sameState(docs) {
  const first = Y.snapshot(docs[0])
  return docs.every((doc) => Y.equalSnapshots(first, Y.snapshot(doc)))
}

/** Waits until all hold the same, then compares what they show. */
export async function converge(what, docs, within = 30_000) {
  await until(`${what}: ${docs.length} documents hold the same`, () => sameState(docs), { within, every: 50 })
  for (const doc of docs.slice(1)) assert.deepEqual(view(doc), view(docs[0]), what)
}
