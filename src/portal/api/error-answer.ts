// What a caller is told when something fails: our own errors with their code, and of our bugs only that there was one.
import { MillpondError, messageOf } from '../../core/errors.ts'

const bugMessage = 'Something failed inside Millpond; the log has the details.'

export function errorBody(code: string, message: string): { error: { code: string; message: string } } {
  return { error: { code, message } }
}

export interface ErrorAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: ReturnType<typeof errorBody>
}

export function errorAnswer(error: unknown): ErrorAnswer {
  if (error instanceof MillpondError) {
    const headers: Record<string, string> = {}
    if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds)
    const message = error.kind === 'bug' ? bugMessage : error.message
    return { status: error.status, headers, body: errorBody(error.code, message) }
  }
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : 500
  if (status >= 400 && status < 500)
    return { status, headers: {}, body: errorBody('request-invalid', messageOf(error)) }
  return { status: 500, headers: {}, body: errorBody('bug', bugMessage) }
}
