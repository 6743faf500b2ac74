// Bodies of API calls: JSON, gzip or not, bounded before and after decompression, and in depth.
import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'

import { isNestedDeeperThan } from '../../core/json-text.ts'
import { GoogleError, invalid } from './google-error.ts'

const gunzipAll = promisify(gunzip)
const inflateAll = promisify(inflate)

/** BigQuery's own bound of one insertAll call is 10 MB; gzip and base64 of it stay well below. */
export const bodyBytesMax = 32 * 1024 * 1024
const depthMax = 200

export type JsonObject = Readonly<Record<string, unknown>>

export function tooLarge(): GoogleError {
  return new GoogleError('uploadTooLarge', `The request is larger than ${bodyBytesMax / 1024 / 1024} MiB.`)
}

/** Errors: uploadTooLarge, invalid. Too much is read to its end without being kept, so that the answer arrives. */
export async function readBytes(request: IncomingMessage, bytesMax: number = bodyBytesMax): Promise<Buffer> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request) {
    bytes += (part as Buffer).length
    if (bytes <= bytesMax) parts.push(part as Buffer)
    else if (bytes > 4 * bytesMax) break
  }
  if (bytes > bytesMax) throw tooLarge()
  return decompressed(Buffer.concat(parts), request.headers['content-encoding'], bytesMax)
}

async function decompressed(bytes: Buffer, encoding: string | undefined, maxOutputLength: number): Promise<Buffer> {
  if (encoding === undefined || encoding === '' || encoding === 'identity') return bytes
  try {
    if (encoding === 'gzip' || encoding === 'x-gzip') return await gunzipAll(bytes, { maxOutputLength })
    if (encoding === 'deflate') return await inflateAll(bytes, { maxOutputLength })
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge()
    throw invalid(`The body is not ${encoding}.`)
  }
  throw invalid(`Content-Encoding ${encoding.slice(0, 40)} is not known; use gzip.`)
}

/** An absent body is an empty object. Error: invalid. */
export function parseJson(bytes: Uint8Array): JsonObject {
  const text = new TextDecoder('utf-8').decode(bytes)
  if (text.trim() === '') return {}
  if (isNestedDeeperThan(text, depthMax)) throw invalid(`The body nests deeper than ${depthMax} levels.`)
  let value: unknown
  try {
    value = JSON.parse(text, keepDigits)
  } catch {
    // Without the bytes that a message of the parser quotes.
    throw invalid('Invalid JSON payload received.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('Invalid JSON payload received. The body must be an object.')
  return value as JsonObject
}

/** What `lib` doesn't know yet. */
const exactJson = JSON as unknown as { rawJSON(source: string): object }

/** Digits that no double holds stay what was written: INT64 and NUMERIC values come as numbers, too. */
function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined || Number.isSafeInteger(value)) return value
  const { source } = context
  return source === String(value) || !/^-?\d+(?:\.\d+)?$/.test(source) ? value : new ExactNumber(source)
}

/** A number of JSON by its digits. */
export class ExactNumber {
  readonly digits: string

  constructor(digits: string) {
    this.digits = digits
  }

  toString(): string {
    return this.digits
  }

  toJSON(): unknown {
    return exactJson.rawJSON(this.digits)
  }
}
