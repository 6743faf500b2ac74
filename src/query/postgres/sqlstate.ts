// What can go wrong on this port, with Postgres' five-letter codes: clients decide by them, people read the message.
import { MillpondError } from '../../core/errors.ts'

export interface PgErrorOptions {
  readonly detail?: string
  readonly hint?: string
  /** Offset in the client's text, in UTF-16 units. */
  readonly offset?: number
  /** The connection ends with it. */
  readonly isFatal?: boolean
  readonly cause?: unknown
}

export class PgError extends Error {
  override name = 'PgError'
  readonly state: string
  readonly detail: string | undefined
  readonly hint: string | undefined
  readonly offset: number | undefined
  readonly isFatal: boolean

  constructor(state: string, message: string, options: PgErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.state = state
    this.detail = options.detail
    this.hint = options.hint
    this.offset = options.offset
    this.isFatal = options.isFatal ?? false
  }
}

export const states = {
  connectionException: '08000',
  protocolViolation: '08P01',
  unsupported: '0A000',
  invalidPassword: '28P01',
  invalidParameter: '22023',
  invalidText: '22P02',
  invalidBinary: '22P03',
  outOfRange: '22003',
  divisionByZero: '22012',
  badCopyFile: '22P04',
  readOnlyTransaction: '25006',
  failedTransaction: '25P02',
  activeTransaction: '25001',
  noTransaction: '25P01',
  invalidSavepoint: '3B001',
  invalidStatementName: '26000',
  invalidCursorName: '34000',
  invalidDatabase: '3D000',
  invalidSchema: '3F000',
  syntax: '42601',
  forbidden: '42501',
  unknownTable: '42P01',
  unknownColumn: '42703',
  unknownFunction: '42883',
  unknownObject: '42704',
  ambiguousAlias: '42P09',
  duplicateTable: '42P07',
  duplicateStatement: '42P05',
  duplicateCursor: '42P03',
  cannotCoerce: '42846',
  resources: '53000',
  outOfMemory: '53200',
  tooManyConnections: '53300',
  limit: '54000',
  cancelled: '57014',
  shutdown: '57P01',
  cannotConnectNow: '57P03',
  idleTimeout: '57P05',
  idleInTransaction: '25P03',
  internal: 'XX000',
} as const

/** The engine names what it means in the first words of its message. */
const engineStates: readonly (readonly [RegExp, string])[] = [
  [/^Parser Error|^syntax error/i, states.syntax],
  [/(?:Table|View)(?: Function)? with name .* does not exist/, states.unknownTable],
  [/(?:Function|Macro).* does not exist|No function matches/, states.unknownFunction],
  [/Schema with name .* does not exist|schema .* does not exist/i, states.invalidSchema],
  [/Type with name .* does not exist/, states.unknownObject],
  [/^Binder Error.*(?:column|Referenced table)/is, states.unknownColumn],
  [/Ambiguous reference/, '42702'],
  [/already exists/, states.duplicateTable],
  [/^Catalog Error/, states.unknownTable],
  [/division by zero|divide by zero/i, states.divisionByZero],
  [/^Out of Range|overflow|out of range/i, states.outOfRange],
  [/^Conversion Error/, states.invalidText],
  [/^Constraint Error/, '23000'],
  [/^Invalid Input|^Invalid /, states.invalidParameter],
  [/^Not implemented/i, states.unsupported],
  [/read-only/, states.readOnlyTransaction],
  [/^TransactionContext|^Transaction/, '25000'],
]

const codeStates: Partial<Record<MillpondError['code'], string>> = {
  'query-refused': states.forbidden,
  'not-allowed': states.forbidden,
  'made-unwritable': states.forbidden,
  'query-cancelled': states.cancelled,
  'query-limit': states.limit,
  'query-too-expensive': states.limit,
  'query-unsupported': states.unsupported,
  'queries-waiting': states.resources,
  'table-unknown': states.unknownTable,
  'not-found': states.unknownTable,
  'column-unknown': states.unknownColumn,
  'table-exists': states.duplicateTable,
  'warehouse-unavailable': states.cannotConnectNow,
  'engine-unavailable': states.cannotConnectNow,
  'query-invalid': states.syntax,
}

/** Anything thrown -> what the client is told. What isn't meant for callers keeps its words to itself. */
export function pgErrorOf(error: unknown): PgError {
  if (error instanceof PgError) return error
  if (!(error instanceof MillpondError)) {
    return new PgError(states.internal, 'Something went wrong here; it is in the log', { cause: error })
  }
  if (error.kind === 'bug') return new PgError(states.internal, error.message, { cause: error })
  const state =
    error.code === 'query-invalid' ? engineState(error.message) : (codeStates[error.code] ?? states.internal)
  return new PgError(state, error.message, { cause: error })
}

function engineState(message: string): string {
  return engineStates.find(([pattern]) => pattern.test(message))?.[1] ?? '42000'
}

export function isOurs(error: unknown): boolean {
  return error instanceof PgError || error instanceof MillpondError
}
