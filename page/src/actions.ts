// The header's actions: undo, redo, a new document, a copied link.

import type * as Y from 'yjs'
import type { Announcer } from './announce'
import { element } from './element'
import { documentName } from './words'

/** Undo and redo of this person's own edits, for those without a keyboard. */
export function undoButtons(undo: Y.UndoManager): void {
  const back = element<HTMLButtonElement>('undo')
  const forth = element<HTMLButtonElement>('redo')
  const draw = () => {
    back.disabled = !undo.canUndo()
    forth.disabled = !undo.canRedo()
  }
  back.addEventListener('click', () => undo.undo())
  forth.addEventListener('click', () => undo.redo())
  for (const event of ['stack-item-added', 'stack-item-popped', 'stack-cleared'] as const) undo.on(event, draw)
  draw()
}

/** A link, so that it can be opened in a new window too; the name is drawn anew after each use. */
export function newDocument(mount: string): void {
  const link = element<HTMLAnchorElement>('new')
  const draw = () => {
    link.href = mount + documentName()
  }
  for (const event of ['click', 'auxclick']) link.addEventListener(event, () => queueMicrotask(draw))
  draw()
}

export function copyLink(announcer: Announcer): void {
  const button = element<HTMLButtonElement>('copy')
  const label = element('copy-label')
  const idle = label.textContent
  let timer = 0
  button.addEventListener('click', async () => {
    const done = await copy(location.href)
    label.textContent = done ? 'Copied' : 'Copy the address'
    button.dataset.done = String(done)
    announcer.say('copy', done ? 'Link copied.' : 'The browser does not allow copying: copy the address instead.')
    clearTimeout(timer)
    timer = window.setTimeout(() => {
      label.textContent = idle
      delete button.dataset.done
      announcer.say('copy', '')
    }, 2500)
  })
}

// The clipboard API exists on secure origins only; a server on the local network often has none.
async function copy(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text)
      return true
    } catch {
      // Not permitted; try the old way.
    }
  }
  const before = document.activeElement
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'unseen'
  document.body.append(area)
  area.select()
  const done = document.execCommand('copy')
  area.remove()
  if (before instanceof HTMLElement) before.focus()
  return done
}
