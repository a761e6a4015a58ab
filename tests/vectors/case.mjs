// One case: byte arrays, and what Yjs made of them.

export class Case {
  constructor (name) {
    this.name = name
    this.blobs = []
    this.places = new Map()
  }

  /** The place of some bytes, which are stored once. */
  blob (bytes) {
    const hex = Buffer.from(bytes).toString('hex')
    let place = this.places.get(hex)
    if (place === undefined) {
      place = this.blobs.push(hex) - 1
      this.places.set(hex, place)
    }
    return place
  }
}
