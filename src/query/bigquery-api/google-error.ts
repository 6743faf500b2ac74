// Failures in Google's shape: clients choose by `reason` whether they try again, and some read the words of `message`.
import { type ErrorCode, MillpondError } from '../../core/errors.ts'

/** The reasons that clients of BigQuery know, with the status that goes with each. */
const statusOf = {
  required: 401,
  authError: 401,
  accessDenied: 403,
  quotaExceeded: 403,
  rateLimitExceeded: 403,
  responseTooLarge: 403,
  notFound: 404,
  duplicate: 409,
  conditionNotMet: 412,
  invalid: 400,
  invalidQuery: 400,
  resourceInUse: 400,
  resourcesExceeded: 400,
  bytesBilledLimitExceeded: 400,
  stopped: 400,
  timeout: 400,
  notImplemented: 501,
  uploadTooLarge: 413,
  backendError: 503,
  internalError: 500,
} as const

export type Reason = keyof typeof statusOf

const statusNames: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
  412: 'FAILED_PRECONDITION',
  413: 'INVALID_ARGUMENT',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
}

/** What an API call is answered with when it fails, and what stands in a failed job's status. */
export class GoogleError extends Error {
  override name = 'GoogleError'
  readonly reason: Reason
  /** What is wrong: a parameter's name, `query`, `Authorization`. */
  readonly location: string | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(
    reason: Reason,
    message: string,
    options: { location?: string | undefined; cause?: unknown; retryAfterSeconds?: number | undefined } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.reason = reason
    this.location = options.location
    this.retryAfterSeconds = options.retryAfterSeconds
  }

  get status(): number {
    return statusOf[this.reason]
  }
}

export function invalid(message: string, location?: string): GoogleError {
  return new GoogleError('invalid', message, { location })
}

/** For what BigQuery can do and Millpond can't: named, with a way out where there is one. */
export function unsupported(what: string): GoogleError {
  return new GoogleError('invalid', `Unsupported by Millpond: ${what}`)
}

/** `what`: Table p:d.t, Dataset p:d, Job p:j. */
export function notFound(what: string): GoogleError {
  return new GoogleError('notFound', `Not found: ${what}`)
}

export function alreadyExists(what: string): GoogleError {
  return new GoogleError('duplicate', `Already Exists: ${what}`)
}

const bugMessage = 'Something failed inside Millpond; its log has the details.'

const reasons: Partial<Record<ErrorCode, Reason>> = {
  'query-invalid': 'invalidQuery',
  'query-unsupported': 'invalidQuery',
  'query-refused': 'accessDenied',
  'made-unwritable': 'accessDenied',
  'not-allowed': 'accessDenied',
  'query-cancelled': 'stopped',
  'queries-waiting': 'rateLimitExceeded',
  'job-exists': 'duplicate',
  'table-exists': 'duplicate',
  'not-found': 'notFound',
  'table-unknown': 'notFound',
  'column-unknown': 'notFound',
  'token-missing': 'required',
  'token-invalid': 'authError',
  bug: 'internalError',
}

/** The compiler says what is wrong with a text; clients look for Google's words for a table that isn't there. */
const unknownTable = /^Table not found: /

function reasonOf({ code, kind, message }: MillpondError): Reason {
  if (code === 'query-invalid' && unknownTable.test(message)) return 'notFound'
  if (code === 'query-limit') return limitReason(message)
  if (code === 'query-too-expensive')
    return /quota|a day|today/i.test(message) ? 'quotaExceeded' : 'bytesBilledLimitExceeded'
  return reasons[code] ?? (kind === 'retry' ? 'backendError' : 'invalid')
}

function limitReason(message: string): Reason {
  if (/longer than/.test(message)) return 'timeout'
  return /rows|MiB|larger/.test(message) ? 'responseTooLarge' : 'resourcesExceeded'
}

export function googleErrorOf(error: unknown): GoogleError {
  if (error instanceof GoogleError) return error
  if (error instanceof MillpondError) {
    const reason = reasonOf(error)
    const message = reason === 'internalError' ? bugMessage : error.message.replace(unknownTable, 'Not found: Table ')
    const location = reason === 'invalidQuery' ? 'query' : undefined
    return new GoogleError(reason, message, { cause: error, location, retryAfterSeconds: error.retryAfterSeconds })
  }
  return new GoogleError('internalError', bugMessage, { cause: error })
}

export interface ErrorProto {
  readonly reason: Reason
  readonly message: string
  readonly domain?: string
  readonly location?: string
  readonly locationType?: string
}

/** As it stands in the status of a job. */
export function errorProto({ reason, message, location }: GoogleError): ErrorProto {
  return { reason, message, ...(location === undefined ? {} : { location }) }
}

export interface ErrorBody {
  readonly error: {
    readonly code: number
    readonly message: string
    readonly errors: readonly ErrorProto[]
    readonly status: string
  }
}

export function errorBody(error: GoogleError): ErrorBody {
  const { status, message, reason, location } = error
  const place =
    location === undefined
      ? {}
      : { location, locationType: location === 'Authorization' || location === 'If-Match' ? 'header' : 'parameter' }
  return {
    error: {
      code: status,
      message,
      errors: [{ message, domain: 'global', reason, ...place }],
      status: statusNames[status] ?? 'UNKNOWN',
    },
  }
}
