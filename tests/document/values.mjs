// Values as JSON: what JSON lacks has a form of its own.
//
//   {"$undefined":true}  {"$bigint":"12"}  {"$bytes":"base64"}  {"$number":"NaN"}
//   {"$doc":"guid","options":{…}}          a subdocument
//   {"$type":"array","items":[…]}          a shared type and what is in it
//   {"$type":"map","entries":[[key,value],…]}
//   {"$type":"text","delta":[…]}           text and xmltext
//   {"$type":"element","name":"p","children":[…],"attributes":[[key,value],…]}
//   {"$type":"hook","name":"h","entries":[…]}
//
// A result has only the kind of a type: {"$type":"map"}.

import './clock.mjs'
import * as Y from 'yjs'

/** The value that a form stands for. */
export const fromForm = f => {
  if (f === null || typeof f !== 'object') return f
  if (Array.isArray(f)) return f.map(fromForm)
  if (f.$undefined) return undefined
  if (f.$bigint !== undefined) return BigInt(f.$bigint)
  if (f.$bytes !== undefined) return new Uint8Array(Buffer.from(f.$bytes, 'base64'))
  if (f.$number !== undefined) return Number(f.$number)
  if (f.$doc !== undefined) return new Y.Doc({ guid: f.$doc, ...f.options })
  if (f.$type !== undefined) return newType(f)
  return Object.fromEntries(Object.entries(f).map(([k, v]) => [k, fromForm(v)]))
}

const newType = f => {
  switch (f.$type) {
    case 'array': return Y.Array.from((f.items ?? []).map(fromForm))
    case 'map': return new Y.Map((f.entries ?? []).map(([k, v]) => [k, fromForm(v)]))
    case 'text': return withDelta(new Y.Text(), f.delta)
    case 'xmltext': return withDelta(new Y.XmlText(), f.delta)
    case 'fragment': { const x = new Y.XmlFragment(); x.insert(0, (f.children ?? []).map(fromForm)); return x }
    case 'element': {
      const x = new Y.XmlElement(f.name)
      if (f.children?.length) x.insert(0, f.children.map(fromForm))
      for (const [k, v] of f.attributes ?? []) x.setAttribute(k, fromForm(v))
      return x
    }
    case 'hook': {
      const x = new Y.XmlHook(f.name)
      for (const [k, v] of f.entries ?? []) x.set(k, fromForm(v))
      return x
    }
    default: throw new Error(`no type ${f.$type}`)
  }
}

const withDelta = (text, delta) => {
  if (delta?.length) text.applyDelta(delta.map(fromForm))
  return text
}

/** The kind of a shared type. */
export const kindOf = type => {
  // An XmlText is a Text, an XmlElement a fragment, a hook a Map.
  if (type instanceof Y.XmlText) return 'xmltext'
  if (type instanceof Y.Text) return 'text'
  if (type instanceof Y.XmlElement) return 'element'
  if (type instanceof Y.XmlFragment) return 'fragment'
  if (type instanceof Y.XmlHook) return 'hook'
  if (type instanceof Y.Map) return 'map'
  if (type instanceof Y.Array) return 'array'
  throw new Error(`no kind of type: ${type.constructor.name}`)
}

/** The form of a value; a type is only named. */
export const toForm = v => form(v, type => ({ $type: kindOf(type) }))

/** The form of a value with what is in its types, as toJSON gives it. */
export const toView = v => form(v, type => {
  switch (kindOf(type)) {
    case 'array': return type.toArray().map(toView)
    case 'map': case 'hook': return Object.fromEntries([...type.entries()].map(([k, v]) => [k, toView(v)]))
    default: return type.toString()
  }
})

const form = (v, type) => {
  switch (typeof v) {
    case 'undefined': return { $undefined: true }
    case 'bigint': return { $bigint: String(v) }
    case 'number': return Number.isFinite(v) && !Object.is(v, -0) ? v : { $number: Object.is(v, -0) ? '-0' : String(v) }
    case 'object': break
    default: return v
  }
  if (v === null) return v
  if (v instanceof Uint8Array) return { $bytes: Buffer.from(v).toString('base64') }
  if (v instanceof Y.Doc) return { $doc: v.guid }
  if (v instanceof Y.AbstractType) return type(v)
  if (Array.isArray(v)) return v.map(x => form(x, type))
  return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, form(x, type)]))
}

/** A delta with its values as forms. */
export const deltaForm = delta => delta.map(op => toForm(op))

/** What the named roots show: {text:{name:…}, delta:{…}, array:{…}, map:{…}, xml:{…}}. */
export const views = (doc, roots) => {
  const out = {}
  const put = (view, name, value) => { (out[view] ??= {})[name] = value }
  for (const [kind, name] of roots.map(splitRoot)) {
    const type = getRoot(doc, kind, name)
    switch (kind) {
      case 'text': case 'xmltext':
        put('text', name, Y.Text.prototype.toString.call(type))
        put('delta', name, deltaForm(type.toDelta()))
        if (kind === 'xmltext') put('xml', name, type.toString())
        break
      case 'array': case 'map': put(kind, name, toView(type)); break
      default: put('xml', name, type.toString())
    }
  }
  return out
}

/** "kind:name" as [kind, name]. */
export const splitRoot = root => {
  const at = root.indexOf(':')
  return [root.slice(0, at), root.slice(at + 1)]
}

export const getRoot = (doc, kind, name) => {
  switch (kind) {
    case 'text': return doc.getText(name)
    case 'array': return doc.getArray(name)
    case 'map': return doc.getMap(name)
    case 'xml': return doc.getXmlFragment(name)
    case 'element': return doc.getXmlElement(name)
    case 'xmltext': return doc.get(name, Y.XmlText)
    default: throw new Error(`no kind of root: ${kind}`)
  }
}
