// A small road over a real DuckDB in memory: the contract of query/contract.ts without policies, limits and history. What the port
// asks of it runs as it is.
import { type DuckDBConnection, DuckDBInstance, DuckDBTypeId } from '@duckdb/node-api'

import type { Principal } from '../../../src/control/principals.ts'
import { messageOf, MillpondError } from '../../../src/core/errors.ts'
import type {
  Job,
  JobInfo,
  JobStatistics,
  QueryRequest,
  QueryRoad,
  QuerySession,
  StatementType,
  VisibleTable,
} from '../../../src/query/contract.ts'
import { fillInlineTable } from '../../../src/warehouse/duckdb/inline-tables.ts'
import type { EngineColumn, InlineTable, ResultChunk, StatementShape } from '../../../src/warehouse/session.ts'
import { neutralType, neutralValue } from './neutral.ts'

export interface SmallRoad extends Pick<QueryRoad, 'openSession' | 'visibleTables' | 'jobs' | 'stop'> {
  /** As nobody in particular. */
  execute(sql: string): Promise<void>
  tables: VisibleTable[]
  readonly submitted: string[]
  openSessions: number
}

export async function openSmallRoad(): Promise<SmallRoad> {
  const database = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '512MB' })
  const own = await database.connect()
  const live: JobInfo[] = []
  const road: SmallRoad = {
    tables: [],
    submitted: [],
    openSessions: 0,
    async execute(sql) {
      await own.run(sql)
    },
    async openSession(principal) {
      const connection = await database.connect()
      await connection.run(
        "SET SESSION integer_division = true; SET SESSION default_null_order = 'nulls_last_on_asc_first_on_desc'; SET TimeZone = 'UTC'",
      )
      road.openSessions += 1
      return new SmallSession(connection, principal, road, live)
    },
    visibleTables: async () => road.tables,
    jobs: () => live,
    async stop() {
      own.disconnectSync()
      database.closeSync()
    },
  }
  return road
}

let counter = 0

class SmallSession implements QuerySession {
  readonly #connection: DuckDBConnection
  readonly #principal: Principal
  readonly #road: SmallRoad
  readonly #live: JobInfo[]
  readonly temporaryTables = new Set<string>()
  #isOpen = true
  #isBusy = false

  constructor(connection: DuckDBConnection, principal: Principal, road: SmallRoad, live: JobInfo[]) {
    this.#connection = connection
    this.#principal = principal
    this.#road = road
    this.#live = live
  }

