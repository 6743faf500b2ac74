// The first message of a connection: a wish for TLS, for a cancel, or the parameters of a session.
import { PgError, states } from '../sqlstate.ts'
import { BodyReader } from './body.ts'

export type Startup =
  | { readonly kind: 'tls' }
  | { readonly kind: 'gss' }
  | { readonly kind: 'cancel'; readonly pid: number; readonly secret: number }
  | {
      readonly kind: 'session'
      readonly minor: number
      readonly parameters: ReadonlyMap<string, string>
      /** `_pq_.…`: options of the protocol, of which we know none. */
      readonly protocolOptions: readonly string[]
    }

const tlsCode = 80_877_103
const gssCode = 80_877_104
const cancelCode = 80_877_102
/** A name and a value each; more than anybody sends. */
const parametersMax = 200

/** Error: bytes that are no first message, and protocols older or newer than 3. */
export function readStartup(body: Buffer): Startup {
  const reader = new BodyReader(body)
  const code = reader.int32()
  if (code === tlsCode) return { kind: 'tls' }
  if (code === gssCode) return { kind: 'gss' }
  if (code === cancelCode) return { kind: 'cancel', pid: reader.int32(), secret: reader.int32() }
  const major = code >>> 16
  if (major !== 3) {
    const message = `This port speaks the Postgres protocol 3, not ${major}.${code & 0xffff}`
    throw new PgError(states.protocolViolation, message, { isFatal: true })
  }
  const parameters = new Map<string, string>()
  const protocolOptions: string[] = []
  for (let name = reader.text(); name !== ''; name = reader.text()) {
    const value = reader.text()
    if (name.startsWith('_pq_.')) protocolOptions.push(name)
    else parameters.set(name, value)
    if (parameters.size + protocolOptions.length > parametersMax) {
      throw new PgError(states.protocolViolation, 'Too many startup parameters', { isFatal: true })
    }
  }
  return { kind: 'session', minor: code & 0xffff, parameters, protocolOptions }
}

/** `-c name=value --other=value`, with backslashes before spaces that belong to a value. */
export function readOptions(text: string): Map<string, string> {
  const words = text.match(/(?:\\.|[^\s\\])+/g) ?? []
  const settings = new Map<string, string>()
  for (let index = 0; index < words.length; index += 1) {
    let word = words[index] ?? ''
    if (word === '-c') {
      index += 1
      word = words[index] ?? ''
    } else if (word.startsWith('-c')) {
      word = word.slice(2)
    } else if (word.startsWith('--')) {
      word = word.slice(2)
    } else {
      throw new PgError(states.invalidParameter, `The connection option ${word} is not known here`, { isFatal: true })
    }
    const equals = word.indexOf('=')
    if (equals > 0)
      settings.set(word.slice(0, equals).replaceAll('-', '_'), word.slice(equals + 1).replace(/\\(.)/g, '$1'))
  }
  return settings
}
