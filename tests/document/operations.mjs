// Operations as JSON, done on a Yjs document: [name, path, arguments…].
//
// A path begins with a root, "kind:name", and goes down by index or key. The
// table below is the language; operations_test.go's counterpart speaks it too.

import { fromForm, getRoot, splitRoot } from './values.mjs'
import * as Y from 'yjs'

/** The type at a path. */
export const resolve = (doc, [root, ...steps]) =>
  steps.reduce(step, getRoot(doc, ...splitRoot(root)))

const step = (type, at) => {
  if (type instanceof Y.Text) return embedAt(type, at)
  if (type instanceof Y.XmlElement && typeof at === 'string') return type.getAttribute(at)
  return type.get(at)
}

const embedAt = (text, index) => {
  for (const { insert } of text.toDelta()) {
    if (index === 0 && typeof insert !== 'string') return insert
    index -= typeof insert === 'string' ? insert.length : 1
  }
  return undefined
}

// Where attributes are null, Yjs gets none at all: then text takes those around it.
const some = attributes => attributes === null || attributes === undefined ? undefined : fromForm(attributes)

const operations = {
  'text.insert': (t, index, text, attributes) => t.insert(index, text, some(attributes)),
  'text.embed': (t, index, value, attributes) => t.insertEmbed(index, fromForm(value), some(attributes)),
  'text.format': (t, index, length, attributes) => t.format(index, length, fromForm(attributes)),
  'text.delete': (t, index, length) => t.delete(index, length),
  'text.delta': (t, delta) => t.applyDelta(fromForm(delta)),
  'text.set': (t, key, value) => t.setAttribute(key, fromForm(value)),
  'text.unset': (t, key) => t.removeAttribute(key),
  'array.insert': (a, index, values) => a.insert(index, values.map(fromForm)),
  'array.push': (a, values) => a.push(values.map(fromForm)),
  'array.delete': (a, index, length) => a.delete(index, length),
  'map.set': (m, key, value) => m.set(key, fromForm(value)),
  'map.delete': (m, key) => m.delete(key),
  'map.clear': m => m.clear(),
  'xml.insert': (x, index, nodes) => x.insert(index, nodes.map(fromForm)),
  // After the child at an index, or before all children with -1: right beside it, whatever is deleted there.
  'xml.after': (x, index, nodes) => x.insertAfter(index < 0 ? null : x.get(index), nodes.map(fromForm)),
  'xml.delete': (x, index, length) => x.delete(index, length),
  'xml.set': (x, key, value) => x.setAttribute(key, fromForm(value)),
  'xml.unset': (x, key) => x.removeAttribute(key),
  // The subdocument at an index or key.
  'doc.load': (type, at) => type.get(at).load(),
  'doc.destroy': (type, at) => type.get(at).destroy()
}

/** Does one operation on a document, in the transaction that is open. */
export const operate = (doc, [name, path, ...args]) => {
  operations[name](resolve(doc, path), ...args)
}
