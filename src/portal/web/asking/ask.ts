// One way to ask the public API. A session that ended reloads the page, which is then the login page.
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: string
  readonly status: number

  constructor(code: string, message: string, status: number) {
    super(message)
    this.code = code
    this.status = status
  }
}

/** Error: ApiError, also when nobody answers. An abort throws the browser's AbortError. */
export async function askRaw(path: string, init: RequestInit & { json?: unknown } = {}): Promise<Response> {
  const { json, ...rest } = init
  const asked =
    json === undefined
      ? rest
      : { method: 'POST', ...rest, headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) }
  const response = await fetch(path, asked).catch((error: unknown) => {
    if (isAbort(error)) throw error
    throw new ApiError('unreachable', 'Millpond did not answer. Is it running?', 0)
  })
  if (response.ok) return response
  const error = await errorOf(response)
  // A wrong password is no session that ended.
  if (error.status === 401 && error.code !== 'login-failed') location.reload()
  throw error
}

export async function ask<Answer>(path: string, init: RequestInit & { json?: unknown } = {}): Promise<Answer> {
  const response = await askRaw(path, init)
  return (response.status === 204 ? undefined : await response.json()) as Answer
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError'
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text()
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string } }
    return new ApiError(error.code, error.message, response.status)
  } catch {
    return new ApiError('unreadable', `Millpond answered ${response.status}.`, response.status)
  }
}
