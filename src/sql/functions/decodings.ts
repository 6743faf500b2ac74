// Base 32, base 64 and hexadecimal texts, with BigQuery's errors.
const base32Letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

export function toBase32(bytes: Uint8Array): string {
  let result = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    bits = (bits << 8) | byte
    held += 8
    while (held >= 5) {
      held -= 5
      result += base32Letters[(bits >> held) & 31]
    }
    bits &= 0xff
  }
  if (held > 0) result += base32Letters[(bits << (5 - held)) & 31]
  return result.padEnd(Math.ceil(result.length / 8) * 8, '=')
}

export function fromBase32(value: string): Uint8Array {
  const match = /^([A-Z2-7]*)(=*)$/.exec(value)
  const body = match?.[1] ?? ''
  // Of eight letters only so many can stand before the padding.
  if (
    match === null ||
    value.length % 8 !== 0 ||
    ![0, 2, 4, 5, 7].includes(body.length % 8) ||
    (match[2] ?? '').length > 6
  ) {
    throw new Error('Failed to decode invalid base32 string')
  }
  const result: number[] = []
  let bits = 0
  let held = 0
  for (const letter of body) {
    bits = ((bits << 5) | base32Letters.indexOf(letter)) & 0xfff
    held += 5
    if (held < 8) continue
    held -= 8
    result.push((bits >> held) & 0xff)
  }
  return Uint8Array.from(result)
}

export function fromBase64(value: string): Uint8Array {
  const bare = value.replaceAll(/[ \t\n\v\f\r]/g, '')
  const match = /^[A-Za-z0-9+/]*(={0,2})$/.exec(bare)
  const padding = match?.[1]?.length ?? 0
  const letters = bare.length - padding
  const isWhole = padding === 0 ? letters % 4 !== 1 : bare.length % 4 === 0
  if (match === null || !isWhole) throw new Error('Failed to decode invalid base64 string')
  return Buffer.from(bare, 'base64')
}

export function fromHex(value: string): Uint8Array {
  const wrong = /[^0-9a-fA-F]/.exec(value)
  if (wrong !== null)
    throw new Error(`Failed to decode invalid hexadecimal string due to character at offset ${wrong.index}: ${value}`)
  return Buffer.from(value.length % 2 === 0 ? value : `0${value}`, 'hex')
}
