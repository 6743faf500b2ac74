// What DuckDB says when it fails, told in our codes. Its messages are good and go through; paths of ours never do.
import { messageOf, MillpondError } from '../../core/errors.ts'

/** The plan or the query is innocent: disk, memory, or the engine itself. */
const infrastructure =
  /^(?:IO|Out of Memory|FATAL|INTERNAL|Permission|INTERRUPT)\b|has been invalidated|No space left|Could not (?:write|read|sync)|failed to (?:offload|allocate)/i

/** After this the attached file refuses everything until it is opened again. */
export function isFatal(error: unknown): boolean {
  return /has been invalidated|FATAL Error/i.test(messageOf(error))
}

/** A query still reads what was there before tables changed their shape; a later checkpoint will do. */
export function isHeldUp(error: unknown): boolean {
  return messageOf(error).includes('there are other write transactions active')
}

export function loadFailure(error: unknown, folder: string): MillpondError {
  const isBug = error instanceof MillpondError && error.code === 'bug'
  if (error instanceof MillpondError && !isBug) return error
  const message = cleanMessage(error, folder)
  // A bug of ours must not be hunted for among innocent events.
  return isBug || infrastructure.test(message)
    ? new MillpondError('warehouse-unavailable', `The warehouse can't take a load: ${message}`, { cause: error })
    : new MillpondError('load-refused', `The warehouse refused a load: ${message}`, { cause: error })
}

/** Work between loads: what it was asked may be wrong (our own codes), else the warehouse can't. */
export function maintenanceFailure(error: unknown, folder: string): MillpondError {
  if (error instanceof MillpondError && error.code !== 'bug') return error
  const message = `The warehouse can't do this now, and nothing was changed: ${cleanMessage(error, folder)}`
  return new MillpondError('warehouse-unavailable', message, { cause: error })
}

export function queryFailure(error: unknown, folder: string): MillpondError {
  if (error instanceof MillpondError) return error
  const message = cleanMessage(error, folder)
  if (/^INTERRUPT|^Interrupt/.test(message)) return new MillpondError('query-cancelled', 'The query was cancelled')
  if (message.startsWith('Out of Memory')) {
    return new MillpondError('query-limit', 'The query needs more memory than one query may use: ask for less at once')
  }
  if (isFatal(error)) return new MillpondError('warehouse-unavailable', 'The warehouse must be opened again')
  if (/^Permission Error|external file|disabled by configuration|LocalFileSystem/i.test(message)) {
    return new MillpondError('query-refused', 'A query reads tables of the warehouse only: no files, no network')
  }
  return new MillpondError('query-invalid', message)
}

/** One engine's message without stack traces and without where our files lie. */
export function cleanMessage(error: unknown, folder: string): string {
  const [message = ''] = messageOf(error).split('\n\nStack Trace')
  return message.replaceAll(folder, '').trim()
}

/** A transaction that may only read met a statement that writes. */
export function isReadOnlyRefusal(error: unknown): boolean {
  return messageOf(error).includes('launched in read-only mode')
}

/** Of compiled statements. What our own helpers raise, in BigQuery's words, goes out without the engine's head before it. */
export function sessionFailure(error: unknown, folder: string): MillpondError {
  if (error instanceof MillpondError) return error
  const told = withoutStatement(messageOf(error))
  const message = cleanMessage(new Error(told), folder)
  if (isReadOnlyRefusal(error)) {
    return new MillpondError('made-unwritable', 'This transaction is read-only')
  }
  if (message.includes('a single transaction can only write to a single attached database')) {
    return new MillpondError('made-unwritable', 'Only tables of datasets that people made can be written')
  }
  if (message.startsWith('Invalid Input Error: ')) {
    return new MillpondError('query-invalid', message.slice('Invalid Input Error: '.length))
  }
  return queryFailure(new Error(told, { cause: error }), folder)
}

/** In compiled statements stand conditions of row filters, with somebody's attributes: nothing of their text goes out. */
function withoutStatement(message: string): string {
  const [told = ''] = message.split(/\n\s*LINE \d+: /)
  return told.includes('mp_all')
    ? 'Binder Error: The query can not be run; the message would show conditions of row filters'
    : told
}
