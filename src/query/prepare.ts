// From a request's text to what the engine runs, for this caller: the compiler with the caller's catalogue, or the rewriter of
// the second dialect with his policies. Both see only what he may see.
import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { PolicySnapshot } from '../control/policy-store.ts'
import type { Principal } from '../control/principals.ts'
import { compileQuery, bindParameter, type CompileContext, type UsedParameter } from '../sql/lower/compile.ts'
import { locate, SqlError } from '../sql/sql-error.ts'
import type * as ast from '../sql/syntax/ast.ts'
import type { Script } from '../sql/syntax/ast-statement.ts'
import { parseScript } from '../sql/syntax/parser.ts'
import type { WarehouseDriver } from '../warehouse/driver.ts'
import type { EngineStatement } from '../warehouse/session.ts'
import { type Access, createAccess } from './access/access.ts'
import type { Directory, DirectoryReader } from './catalog/directory.ts'
import { CallerCatalog } from './catalog/visible.ts'
import type { QueryRequest, StatementType, VisibleTable } from './contract.ts'
import type { CostBook } from './cost/estimate.ts'
import { rewriteDuckdb } from './duckdb-dialect/rewrite.ts'
import { prepareCompiled, useContextOf } from './prepare-compiled.ts'
import type { PreparedRows } from './prepared.ts'
import { calledFunctions } from './routines.ts'
import { statementTypeOf } from './statement-type.ts'

export interface PreparerDeps {
  readonly driver: Pick<WarehouseDriver, 'made' | 'parseSelect' | 'printSelect'>
  readonly directory: DirectoryReader
  readonly sizes: CostBook
  readonly policies: () => PolicySnapshot
  /** A person or service as it stands now; without it everybody keeps the role and the attributes of the request. */
  readonly principalById?: ((id: string) => Principal | undefined) | undefined
  readonly project: string
  /** Names that sources have, also those without a table so far: nobody makes a dataset of that name. */
  readonly isSource?: ((name: string) => boolean) | undefined
  readonly clock: Clock
}

/** A script, or a single statement that isn't a query: run step by step (script-job.ts). */
export interface PreparedScript {
  readonly kind: 'script'
  readonly statementType: StatementType
  readonly script: Script
  readonly text: string
}

export type Prepared = (PreparedRows | PreparedScript) & { readonly policySetId: string }

export interface CallerView {
  readonly access: Access
  readonly catalog: CallerCatalog
}

export class Preparer {
  readonly deps: PreparerDeps
  readonly #access = new Map<string, { readonly version: number; readonly access: Access }>()

  constructor(deps: PreparerDeps) {
    this.deps = deps
  }

  /** Errors: query-invalid, query-unsupported, query-refused, table-unknown. */
  async prepare(request: QueryRequest): Promise<Prepared> {
    try {
      return await this.#prepare(request, await this.deps.directory.read({ isFresh: asksForNames.test(request.sql) }))
    } catch (error) {
      // Perhaps the table is younger than our knowledge.
      if (!(error instanceof MillpondError) || error.kind === 'bug') throw error
      const fresh = await this.deps.directory.read({ isFresh: true })
      return this.#prepare(request, fresh)
    }
  }

