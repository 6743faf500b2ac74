// Work on text that DuckDB can't do: full case mappings, positions from the end, distances, decodings. Plain functions of strings.

export function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

export function unlatin(value: string): Uint8Array {
  return Buffer.from(value, 'latin1')
}

/** INSTR: from the left, or with a negative position from the right. */
export function inText(value: string, part: string, position: bigint, occurrence: bigint): bigint {
  if (position === 0n) throw new Error('Position must be non-zero')
  if (occurrence <= 0n) throw new Error('Occurrence must be positive')
  const letters = Array.from(value)
  const wanted = Array.from(part)
  const isAt = (start: number): boolean => wanted.every((letter, index) => letters[start + index] === letter)
  const step = position > 0n ? 1 : -1
  let left = occurrence
  for (
    let start = firstStart(letters.length, wanted.length, position);
    start >= 0 && start + wanted.length <= letters.length;
    start += step
  ) {
    if (!isAt(start)) continue
    left -= 1n
    if (left === 0n) return BigInt(start + 1)
  }
  return 0n
}

function firstStart(length: number, wanted: number, position: bigint): number {
  if (position > 0n) return position > BigInt(length + 1) ? length + 1 : Number(position) - 1
  if (position < -BigInt(length)) return -1
  return Math.min(position === -1n ? length : length + Number(position), length - wanted)
}

export function translate(value: string, from: string, to: string): string {
  const targets = Array.from(to)
  const map = new Map<string, string>()
  for (const [index, letter] of Array.from(from).entries()) {
    if (map.has(letter)) throw new Error(`Duplicate character "${letter}" in TRANSLATE source characters`)
    map.set(letter, targets[index] ?? '')
  }
  return Array.from(value)
    .map((letter) => map.get(letter) ?? letter)
    .join('')
}

export function initcap(value: string, delimiters: string): string {
  const ends = new Set(delimiters)
  let isStart = true
  let result = ''
  for (const letter of value) {
    if (ends.has(letter)) {
      isStart = true
      result += letter
      continue
    }
    result += oneLetter(letter, isStart ? letter.toUpperCase() : letter.toLowerCase())
    isStart = false
  }
  return result
}

/** Case mappings that keep one letter one. */
function oneLetter(letter: string, mapped: string): string {
  return Array.from(mapped).length === 1 ? mapped : letter
}

/** Unicode's full case folding: lower case of upper case, but for the letters where that is another one. */
export function caseFold(value: string): string {
  let result = ''
  for (const letter of value) result += foldLetter(letter, letter.codePointAt(0) ?? 0)
  return result
}

function foldLetter(letter: string, code: number): string {
  if (code === 0x131) return letter
  // Cherokee folds to its capitals.
  if (code >= 0x13a0 && code <= 0x13f5) return letter
  if ((code >= 0x13f8 && code <= 0x13fd) || (code >= 0xab70 && code <= 0xabbf)) return letter.toUpperCase()
  let folded = ''
  for (const upper of letter.toLowerCase().toUpperCase()) folded += upper.toLowerCase()
  return folded
}

export function normalize(value: string, form: string, isFolded: boolean): string {
  const once = value.normalize(form)
  return isFolded ? caseFold(once).normalize(form) : once
}

const soundexCodes: Readonly<Record<string, string>> = Object.fromEntries(
  ['BFPV', 'CGJKQSXZ', 'DT', 'L', 'MN', 'R'].flatMap((letters, index) =>
    Array.from(letters).map((letter) => [letter, String(index + 1)]),
  ),
)

/** As Google's: vowels don't part letters of one code. */
export function soundex(value: string): string {
  let result = ''
  let last = ''
  for (const letter of value.replaceAll(/[^A-Za-z]/g, '')) {
    const code = soundexCodes[letter.toUpperCase()] ?? ''
    if (result === '') result = letter
    else if (code !== '' && code !== last) result += code
    if (code !== '') last = code
    if (result.length === 4) break
  }
  return result === '' ? '' : result.padEnd(4, '0')
}

/** Levenshtein; stops counting at `most`. */
export function editDistance(left: string, right: string, most: bigint): bigint {
  if (most < 0n) throw new Error('max_distance must be non-negative')
  const one = Array.from(left)
  const other = Array.from(right)
  if (one.length * other.length > editCellsMax)
    throw new Error('EDIT_DISTANCE of texts this long is not supported locally')
  let row = other.map((_letter, index) => index + 1)
  row.unshift(0)
  for (const [index, letter] of one.entries()) {
    const next = [index + 1]
    for (const [column, wanted] of other.entries()) {
      const change = (row[column] ?? 0) + (letter === wanted ? 0 : 1)
      next.push(Math.min(change, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  const distance = BigInt(row.at(-1) ?? 0)
  return distance > most ? most : distance
}

/** A table of this many cells takes about a tenth of a second. */
const editCellsMax = 25_000_000

export function codePointsToText(points: readonly (bigint | null)[]): string | null {
  let result = ''
  for (const point of points) {
    if (point === null) return null
    if (point < 0n || point > 0x10ffffn || (point >= 0xd800n && point <= 0xdfffn))
      throw new Error(`Invalid codepoint ${point}`)
    result += String.fromCodePoint(Number(point))
  }
  return result
}

export function codePointsToBytes(points: readonly (bigint | null)[]): Uint8Array | null {
  for (const point of points) {
    if (point === null) return null
    if (point < 0n || point > 255n) throw new Error(`Invalid ASCII value ${point}`)
  }
  return Uint8Array.from(points, Number)
}

/** Every byte that isn't part of UTF-8 becomes one U+FFFD. */
export function bytesToText(bytes: Uint8Array): string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let result = ''
  let start = 0
  while (start < bytes.length) {
    const end = start + letterLength(bytes, start)
    const letter = bytes.subarray(start, end)
    if (bytes[start] !== undefined && (bytes[start] ?? 0) < 0x80) result += String.fromCharCode(bytes[start] ?? 0)
    else result += decoded(decoder, letter)
    start = result.endsWith('\ufffd') && !isReplacement(letter) ? start + 1 : end
  }
  return result
}

function decoded(decoder: InstanceType<typeof TextDecoder>, letter: Uint8Array): string {
  try {
    return decoder.decode(letter)
  } catch {
    return '\ufffd'
  }
}

function isReplacement(letter: Uint8Array): boolean {
  return letter.length === 3 && letter[0] === 0xef && letter[1] === 0xbf && letter[2] === 0xbd
}

function letterLength(bytes: Uint8Array, start: number): number {
  const first = bytes[start] ?? 0
  return first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1
}
