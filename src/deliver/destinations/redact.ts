// What the ledger may keep of a payload: its shape and what isn't about a person. Secrets of the settings never get there, whatever
// an answer echoes.
import type { DestinationSettings, DestinationType } from './destination.ts'

const personal =
  /e-?mail|phone|mobile|first_?name|last_?name|full_?name|^\$name$|birth|address|street|zip|postal|^\$?ip$|passw|secret|token|card|iban|ssn|user_agent|^(?:em|ph|fn|ln|db|ct|st|zp|ge)$/i
const redacted = '[redacted]'
const textLengthMax = 8 * 1024
/** Shorter ones would blank out half of every text. */
const secretLengthMin = 4
/** Of `Bearer abc…` the second word is the secret as well. */
const wordLengthMin = 8

export type Redact = (text: string) => string

/** Of plain text: reasons and answers. Those are cut off somewhere: a secret's beginning at the end goes, too. */
export function secretsRemover(type: DestinationType, settings: DestinationSettings): Redact {
  const forms = type.settings
    .filter(({ isSecret }) => isSecret)
    .map(({ name }) => settings[name] ?? '')
    .flatMap((value) => [value, ...wordsOf(value)])
    .filter((value) => value.length >= secretLengthMin)
    .flatMap(formsOf)
  // One may be a part of another.
  const longestFirst = [...new Set(forms)].sort((a, b) => b.length - a.length)
  return (text) => {
    const rest = longestFirst.reduce((left, form) => left.replaceAll(form, redacted), text)
    const cut = Math.max(0, ...longestFirst.map((form) => beginningAtEnd(rest, form)))
    return cut === 0 ? rest : `${rest.slice(0, -cut)}${redacted}`
  }
}

function wordsOf(secret: string): string[] {
  const words = secret.includes(' ') ? secret.split(/\s+/) : []
  return [...words, secret.replace(/^whsec_/, '')].filter((word) => word.length >= wordLengthMin)
}

/** As it may stand in what somebody writes: as it is, in an address, in JSON, in base64. */
function formsOf(secret: string): string[] {
  const plain = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]
  const bytes = Buffer.from(secret)
  // Other text may stand before it, as in `Basic`: how many bytes, modulo 3, decides about all letters.
  const inBase64 = [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    // Letters at both ends are shared with the neighbours.
    const own = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')]
  })
  return [...plain, ...inBase64.filter((form) => form.length >= secretLengthMin)]
}

/** So many letters at the end of the text are the form's first ones; too few say nothing. */
function beginningAtEnd(text: string, form: string): number {
  for (let length = Math.min(form.length - 1, text.length); length >= secretLengthMin; length--) {
    if (text.endsWith(form.slice(0, length))) return length
  }
  return 0
}

/** An item as it is sent, still JSON: a number may look like a secret, and stays. */
export function itemWithoutSecrets(text: string, removeSecrets: Redact): string {
  if (removeSecrets(text) === text) return text
  const clean = (part: unknown): unknown => {
    if (typeof part === 'string') return removeSecrets(part)
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
    return Object.fromEntries(Object.entries(part).map(([key, value]) => [removeSecrets(key), value as unknown]))
  }
  return JSON.stringify(JSON.parse(text, (_key, part: unknown) => clean(part)))
}

/** Of one item as it was sent, what may be kept. */
export function redactPayload(text: string, removeSecrets: Redact): unknown {
  if (text.length > textLengthMax) return { redacted: `${text.length} characters` }
  return JSON.parse(itemWithoutSecrets(text, removeSecrets), (key, part: unknown) =>
    key !== '' && personal.test(key) && part !== null && part !== '' ? redacted : part,
  )
}
