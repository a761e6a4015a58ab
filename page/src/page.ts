// The page: an editor on the document that the address names.
//
// The connection comes first: what it needs is small, and the WebAssembly module compiles and the document arrives while
// the editor, which is most of the page's code, is still being read.

import { WeftProvider } from '@weft-sync/provider'
import * as Y from 'yjs'
import { copyLink, newDocument, undoButtons } from './actions'
import { readAddress } from './address'
import { Announcer } from './announce'
import { Connection } from './connection'
import { element } from './element'
import { peopleView } from './people-view'
import { Self } from './self'
import { statusView } from './status-view'
import { themeToggle } from './theme-toggle'

const address = readAddress(new URL(location.href), import.meta.url)
const doc = new Y.Doc()
const provider = new WeftProvider(address.socket, address.room, doc)
const connection = new Connection(provider, doc)
const editorCode = import('./editor')

document.title = `${address.name} · weft`
const title = element('title')
title.textContent = address.name
title.title = address.name

const text = doc.getText('content')
const undo = new Y.UndoManager(text)
const announcer = new Announcer(element('live'))
const self = new Self(provider.awareness)

statusView(connection, announcer)
peopleView(provider.awareness, self, announcer)
themeToggle(element<HTMLButtonElement>('theme'))
newDocument(address.mount)
copyLink(announcer)
undoButtons(undo)

const sheet = element('text')
const { openEditor } = await editorCode
const editor = openEditor(sheet, address.name, text, provider.awareness, undo)

let seen = false
connection.watch((state) => {
  editor.editable(state.phase !== 'refused')
  editor.hint(state.seen ? 'Write here. Everyone with the link sees it as you type.' : '')
  // A new document waits for its first words; a touch screen's keyboard is not raised unasked.
  const first = state.seen && !seen
  seen = state.seen
  const idle = document.activeElement === document.body || document.activeElement === null
  if (first && text.length === 0 && idle && matchMedia('(pointer: fine)').matches) editor.view.focus()
})

// The sheet is larger than its text: a click below the last line means the end of the text.
sheet.addEventListener('mousedown', (event) => {
  if (event.target !== event.currentTarget) return
  event.preventDefault()
  editor.view.dispatch({ selection: { anchor: editor.view.state.doc.length } })
  editor.view.focus()
})
// The skip link leads to the sheet; typing happens in the editor inside.
sheet.addEventListener('focus', () => editor.view.focus())
