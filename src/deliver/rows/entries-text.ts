// Forward entries as a person reads them: JSON, one `[time, record]` after the other, joined by commas.
import { MsgpackInvalid, msgpackDepthMax, skipValue } from '../../core/msgpack.ts'
import { stringifyExact } from '../screen/parse.ts'
import { MsgpackDecoder } from './decode.ts'

/** `base64` may be cut: whole values are shown, and if there is none the base64 itself. */
export function entriesText(base64: string, lengthMax: number): string {
  const bytes = Buffer.from(base64, 'base64')
  // More keys than letters can't be shown: reading stops there, and what was read is cut below.
  const decoder = new MsgpackDecoder({ eventDepthMax: msgpackDepthMax, eventKeysMax: lengthMax })
  decoder.open(bytes)
  let text = ''
  try {
    for (let at = 0; at < bytes.length && text.length < lengthMax;) {
      const end = skipValue(bytes, at, bytes.length)
      if (end === -1) break
      decoder.begin(at)
      text += `${text === '' ? '' : ','}${stringifyExact(decoder.read(0))}`
      at = end
    }
  } catch (error) {
    if (!(error instanceof MsgpackInvalid)) throw error
  }
  return (text === '' ? base64 : text).slice(0, lengthMax).toWellFormed()
}