  async submit(request: Omit<QueryRequest, 'principal' | 'port'>, signal: AbortSignal): Promise<Job> {
    if (this.#isBusy) throw new Error('Two statements at one time on one session')
    this.#road.submitted.push(request.sql)
    counter += 1
    const id = `job-${counter}`
    const info: JobInfo = {
      id,
      parentId: undefined,
      owner: this.#principal.handle,
      port: 'postgres',
      dialect: request.dialect,
      labels: {},
      sql: request.sql,
      state: 'running',
      createdAtMicros: Date.now() * 1000,
      startedAtMicros: Date.now() * 1000,
      endedAtMicros: undefined,
      error: undefined,
      statistics: undefined,
    }
    this.#live.unshift(info)
    const { promise: ended, resolve: end } = Promise.withResolvers<JobInfo>()
    const finish = (statistics: JobStatistics | undefined, error: JobInfo['error']): void => {
      this.#isBusy = false
      clearTimeout(timer)
      clearInterval(again)
      signal.removeEventListener('abort', interrupt)
      const index = this.#live.findIndex((each) => each.id === id)
      if (index !== -1) this.#live.splice(index, 1)
      end({ ...info, state: 'done', error, statistics })
    }
    let stopReason: MillpondError | undefined
    // One that comes between two calls is lost.
    let again: NodeJS.Timeout | undefined
    const keepInterrupting = (): void => {
      this.#connection.interrupt()
      again ??= setInterval(() => {
        this.#connection.interrupt()
      }, 20)
    }
    const interrupt = (): void => {
      stopReason ??= new MillpondError('query-cancelled', 'The query was cancelled')
      keepInterrupting()
    }
    const timer = setTimeout(() => {
      stopReason = new MillpondError(
        'query-limit',
        `The query took longer than ${(request.timeoutMs ?? 0) / 1000} s: ask for less at once`,
      )
      keepInterrupting()
    }, request.timeoutMs ?? 3_600_000)
    signal.addEventListener('abort', interrupt)
    if (signal.aborted) interrupt()
    this.#isBusy = true
    const failed = (error: unknown): never => {
      const told = stopReason ?? new MillpondError('query-invalid', messageOf(error))
      finish(undefined, { code: told.code, message: told.message })
      throw told
    }
    try {
      const result = await this.#start(request)
      const type = request.dialect === 'googlesql' ? 'INSERT' : statementType(textOf(request))
      if (type !== 'SELECT' && !/\breturning\b/i.test(request.sql)) {
        const rows = await result.getRows()
        finish(statistics(type, Number(rows[0]?.[0] ?? 0)), undefined)
        return jobOf(id, info, ended, [], noChunks)
      }
      const names = result.columnNames()
      const columns = result.columnTypes().map((each, index) => ({ name: names[index] ?? '', type: neutralType(each) }))
      const chunks = async function* (this: void): AsyncGenerator<ResultChunk> {
        let rows = 0
        try {
          for (;;) {
            const chunk = await result.fetchChunk()
            if (stopReason !== undefined) throw stopReason
            if (chunk === null || chunk.rowCount === 0) break
            rows += chunk.rowCount
            yield { rowCount: chunk.rowCount, columns: chunk.getColumns().map((column) => column.map(neutralValue)) }
          }
          finish(statistics('SELECT', rows), undefined)
        } catch (error) {
          failed(error)
        } finally {
          finish(statistics('SELECT', rows), undefined)
        }
      }
      return jobOf(id, info, ended, columns, chunks, () => {
        finish(statistics('SELECT', 0), undefined)
      })
    } catch (error) {
      return failed(error)
    }
  }

  async #start({ sql, dialect, write, parameters = [] }: Omit<QueryRequest, 'principal' | 'port'>) {
    const text = dialect === 'googlesql' ? fromGoogle(sql) : textOf({ sql, write })
    const prepared = await this.#connection.prepare(text)
    const values = parameters.map(({ value }) => value as string | null)
    values.slice(0, prepared.parameterCount).forEach((value, index) => {
      if (value === null) prepared.bindNull(index + 1)
      else prepared.bindVarchar(index + 1, value)
    })
    return prepared.stream()
  }

