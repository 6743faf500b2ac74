// What the ledger may keep of a payload: its shape and what isn't about a person. Secrets of the settings never get there, whatever
// an answer echoes.
import type { DestinationSettings, DestinationType } from './destination.ts'

const personal =
  /e-?mail|phone|mobile|first_?name|last_?name|full_?name|^\$name$|birth|address|street|zip|postal|^\$?ip$|passw|secret|token|card|iban|ssn|user_agent|^(?:em|ph|fn|ln|db|ct|st|zp|ge)$/i
const redacted = '[redacted]'
const textLengthMax = 8 * 1024
/** Shorter ones would blank out half of every text. */
const secretLengthMin = 4

export type Redact = (text: string) => string

/** Of plain text: reasons and answers. */
export function secretsRemover(type: DestinationType, settings: DestinationSettings): Redact {
  const secrets = type.settings
    .filter(({ isSecret }) => isSecret)
    .map(({ name }) => settings[name] ?? '')
    .filter((value) => value.length >= secretLengthMin)
    .flatMap((value) => [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)])
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, redacted), text)
}

/** Of one item as it was sent. */
export function redactPayload(text: string): unknown {
  if (text.length > textLengthMax) return { redacted: `${text.length} characters` }
  return JSON.parse(text, (key, part: unknown) =>
    key !== '' && personal.test(key) && part !== null && part !== '' ? redacted : part,
  )
}
