// What the page says about its connection, in one place.

import type { ConnectionState } from './connection'

export interface Wording {
  /** One or two words beside the title. */
  label: string
  /** What it means for the reader; empty when there is nothing to know. */
  detail: string
  /** What the button that tries again says; empty for none. */
  retry: string
}

const kept = 'Your edits are kept in this tab and are sent when the connection is back.'
const keptForGood = 'What you wrote here is still in this tab: copy it before you close the page.'

export function wording(state: ConnectionState): Wording {
  switch (state.phase) {
    case 'connecting':
      return { label: 'Connecting', detail: '', retry: '' }
    case 'connected':
      return { label: 'Connected', detail: '', retry: '' }
    case 'synced':
      return { label: 'Synced', detail: '', retry: '' }
    case 'offline':
      return { label: 'Offline', detail: `${lost(state)} ${kept}`, retry: 'Try now' }
    case 'refused':
      return { label: 'Refused', detail: state.unsent ? `${refused(state)} ${keptForGood}` : refused(state), retry: 'Try again' }
  }
}

function lost(state: ConnectionState): string {
  switch (state.code) {
    case 1009:
      return 'The server finds a change too large to take.'
    case 1012:
      return 'The server is restarting.'
    case 4503:
      return 'The server could not load this document as it was stored, and leaves it untouched until it can.'
  }
  if (state.code === 0 && state.reason !== '') return 'A part of this page could not be loaded.'
  return state.seen ? 'The connection is lost.' : 'There is no connection to the server yet.'
}

function refused(state: ConnectionState): string {
  const said = state.reason === '' ? '' : ` It says: “${state.reason}”.`
  switch (state.code) {
    case 4400:
      return `The server did not understand what this page sent. Reloading the page may help.${said}`
    case 4401:
    case 4403:
      return `The server does not let you open this document.${said}`
    case 4404:
      return `There is no such document on the server.${said}`
  }
  return `The server closed the connection for good (code ${state.code}).${said}`
}