  async describe(sql: string): Promise<StatementShape> {
    if (this.#isBusy) throw new Error('A statement is described while rows are open')
    try {
      const prepared = await this.#connection.prepare(sql)
      const type = statementType(sql)
      const columns: EngineColumn[] = Array.from({ length: prepared.columnCount }, (_, index) => ({
        name: prepared.columnName(index),
        type: quietly(() => neutralType(prepared.columnType(index))) ?? { kind: 'VARCHAR' },
      }))
      return {
        columns: type === 'SELECT' || /\breturning\b/i.test(sql) ? columns : [],
        parameters: Array.from({ length: prepared.parameterCount }, (_, index) => ({
          name: prepared.parameterName(index + 1),
          type:
            prepared.parameterTypeId(index + 1) === DuckDBTypeId.INVALID
              ? undefined
              : quietly(() => neutralType(prepared.parameterType(index + 1))),
        })),
        statementType: type,
      }
    } catch (error) {
      throw new MillpondError('query-invalid', messageOf(error))
    }
  }

  async setTimeZone(zone: string): Promise<void> {
    await this.#connection.run(`SET TimeZone = '${zone.replaceAll("'", "''")}'`)
  }

  async begin(mode: 'read-only' | 'read-write', signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new MillpondError('query-cancelled', 'The query was cancelled')
    await this.#connection.run(mode === 'read-only' ? 'BEGIN TRANSACTION READ ONLY' : 'BEGIN')
  }

  async commit(): Promise<void> {
    await this.#connection.run('COMMIT')
  }

  async rollback(): Promise<void> {
    await this.#connection.run('ROLLBACK')
  }

  async putInlineTable(table: InlineTable): Promise<void> {
    // Only the face for statements is used.
    await fillInlineTable({ api: this.#connection } as unknown as Parameters<typeof fillInlineTable>[0], table)
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#road.openSessions -= 1
    this.#connection.interrupt()
    this.#connection.disconnectSync()
  }
}

/** Of writes only those that the tests over this road make. */
function textOf({ sql, write }: Pick<QueryRequest, 'sql' | 'write'>): string {
  if (write === undefined) return sql
  if (write.kind === 'insert') return `INSERT INTO ${write.target.dataset}.${write.target.table} ${sql}`
  if (write.kind === 'delete')
    return `DELETE FROM ${write.target.dataset}.${write.target.table} WHERE rowid IN (${sql})`
  throw new MillpondError('query-unsupported', `The small road can't ${write.kind}`)
}

async function* noChunks(): AsyncGenerator<ResultChunk> {
  // There are none.
}

function quietly<Result>(work: () => Result): Result | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

function jobOf(
  id: string,
  info: JobInfo,
  ended: Promise<JobInfo>,
  columns: readonly EngineColumn[],
  chunks: () => AsyncGenerator<ResultChunk>,
  close: () => void = () => undefined,
): Job {
  const generator = chunks()
  return {
    id,
    info: () => info,
    ended,
    children: [],
    result: async () => ({
      columns: columns.map((column) => ({ ...column, sqlType: undefined })),
      chunks: generator,
      close: async () => {
        await generator.return(undefined)
        close()
      },
    }),
    page: async () => Promise.reject(new Error('Rows of this job are not kept')),
  }
}

function statistics(type: StatementType, rows: number): JobStatistics {
  const isChange = type !== 'SELECT'
  return {
    statementType: type,
    bytesProcessed: 0,
    bytesBilled: 0,
    cacheHit: false,
    rows: isChange ? 0 : rows,
    affectedRows: isChange ? rows : undefined,
    referencedTables: [],
  }
}

function statementType(sql: string): StatementType {
  const words = sql.trim().toUpperCase().split(/\s+/)
  const [first = '', second = ''] = words
  if (['INSERT', 'UPDATE', 'DELETE'].includes(first)) return first as StatementType
  if (first === 'CREATE' && words.includes('AS') && words.includes('TABLE')) return 'CREATE_TABLE_AS_SELECT'
  if (first === 'CREATE' && words.includes('TABLE')) return 'CREATE_TABLE'
  if (first === 'DROP') return `DROP_${second}` as StatementType
  return first === 'SET' || first === 'CREATE' ? 'OTHER' : 'SELECT'
}

/** INSERTs of the port's own making: their names and types, as DuckDB says them. */
function fromGoogle(sql: string): string {
  return sql
    .replace(/`([^`]*)`/g, '"$1"')
    .replace(
      /'((?:[^'\\]|\\.)*)'/g,
      (_, body: string) =>
        `'${body.replace(/\\n/g, '\n').replace(/\\r/g, '\r').replace(/\\(.)/g, '$1').replaceAll("'", "''")}'`,
    )
    .replace(/ AS INT64\)/g, ' AS BIGINT)')
    .replace(/ AS FLOAT64\)/g, ' AS DOUBLE)')
    .replace(/ AS TIMESTAMP\)/g, ' AS TIMESTAMPTZ)')
    .replace(/ AS DATETIME\)/g, ' AS TIMESTAMP)')
    .replace(/PARSE_JSON\(/g, 'json(')
}
