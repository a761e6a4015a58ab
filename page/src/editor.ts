// The editor: CodeMirror on a shared text.

import { defaultKeymap } from '@codemirror/commands'
import { insertNewlineContinueMarkup, markdownLanguage } from '@codemirror/lang-markdown'
import { Compartment, EditorState } from '@codemirror/state'
import { drawSelection, EditorView, keymap, placeholder } from '@codemirror/view'
import { yCollab, yUndoManagerKeymap } from 'y-codemirror.next'
import type { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import { cursors } from './cursors'
import { look } from './look'

export interface Editor {
  view: EditorView
  /** What an empty text shows. */
  hint(text: string): void
  /** Whether the text can be changed here. */
  editable(yes: boolean): void
}

/** The undo manager tracks the edits made in this editor only: nobody undoes what another wrote. */
export function openEditor(parent: HTMLElement, name: string, text: Y.Text, awareness: Awareness, undo: Y.UndoManager): Editor {
  const hint = new Compartment()
  const access = new Compartment()
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text.toString(),
      extensions: [
        // Positions in the shared text and in the editor are the same only if a carriage return is a character like any
        // other in both; pasted ones are dropped before they get in.
        EditorState.lineSeparator.of('\n'),
        EditorView.clipboardInputFilter.of((pasted) => pasted.replace(/\r\n?/g, '\n')),
        yCollab(text, null, { undoManager: undo }),
        cursors(text, awareness),
        // The Tab key keeps moving the focus: a keyboard user must be able to leave.
        keymap.of([{ key: 'Enter', run: insertNewlineContinueMarkup }, ...yUndoManagerKeymap, ...defaultKeymap]),
        markdownLanguage,
        drawSelection(),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': `Text of ${name}`, spellcheck: 'true', autocapitalize: 'sentences' }),
        hint.of([]),
        access.of([]),
        look,
      ],
    }),
  })
  let hinted = ''
  let open = true
  // A change of the connection may be told while the editor is in the middle of an update, in which it takes no other:
  // nothing is dispatched unless something changes.
  return {
    view,
    hint(text) {
      if (text !== hinted) view.dispatch({ effects: hint.reconfigure(placeholder((hinted = text))) })
    },
    editable(yes) {
      if (yes !== open) view.dispatch({ effects: access.reconfigure(EditorState.readOnly.of(!(open = yes))) })
    },
  }
}
