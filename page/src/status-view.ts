// The connection's state on the page: data-status and data-synced on the root element, the label beside the title, the
// notice below the header, the loading bar, and what is announced.

import type { Announcer } from './announce'
import type { Connection, ConnectionState } from './connection'
import { element } from './element'
import { wording } from './wording'

const patience = 1000 // ms of the first load before the page says that it takes time

export function statusView(connection: Connection, announcer: Announcer): void {
  const root = document.documentElement
  const label = element('status-label')
  const notice = element('notice')
  const noticeText = element('notice-text')
  const retry = element('retry')
  const progress = element('progress')
  const loadingText = element('loading')

  const slow = setTimeout(() => loading(connection.state), patience)
  const loading = (state: ConnectionState) => {
    progress.hidden = state.seen || state.phase === 'offline' || state.phase === 'refused'
    loadingText.hidden = progress.hidden
    if (!progress.hidden) announcer.say('loading', 'Loading the document.')
  }
  retry.addEventListener('click', () => connection.retry())

  connection.watch((state) => {
    const { label: text, detail, retry: action } = wording(state)
    root.dataset.status = state.phase
    root.dataset.synced = String(state.phase === 'synced')
    root.dataset.unsent = String(state.unsent)
    label.textContent = text
    // Focus on a button that goes away would be lost.
    if (detail === '' && notice.contains(document.activeElement)) element('text').focus()
    noticeText.textContent = detail
    notice.hidden = detail === ''
    retry.textContent = action
    if (state.seen) clearTimeout(slow)
    if (!progress.hidden) loading(state)
    announcer.say('connection', detail === '' ? `${text}.` : `${text}. ${detail}`)
  })
}
