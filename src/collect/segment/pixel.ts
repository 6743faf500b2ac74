// Events in the address of a picture, for mails and pages without scripts: /v1/pixel/track?data=<base64 of JSON>.
import { queryOf } from './routes.ts'

/** The JSON bytes of `data`; undefined if there is none. Base64 of both alphabets, percent-encoded or not. */
export function pixelBody(url: string): Buffer | undefined {
  // URLSearchParams reads + as a space, and base64 has no spaces.
  const data = new URLSearchParams(queryOf(url)).get('data')?.replaceAll(' ', '+')
  if (data === undefined || data === '') return undefined
  // Buffer reads both alphabets; some senders put plain JSON there.
  return data.startsWith('{') ? Buffer.from(data) : Buffer.from(data, 'base64')
}
