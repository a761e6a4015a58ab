// Other people's carets and selections in the text, and one's own announced to them.
//
// The awareness field is `cursor: { anchor, head }` with Yjs relative positions, as y-codemirror.next, Quill's and
// ProseMirror's bindings write it, so that any of them can share a document with this page. Drawn here and not by
// y-codemirror.next because that one puts colours from other clients into style attributes, keeps showing a name after it
// was changed, and stops for good at a cursor that is not one.

import { Annotation, type Extension, RangeSet } from '@codemirror/state'
import {
  Decoration, type DecorationSet, EditorView, type PluginValue, ViewPlugin, type ViewUpdate, WidgetType,
} from '@codemirror/view'
import type { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { field, personFrom } from './people'

const moved = Annotation.define<true>()

/** Must stand behind the extension that keeps the text in sync: positions are looked up in the shared text. */
export function cursors(text: Y.Text, awareness: Awareness): Extension {
  return ViewPlugin.define((view) => new Cursors(view, text, awareness), { decorations: (plugin) => plugin.decorations })
}

class Cursors implements PluginValue {
  decorations: DecorationSet = RangeSet.empty
  // How often each client's cursor has moved: a caret that moved shows its name anew.
  #moves = new Map<number, number>()

  constructor(
    private view: EditorView,
    private text: Y.Text,
    private awareness: Awareness,
  ) {
    awareness.on('change', this.#changed)
  }

  destroy(): void {
    this.awareness.off('change', this.#changed)
  }

  update(update: ViewUpdate): void {
    if (update.selectionSet || update.docChanged || update.focusChanged) this.#announce(update.view)
    const redraw = update.transactions.some((tr) => tr.annotation(moved))
    if (update.docChanged || redraw) this.decorations = this.#draw()
  }

  #changed = ({ added, updated, removed }: { added: number[]; updated: number[]; removed: number[] }) => {
    for (const client of added.concat(updated)) this.#moves.set(client, (this.#moves.get(client) ?? 0) + 1)
    for (const client of removed) this.#moves.delete(client)
    const others = added.concat(updated, removed).some((client) => client !== this.awareness.clientID)
    if (others) this.view.dispatch({ annotations: moved.of(true) })
  }

  // The caret stays where it was while the window is in the background: others still see where one was.
  #announce(view: EditorView): void {
    if (!view.hasFocus || this.awareness.getLocalState() === null) return
    const { anchor, head } = view.state.selection.main
    const cursor = {
      anchor: Y.createRelativePositionFromTypeIndex(this.text, anchor),
      head: Y.createRelativePositionFromTypeIndex(this.text, head),
    }
    const before = field(this.awareness.getLocalState(), 'cursor')
    const same =
      Y.compareRelativePositions(position(field(before, 'anchor')), cursor.anchor) &&
      Y.compareRelativePositions(position(field(before, 'head')), cursor.head)
    if (!same) this.awareness.setLocalStateField('cursor', cursor)
  }

  #draw(): DecorationSet {
    const marks = []
    for (const [client, state] of this.awareness.getStates()) {
      if (client === this.awareness.clientID) continue
      const person = personFrom(client, state, false)
      const cursor = field(state, 'cursor')
      const anchor = this.#index(field(cursor, 'anchor'))
      const head = this.#index(field(cursor, 'head'))
      if (anchor === null || head === null) continue
      if (anchor !== head) {
        const selection = Decoration.mark({ class: `peer-selection hue-${person.hue}` })
        marks.push(selection.range(Math.min(anchor, head), Math.max(anchor, head)))
      }
      const caret = new Caret(person.name, person.hue, this.#moves.get(client) ?? 0)
      // Beside one's own caret, on the side that the selection comes from.
      marks.push(Decoration.widget({ widget: caret, side: head > anchor ? -1 : 1 }).range(head))
    }
    return Decoration.set(marks, true)
  }

  // Where a relative position stands in the editor's text, or null if it stands in no place of it.
  #index(json: unknown): number | null {
    const relative = position(json)
    if (relative === null) return null
    try {
      const absolute = Y.createAbsolutePositionFromRelativePosition(relative, this.text.doc!)
      return absolute?.type === this.text && absolute.index <= this.view.state.doc.length ? absolute.index : null
    } catch {
      return null // well-formed, but about something that this document does not hold
    }
  }
}

// What another client sent as a relative position, or null if it cannot be one.
function position(json: unknown): Y.RelativePosition | null {
  if (typeof json !== 'object' || json === null) return null
  const name = field(json, 'tname') ?? null
  const named = name === null || typeof name === 'string'
  return named && isID(field(json, 'item')) && isID(field(json, 'type')) ? Y.createRelativePositionFromJSON(json) : null
}

// An id in a relative position; each of its ids may be missing.
function isID(id: unknown): boolean {
  return id === undefined || id === null || [field(id, 'client'), field(id, 'clock')].every(Number.isSafeInteger)
}

class Caret extends WidgetType {
  constructor(
    private name: string,
    private hue: number,
    private moves: number,
  ) {
    super()
  }

  override eq(other: Caret): boolean {
    return other.name === this.name && other.hue === this.hue && other.moves === this.moves
  }

  override toDOM(): HTMLElement {
    const caret = document.createElement('span')
    caret.className = `peer-caret hue-${this.hue}`
    caret.setAttribute('aria-hidden', 'true') // who is here is said by the list of people
    const flag = document.createElement('span')
    flag.className = 'peer-flag'
    flag.textContent = this.name
    caret.append('\u2060', flag, '\u2060') // word joiners keep the caret on the line of its text
    return caret
  }

  override get estimatedHeight(): number {
    return -1
  }

  override ignoreEvent(): boolean {
    return true
  }
}
