// The command line's way into a running Millpond: HTTP over run/admin.sock.
import { errorTable, type ErrorCode, MillpondError, messageOf } from '../core/errors.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

export interface AdminClient {
  /** The answer's JSON. Rejects with the error that the engine names, or engine-unavailable. */
  call(method: Method, path: string, body?: unknown): Promise<unknown>
  /** The answer's lines, one JSON value each, as they come. Ending the loop ends the work behind it. */
  lines(method: Method, path: string, body?: unknown): AsyncGenerator<unknown>
  /** The answer's bytes, as they come. */
  bytes(method: Method, path: string, body?: unknown): AsyncGenerator<Uint8Array>
  close(): Promise<void>
}

export async function createAdminClient(socketPath: string): Promise<AdminClient> {
  // Loaded here: half of all commands never talk to anybody, and undici takes longer to load than they to run.
  const { Agent, request } = await import('undici')
  // No timeouts: a query may wait for its turn, and whoever waits for it can press Ctrl-C.
  const agent = new Agent({ connect: { socketPath }, headersTimeout: 0, bodyTimeout: 0 })

  async function send(method: Method, path: string, body: unknown, signal: AbortSignal | null = null) {
    const response = await request(`http://millpond${path}`, {
      dispatcher: agent,
      method,
      signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    }).catch((error: unknown) => {
      throw gone(error)
    })
    if (response.statusCode >= 400) throw errorFrom(parse(await response.body.text()), response.statusCode)
    return response
  }

  return {
    async call(method, path, body) {
      const response = await send(method, path, body)
      const text = await response.body.text()
      return text === '' ? undefined : parse(text)
    },
    async *lines(method, path, body) {
      const abort = new AbortController()
      const response = await send(method, path, body, abort.signal)
      try {
        yield* parseLines(response.body)
      } catch (error) {
        throw error instanceof MillpondError ? error : gone(error)
      } finally {
        abort.abort()
      }
    },
    async *bytes(method, path, body) {
      const abort = new AbortController()
      const response = await send(method, path, body, abort.signal)
      try {
        yield* response.body
      } catch (error) {
        throw gone(error)
      } finally {
        abort.abort()
      }
    },
    async close() {
      await agent.destroy()
    },
  }
}

/** One JSON value a line; a last line without newline counts too. */
export async function* parseLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') yield parse(line)
  }
  rest += decoder.decode()
  if (rest.trim() !== '') yield parse(rest)
}

/** The error in `{"error":{"code","message"}}`; anything else is a bug of the other side. */
export function errorFrom(answer: unknown, status?: number): MillpondError {
  const { error } = (answer ?? {}) as { error?: { code?: unknown; message?: unknown } }
  if (typeof error?.code === 'string' && typeof error.message === 'string' && isErrorCode(error.code)) {
    return new MillpondError(error.code, error.message)
  }
  if (status === 503) return new MillpondError('engine-unavailable', 'The engine is not answering at the moment')
  return new MillpondError(
    'bug',
    `unexpected answer${status === undefined ? '' : ` with status ${status}`} from the engine`,
  )
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code)
}

function gone(error: unknown): MillpondError {
  return new MillpondError('engine-unavailable', `The engine went away during the command (${messageOf(error)})`, {
    cause: error,
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new MillpondError('bug', `the engine answered with something that is not JSON: ${text.slice(0, 100)}`, {
      cause: error,
    })
  }
}
