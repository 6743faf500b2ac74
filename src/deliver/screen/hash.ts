// Hashes of ids and contents. They stand in verdict files, so they must never change. Not cryptographic: a collision
// needs both hashes of one event to meet those of another one of the same id space (96 bits together).

const textSeed = 0x9e3779b9 | 0

/** Spreads every input bit over the word (the finaliser of MurmurHash3). */
export function mix(word: number): number {
  let h = word
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** Joins two words; order matters. */
export function join(left: number, right: number): number {
  return mix(Math.imul(left, 31) + right + 0x165667b1)
}

/** 32 bits of a text, by UTF-16 unit. */
export function hashText(text: string): number {
  let h = textSeed ^ text.length
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) + (h >>> 15)
  return h | 0
}

/** 32 bits of a double; every number has one (JSON knows no NaN, and -0 is 0). `scratch`: 8 bytes of the caller's. */
export function hashNumber(value: number, scratch: DataView): number {
  if ((value | 0) === value) return Math.imul(value, 0x27d4eb2f) ^ 0x3c6ef372
  scratch.setFloat64(0, value)
  return join(scratch.getInt32(0), scratch.getInt32(4))
}

/** 64 bits of (source, id), left in two fields to spare an allocation per event. */
export class IdHash {
  low = 0
  high = 0

  compute(source: string, id: string): void {
    let a = 0x243f6a88 ^ id.length
    let b = 0x85a308d3 | 0
    for (let i = 0; i < source.length; i++) {
      const c = source.charCodeAt(i)
      a = Math.imul(a ^ c, 0x9e3779b1)
      b = Math.imul(b ^ c, 0x85ebca77)
      b ^= b >>> 15
    }
    a = mix(a)
    b = mix(b)
    for (let i = 0; i < id.length; i++) {
      const c = id.charCodeAt(i)
      a = Math.imul(a ^ c, 0x9e3779b1)
      a ^= a >>> 15
      b = Math.imul(b ^ c, 0x85ebca77)
      b ^= b >>> 13
    }
    this.low = mix(a ^ (b >>> 16)) >>> 0
    this.high = mix(b ^ Math.imul(a, 0x2545f491)) >>> 0
  }
}