  async #prepare(request: QueryRequest, directory: Directory): Promise<Prepared> {
    const view = this.viewOf(request.principal, request.defaultDataset, directory)
    const { policySetId } = view.access
    if (request.dialect === 'duckdb') {
      const rewritten = await rewriteDuckdb(this.deps.driver, view, request, this.deps.clock.nowMicros())
      return { ...rewritten, isVolatile: rewritten.isVolatile || view.catalog.isNeverKept(), policySetId }
    }
    const text = request.sql
    const script = located(text, () => parseScript(text))
    const query = onlyQuery(script)
    if (query === undefined || request.destination !== undefined) {
      if (request.onlyReads === true) throw onlyReads()
      const statementType = statementTypeOf(script)
      if (query === undefined && request.destination !== undefined) throw noDestination(statementType)
      return { kind: 'script', statementType, script, text, policySetId }
    }
    const prepared = located(text, () => this.compile(query, view, request, text))
    return { ...prepared, policySetId }
  }

  /** SqlError. */
  compile(
    query: ast.Query,
    view: CallerView,
    request: QueryRequest,
    text: string,
    more: Partial<CompileContext> = {},
  ): PreparedRows {
    const compiled = compileQuery(query, { ...contextOf(view, request), ...more })
    const context = { text, ...useContextOf(view.catalog, this.deps.clock.nowMicros(), request.parameters) }
    const statement = { sql: compiled.sql, parameters: boundParameters(compiled.parameters, request) }
    const functions = calledFunctions(compiled.facts.routines, view.catalog)
    const prepared = prepareCompiled(compiled, statement, context)
    return { ...prepared, isVolatile: prepared.isVolatile || view.catalog.isNeverKept(), functions }
  }

  /** What this caller may see, and how. */
  viewOf(principal: Principal, defaultDataset: string | undefined, directory: Directory): CallerView {
    const access = this.accessOf(principal)
    const { project, sizes, driver } = this.deps
    return {
      access,
      catalog: new CallerCatalog({ access, directory, project, defaultDataset, sizes, made: driver.made }),
    }
  }

  /**
   * The rights of this moment: the same object, cheaply, until they change. What was made of policies is kept until they do.
   * Error: query-refused, if the person is gone.
   */
  accessOf(asking: Principal): Access {
    const principal = this.#asNow(asking)
    const policies = this.deps.policies()
    const { version } = policies
    const key = JSON.stringify(principal)
    const known = this.#access.get(key)
    if (known?.version === version) return known.access
    if (this.#access.size >= accessesMax) this.#access.clear()
    const access = createAccess(policies, principal)
    this.#access.set(key, { version, access })
    return access
  }

  #asNow(asking: Principal): Principal {
    const { principalById } = this.deps
    // The owner is nobody's record.
    if (principalById === undefined || asking.kind === 'owner') return asking
    const now = principalById(asking.id)
    if (now === undefined) throw new MillpondError('query-refused', `${asking.handle} may no longer ask here`)
    return now
  }

  async visibleTables(principal: Principal): Promise<readonly VisibleTable[]> {
    const { catalog } = this.viewOf(principal, undefined, await this.deps.directory.read())
    return catalog.visibleTables()
  }
}

const accessesMax = 1_000

/** A list of tables has no name that could be missing: knowledge that is too old would go unnoticed. */
const asksForNames = /\binformation_schema\b|\bduckdb_(?:tables|views|columns|schemas)\b/i

export function contextOf({ catalog }: CallerView, request: QueryRequest): CompileContext {
  return {
    catalog,
    parameters: request.parameters?.map(({ name, type }) => ({ name, type })),
    sessionUser: request.principal.handle,
  }
}

export function boundParameters(
  used: readonly UsedParameter[],
  { parameters: given = [], isDryRun = false }: Pick<QueryRequest, 'parameters' | 'isDryRun'>,
): NonNullable<EngineStatement['parameters']> {
  const bound = new Map<string, string | null>()
  for (const { sqlName, source, name, position } of used) {
    if (source === 'variable') continue
    const parameter =
      source === 'named'
        ? given.find((one) => one.name?.toLowerCase() === name?.toLowerCase())
        : given.filter((one) => one.name === undefined)[(position ?? 1) - 1]
    if (parameter === undefined) {
      if (isDryRun) continue
      const what =
        source === 'named' ? `Query parameter '${name}' not found` : `Query parameter at position ${position} not found`
      throw new MillpondError('query-invalid', what)
    }
    bound.set(sqlName, bindParameter(parameter.type, parameter.value))
  }
  return bound
}

/** Errors of the compiler get their place in the text. */
export function located<Result>(text: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (error instanceof SqlError) throw locate(error, text)
    throw error
  }
}

const changes: readonly StatementType[] = ['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'TRUNCATE_TABLE']

/** In the words of BigQuery. */
function onlyReads(): MillpondError {
  return new MillpondError(
    'query-refused',
    'Somebody else wrote this SQL, and it is more than a query: it would change things with your rights. Read it, and run it as your own.',
  )
}

function noDestination(statementType: StatementType): MillpondError {
  const kind = changes.includes(statementType) ? 'DML' : 'DDL'
  const message =
    statementType === 'SCRIPT' || statementType === 'OTHER'
      ? 'configuration.query.destinationTable cannot be set for scripts'
      : `Cannot set destination table in jobs with ${kind} statements`
  return new MillpondError('query-invalid', message)
}

function onlyQuery(script: Script): ast.Query | undefined {
  const [first, ...rest] = script.statements
  return rest.length === 0 && first?.kind === 'query-statement' ? first.query : undefined
}
