// One table of everything that can go wrong and is told to somebody. docs/errors.md explains each code; a test compares.

/** user: the caller can mend it. retry: the same call may work later. bug: ours, never the caller's. */
export type ErrorKind = 'user' | 'retry' | 'bug'

interface ErrorSpec {
  readonly kind: ErrorKind
  /** HTTP status when the error reaches an HTTP caller. */
  readonly status: number
}

export const errorTable = {
  // collect
  'body-unreadable': { kind: 'user', status: 400 },
  'body-too-large': { kind: 'user', status: 400 },
  'write-key-missing': { kind: 'user', status: 401 },
  'write-key-unknown': { kind: 'user', status: 401 },
  'rate-limited': { kind: 'retry', status: 429 },
  'intake-busy': { kind: 'retry', status: 503 },
  'method-not-allowed': { kind: 'user', status: 405 },
  // buffer
  'buffer-full': { kind: 'retry', status: 503 },
  'disk-full': { kind: 'retry', status: 503 },
  'buffer-write-failed': { kind: 'retry', status: 503 },
  'buffer-closed': { kind: 'retry', status: 503 },
  // engine, portal, query
  'engine-unavailable': { kind: 'retry', status: 503 },
  'upgrade-unsupported': { kind: 'user', status: 426 },
  'token-missing': { kind: 'user', status: 401 },
  'token-invalid': { kind: 'user', status: 401 },
  'not-allowed': { kind: 'user', status: 403 },
  'not-found': { kind: 'user', status: 404 },
  'portal-not-built': { kind: 'user', status: 503 },
  'request-invalid': { kind: 'user', status: 400 },
  'query-invalid': { kind: 'user', status: 400 },
  'query-refused': { kind: 'user', status: 403 },
  'query-cancelled': { kind: 'user', status: 409 },
  'query-limit': { kind: 'user', status: 400 },
  'query-unsupported': { kind: 'user', status: 400 },
  'query-too-expensive': { kind: 'user', status: 400 },
  'job-exists': { kind: 'user', status: 409 },
  'made-unwritable': { kind: 'user', status: 403 },
  'table-unknown': { kind: 'user', status: 404 },
  'table-exists': { kind: 'user', status: 409 },
  'queries-waiting': { kind: 'retry', status: 429 },
  // saved queries, cohorts, dashboards, alerts and schedules
  'cohort-exists': { kind: 'user', status: 409 },
  'cohort-used': { kind: 'user', status: 409 },
  'query-exists': { kind: 'user', status: 409 },
  'dashboard-exists': { kind: 'user', status: 409 },
  'dashboard-changed': { kind: 'user', status: 409 },
  'embed-refused': { kind: 'user', status: 403 },
  'alert-exists': { kind: 'user', status: 409 },
  'report-exists': { kind: 'user', status: 409 },
  'alert-invalid': { kind: 'user', status: 400 },
  'route-in-use': { kind: 'user', status: 409 },
  'schedule-exists': { kind: 'user', status: 409 },
  'schedule-invalid': { kind: 'user', status: 400 },
  'schedule-missed': { kind: 'user', status: 409 },
  'data-test-failed': { kind: 'user', status: 400 },
  // warehouse
  'load-refused': { kind: 'user', status: 500 },
  'warehouse-unavailable': { kind: 'retry', status: 503 },
  'warehouse-unreadable': { kind: 'user', status: 500 },
  // objects and media
  'object-damaged': { kind: 'user', status: 400 },
  'object-unreadable': { kind: 'retry', status: 503 },
  'object-name-invalid': { kind: 'user', status: 400 },
  'asset-invalid': { kind: 'user', status: 400 },
  'asset-too-large': { kind: 'user', status: 413 },
  'asset-exists': { kind: 'user', status: 409 },
  'write-key-off': { kind: 'retry', status: 503 },
  // maintenance
  'maintenance-running': { kind: 'retry', status: 409 },
  'rebuild-differs': { kind: 'user', status: 409 },
  'column-unknown': { kind: 'user', status: 404 },
  'retype-refused': { kind: 'user', status: 400 },
  'backup-invalid': { kind: 'user', status: 400 },
  'import-unreadable': { kind: 'user', status: 400 },
  // control
  'destination-exists': { kind: 'user', status: 409 },
  'source-exists': { kind: 'user', status: 409 },
  'source-name-invalid': { kind: 'user', status: 400 },
  'source-unknown': { kind: 'user', status: 404 },
  'token-unknown': { kind: 'user', status: 404 },
  'principal-exists': { kind: 'user', status: 409 },
  'principal-unknown': { kind: 'user', status: 404 },
  'grant-invalid': { kind: 'user', status: 400 },
  // people who sign in
  'login-failed': { kind: 'user', status: 401 },
  'invitation-invalid': { kind: 'user', status: 404 },
  'password-refused': { kind: 'user', status: 400 },
  // start
  'setting-invalid': { kind: 'user', status: 500 },
  'data-locked': { kind: 'user', status: 500 },
  'not-running': { kind: 'user', status: 500 },
  'port-taken': { kind: 'user', status: 500 },
  bug: { kind: 'bug', status: 500 },
} as const satisfies Record<string, ErrorSpec>

export type ErrorCode = keyof typeof errorTable

export interface ErrorOptions {
  cause?: unknown
  /** Whole seconds after which trying again makes sense (`Retry-After`). */
  retryAfterSeconds?: number
}

export class MillpondError extends Error {
  override name = 'MillpondError'
  readonly code: ErrorCode
  readonly retryAfterSeconds: number | undefined

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryAfterSeconds = options.retryAfterSeconds
  }

  get kind(): ErrorKind {
    return errorTable[this.code].kind
  }

  get status(): number {
    return errorTable[this.code].status
  }
}

/** For programmer errors and file-format invariants; never for bad input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new MillpondError('bug', `BUG: ${message}`)
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
