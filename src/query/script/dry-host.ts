// A change that is only told about: compiled, and judged by the same rules as one that is made, over a store that does
// nothing. What it would read is noted.
import { MillpondError } from '../../core/errors.ts'
import type { Clock } from '../../core/clock.ts'
import { checkScript } from '../../sql/script/check-script.ts'
import type { CompiledStatement, DdlChange, ScriptHost, StatementPlace, TableChange } from '../../sql/script/host.ts'
import { runScript } from '../../sql/script/interpreter.ts'
import type { Statement } from '../../sql/syntax/ast-statement.ts'
import type { SqlType } from '../../sql/types.ts'
import { collectRows } from '../../warehouse/collect-rows.ts'
import type { WarehouseDriver } from '../../warehouse/driver.ts'
import type { CallerCatalog } from '../catalog/visible.ts'
import type { ParameterValue, QueryRequest } from '../contract.ts'
import { parameterValue } from '../encode/parameter-value.ts'
import { type CallerView, located, type Preparer, type PreparedScript } from '../prepare.ts'
import { tableUses, useContextOf } from '../prepare-compiled.ts'
import type { TableUse } from '../prepared.ts'
import { applyDdl } from './apply-ddl.ts'
import { withDestination } from './destination.ts'

export interface DryHostDeps {
  readonly driver: Pick<WarehouseDriver, 'openSession' | 'made'>
  readonly preparer: Preparer
  readonly clock: Clock
}

/** Of these one says by itself what it does; what another does depends on what was done before. */
const foreseeable: ReadonlySet<Statement['kind']> = new Set([
  'query-statement',
  'insert',
  'update',
  'delete',
  'merge',
  'truncate',
  'create-schema',
  'create-table',
  'create-table-from',
  'create-view',
  'create-function',
  'create-table-function',
  'create-procedure',
  'alter',
  'drop',
  'drop-function',
  'undrop-schema',
  'other',
])

/** The tables that it would read. Errors: those of the run, as far as they are known before anything is done. */
export async function foreseenUses(
  deps: DryHostDeps,
  request: QueryRequest,
  { text, script }: PreparedScript,
): Promise<readonly TableUse[]> {
  const [first, second] = script.statements
  if (first === undefined || second !== undefined || !foreseeable.has(first.kind)) {
    located(text, () => {
      checkScript(script.statements)
    })
    return []
  }
  const { preparer } = deps
  const directory = await preparer.deps.directory.read({ isFresh: true })
  const host = new DryHost(deps, request, preparer.viewOf(request.principal, request.defaultDataset, directory))
  const statements = await withDestination(request, script, host)
  await runScript(host, { text, statements, parameters: request.parameters ?? [], isDryRun: true })
  return host.uses
}

class DryHost implements ScriptHost {
  readonly sessionUser: string
  readonly uses: TableUse[] = []
  readonly #deps: DryHostDeps
  readonly #request: QueryRequest
  readonly #view: CallerView

  constructor(deps: DryHostDeps, request: QueryRequest, view: CallerView) {
    this.#deps = deps
    this.#request = request
    this.#view = view
    this.sessionUser = request.principal.handle
  }

  check(): void {}

  async catalog(): Promise<CallerCatalog> {
    return this.#view.catalog
  }

  async select(): Promise<void> {
    return nothing()
  }

  /** Whether a destination is empty is all that a change asks. */
  async rows({ sql, bindings, reads }: CompiledStatement, types: readonly SqlType[]): Promise<ParameterValue[][]> {
    this.#note(reads)
    const session = await this.#deps.driver.openSession({ semantics: 'plain' })
    try {
      const rows = await collectRows(session, { sql, parameters: bindings })
      return rows.map((row) => types.map((type, index) => parameterValue(row[index] ?? null, type)))
    } finally {
      await session.close()
    }
  }

  /** SqlError, when a partition filter is required and missing. */
  #note(reads: CompiledStatement['reads']): void {
    const nowMicros = this.#deps.clock.nowMicros()
    this.uses.push(...tableUses(reads, useContextOf(this.#view.catalog, nowMicros, this.#request.parameters)))
  }

  async change(_place: StatementPlace, { reads }: TableChange): Promise<number> {
    this.#note(reads)
    return 0
  }

  async ddl(_place: StatementPlace, change: DdlChange): Promise<void> {
    const { clock, preparer, driver } = this.#deps
    if (change.kind === 'create-table') this.#note(change.rows?.reads ?? [])
    const { catalog } = this.#view
    await applyDdl(
      {
        made: { catalog: () => driver.made.catalog(), change: async () => {}, touch: () => {} },
        catalog,
        nowMicros: clock.nowMicros(),
        execute: async () => 0,
        keepsShape: this.#request.destination !== undefined,
        isSource: preparer.deps.isSource,
      },
      change,
    )
  }

  async execute(_place: StatementPlace, steps: readonly CompiledStatement[]): Promise<void> {
    for (const { reads } of steps) this.#note(reads)
  }

  async transaction(): Promise<void> {}

  async caught(): Promise<boolean> {
    return false
  }

  putFunction(): void {}
}

async function nothing(): Promise<never> {
  throw new MillpondError('bug', 'BUG: a change that is only told about runs nothing')
}
