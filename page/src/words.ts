// Friendly random names: for a new document, and for a person who has not chosen a name yet.

const moods = [
  'amber', 'brisk', 'calm', 'clear', 'early', 'fair', 'gentle', 'golden', 'hidden', 'kind', 'late', 'light', 'lively',
  'lucky', 'mellow', 'merry', 'misty', 'noble', 'open', 'patient', 'plain', 'quick', 'quiet', 'rustic', 'silver', 'small',
  'soft', 'steady', 'sunny', 'swift', 'warm', 'wild',
]
const places = [
  'bay', 'brook', 'canyon', 'cove', 'delta', 'dune', 'field', 'fjord', 'forest', 'garden', 'glade', 'grove', 'harbour',
  'heath', 'hill', 'island', 'lagoon', 'lake', 'marsh', 'meadow', 'moor', 'orchard', 'pass', 'pond', 'reef', 'ridge',
  'river', 'shore', 'spring', 'summit', 'tundra', 'valley',
]
const birds = [
  'Avocet', 'Bittern', 'Bunting', 'Curlew', 'Dipper', 'Dunlin', 'Egret', 'Finch', 'Fulmar', 'Gannet', 'Godwit', 'Goldcrest',
  'Grebe', 'Heron', 'Hoopoe', 'Ibis', 'Jackdaw', 'Kestrel', 'Kingfisher', 'Lapwing', 'Linnet', 'Magpie', 'Nuthatch',
  'Oriole', 'Osprey', 'Plover', 'Puffin', 'Redstart', 'Siskin', 'Starling', 'Swift', 'Wren',
]

/** A name for a person, such as "Quiet Heron". */
export function personName(): string {
  const mood = pick(moods)
  return `${mood[0]!.toUpperCase()}${mood.slice(1)} ${pick(birds)}`
}

/**
 * A name for a document, such as "quiet-harbour-k3v9xm". The tail makes two people's new documents different ones, and
 * hard to guess; letters, digits and hyphens only, at least ten of them, which every naming rule of the server accepts.
 */
export function documentName(): string {
  const alphabet = 'abcdefghjkmnpqrstvwxyz23456789'
  const tail = Array.from({ length: 8 }, () => alphabet[below(alphabet.length)]).join('')
  return `${pick(moods)}-${pick(places)}-${tail}`
}

/** An integer from 0 to n-1. */
export function below(n: number): number {
  const word = new Uint32Array(1)
  crypto.getRandomValues(word)
  return word[0]! % n
}

function pick(list: readonly string[]): string {
  return list[below(list.length)]!
}
