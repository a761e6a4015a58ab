// A page as an application would write one: an editor on a document, with the provider as the address asks for it.
//
//   /?socket=ws://…&room=notes&offline&share

import { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { WeftProvider } from '@weft-sync/provider'
import { yCollab } from 'y-codemirror.next'
import * as Y from 'yjs'

const query = new URLSearchParams(location.search)
const doc = new Y.Doc()
const text = doc.getText('content')
const editor = new EditorView({
  state: EditorState.create({ extensions: [yCollab(text, null), EditorView.lineWrapping] }),
  parent: document.body,
})
text.observe(() => {
  if (performance.getEntriesByName('text').length === 0) performance.mark('text')
})

const provider = new WeftProvider(query.get('socket'), query.get('room'), doc, {
  offline: query.has('offline'),
  maxBackoffTime: 500,
})
/** What was heard of the provider, for the tests. */
const heard = []
for (const name of ['status', 'sync', 'offline-loaded', 'offline-error', 'closed']) {
  provider.on(name, (event) => heard.push({ name, event: event?.error ? { ...event, error: String(event.error) } : event }))
}
Object.assign(window, { Y, doc, text, provider, editor, heard })
