// Where this page is mounted and which document its address names.
//
// The assets live under {mount}/_weft/, this module among them, so the module's own address tells where the server is
// mounted: "/" or, behind a prefix, "/docs/". What follows the mount in the page's address is the document's name.

/** What the address says. */
export interface Address {
  /** The path that the server is mounted at; begins and ends with "/". */
  mount: string
  /** The document's name as it stands in the address: percent-encoded, possibly with several segments. */
  room: string
  /** The name for people: decoded where it can be. */
  name: string
  /** Where the WebSocket lives, without the document's name. */
  socket: string
}

/**
 * @param page the page's own address
 * @param module the address of a module under {mount}/_weft/
 */
export function readAddress(page: URL, module: string): Address {
  const mount = new URL('..', module).pathname
  const room = page.pathname.startsWith(mount) ? page.pathname.slice(mount.length) : page.pathname.slice(1)
  const scheme = page.protocol === 'https:' ? 'wss:' : 'ws:'
  return { mount, room, name: decode(room), socket: `${scheme}//${page.host}${mount}` }
}

// A name may hold a "%" that encodes nothing; it is then shown as it is.
function decode(room: string): string {
  try {
    return decodeURIComponent(room)
  } catch {
    return room
  }
}
