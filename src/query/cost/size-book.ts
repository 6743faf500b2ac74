// Logical bytes per table, day and column: what a dry run is answered from. Measured days are exact; rows that came since count
// with the mean size of the table's measured rows. The book is a file of its own (sizes.json): losing it costs a measurement.
//
//   unknown table ──▶ measured on first use (a sample, if it is large) ──▶ nightly: every day that changed, exactly
import { readFile } from 'node:fs/promises'

import { messageOf } from '../../core/errors.ts'
import type { Clock } from '../../core/clock.ts'
import { diskFiles, writeFileAtomic } from '../../core/files.ts'
import type { Log } from '../../core/log.ts'
import type { WarehouseDriver } from '../../warehouse/driver.ts'
import type { Directory, DirectoryReader, DirectoryTable } from '../catalog/directory.ts'
import type { TableUse } from '../prepared.ts'
import { type CostBook, type Estimate, priceOf } from './estimate.ts'
import type { TablePlan } from './table-plan.ts'
import { measureTable, type TableSizes } from './measure.ts'
import { bytesOf, keyOf, mergedUses, planOf } from './sizes-of-use.ts'
import { spentOfDay } from './spent.ts'

export interface SizeBookDeps {
  readonly driver: Pick<WarehouseDriver, 'openSession'>
  readonly directory: DirectoryReader
  readonly clock: Clock
  readonly log: Log
  /** Undefined: the book isn't kept over restarts. */
  readonly path: string | undefined
}

const dayMicros = 86_400_000_000

export class SizeBook implements CostBook {
  readonly #deps: SizeBookDeps
  /** By dataset and table, as JSON. */
  readonly #tables: Map<string, TableSizes>
  readonly #measuring = new Map<string, Promise<TableSizes | undefined>>()
  readonly #spent = new Map<string, number>()
  #spentDay = 0
  #directory: Directory | undefined

  private constructor(deps: SizeBookDeps, { tables, spent }: Book) {
    this.#deps = deps
    this.#tables = new Map(tables)
    this.#restore(spent)
  }

  static async open(deps: SizeBookDeps): Promise<SizeBook> {
    const book = new SizeBook(deps, deps.path === undefined ? emptyBook : await readBook(deps.path, deps.log))
    await book.#readSpent()
    return book
  }

  async estimate(uses: readonly TableUse[]): Promise<Estimate> {
    if (uses.length === 0) return { bytes: 0, bytesOfAllColumns: 0, billedBytes: 0, dollars: 0, ageMs: 0 }
    const directory = await this.#deps.directory.read()
    this.#directory = directory
    let bytes = 0
    let bytesOfAllColumns = 0
    let oldestMicros = this.#deps.clock.nowMicros()
    const billed = new Map<string, number>()
    for (const use of mergedUses(uses)) {
      const table = directory.datasets.get(use.dataset)?.tables.get(use.table)
      const sizes = table === undefined ? undefined : await this.#sizesOf(table)
      if (table === undefined || sizes === undefined) continue
      const own = bytesOf(sizes, table.rows, use.range, use.columns)
      bytes += own
      bytesOfAllColumns += bytesOf(sizes, table.rows, use.range, undefined)
      oldestMicros = Math.min(oldestMicros, sizes.measuredAtMicros)
      billed.set(keyOf(table), own)
    }
    const { billedBytes, dollars } = priceOf([...billed.values()])
    const ageMs = (this.#deps.clock.nowMicros() - oldestMicros) / 1000
    return { bytes: Math.round(bytes), bytesOfAllColumns: Math.round(bytesOfAllColumns), billedBytes, dollars, ageMs }
  }

  async plan(uses: readonly TableUse[]): Promise<TablePlan[]> {
    const directory = await this.#deps.directory.read()
    const plans: TablePlan[] = []
    for (const use of mergedUses(uses)) {
      const table = directory.datasets.get(use.dataset)?.tables.get(use.table)
      const sizes = table === undefined ? undefined : await this.#sizesOf(table)
      if (table !== undefined && sizes !== undefined) plans.push(planOf(sizes, table.rows, use))
    }
    return plans
  }

  sizeOf(dataset: string, table: string): ReturnType<CostBook['sizeOf']> {
    const sizes = this.#tables.get(JSON.stringify([dataset, table]))
    const rows = this.#directory?.datasets.get(dataset)?.tables.get(table)?.rows ?? sizes?.rows ?? 0
    if (sizes === undefined) return { bytes: 0, partitions: undefined }
    const partitions = sizes.days?.map(({ day, rows: own, bytes }) => ({
      id: partitionId(day),
      rows: own,
      logicalBytes: Math.round(bytes.reduce((sum, one) => sum + one, 0)),
    }))
    return { bytes: Math.round(bytesOf(sizes, rows, undefined, undefined)), partitions }
  }

  async #sizesOf(table: DirectoryTable): Promise<TableSizes | undefined> {
    const key = keyOf(table)
    const known = this.#tables.get(key)
    if (known !== undefined && isGood(known, table)) return known
    return this.#measure(table, { isExact: false })
  }

  /** One measurement of a table at a time; everybody who asks meanwhile shares it. */
  async #measure(table: DirectoryTable, options: { readonly isExact: boolean }): Promise<TableSizes | undefined> {
    const key = keyOf(table)
    const running = this.#measuring.get(key)
    if (running !== undefined) return running
    const measuring = this.#measureNow(table, options).finally(() => this.#measuring.delete(key))
    this.#measuring.set(key, measuring)
    return measuring
  }

  async #measureNow(
    table: DirectoryTable,
    { isExact }: { readonly isExact: boolean },
  ): Promise<TableSizes | undefined> {
    try {
      const sizes = await measureTable(this.#deps.driver, table, { isExact, nowMicros: this.#deps.clock.nowMicros() })
      this.#tables.set(keyOf(table), sizes)
      return sizes
    } catch (error) {
      // A dry run without this table is better than none: it may be gone by now.
      this.#deps.log.warn({ table: keyOf(table), error: messageOf(error) }, 'A table could not be measured')
      return this.#tables.get(keyOf(table))
    }
  }

  /** Tables that nobody has asked about yet: a look each, no more than a sample of the large ones. */
  async measureMissing({ datasets }: Directory): Promise<void> {
    for (const { tables } of datasets.values()) {
      for (const table of tables.values()) if (table.kind === 'table') await this.#sizesOf(table)
    }
  }

  /** The nightly work: every table, exactly; then the book is written. */
  async measureAll(signal: AbortSignal): Promise<void> {
    const { datasets } = await this.#deps.directory.read({ isFresh: true })
    const tables = [...datasets.values()].flatMap(({ tables: own }) => [...own.values()])
    const existing = new Set(tables.map(keyOf))
    for (const key of this.#tables.keys()) if (!existing.has(key)) this.#tables.delete(key)
    for (const table of tables) {
      if (signal.aborted) return
      if (table.kind === 'table' || table.origin === 'fed') await this.#measure(table, { isExact: true })
    }
    await this.save()
  }

  async save(): Promise<void> {
    if (this.#deps.path === undefined) return
    this.#turnDay()
    const spent = { day: this.#spentDay, persons: [...this.#spent] }
    const text = JSON.stringify({ version: 1, tables: [...this.#tables], spent } satisfies Book)
    await writeFileAtomic(diskFiles, this.#deps.path, text)
  }

  spentToday(handle: string): number {
    this.#turnDay()
    return this.#spent.get(handle) ?? 0
  }

  spend(handle: string, billedBytes: number): void {
    this.#turnDay()
    this.#spent.set(handle, (this.#spent.get(handle) ?? 0) + billedBytes)
  }

  /** A restart is no way around a quota. The book knows all of an orderly stop; after a crash the history knows most. */
  async #readSpent(): Promise<void> {
    try {
      const persons = await spentOfDay(this.#deps.driver, this.#deps.clock.nowMicros())
      this.#restore({ day: Math.floor(this.#deps.clock.nowMicros() / dayMicros), persons })
    } catch (error) {
      this.#deps.log.warn({ error: messageOf(error) }, 'What was read today could not be summed up')
    }
  }

  #restore(spent: Book['spent']): void {
    this.#turnDay()
    if (spent?.day !== this.#spentDay) return
    for (const [handle, bytes] of spent.persons) this.#spent.set(handle, Math.max(bytes, this.#spent.get(handle) ?? 0))
  }

  #turnDay(): void {
    const day = Math.floor(this.#deps.clock.nowMicros() / dayMicros)
    if (day === this.#spentDay) return
    this.#spentDay = day
    this.#spent.clear()
  }
}

/** What was measured still speaks of the table: not of another one of that name, nor of one that has since become much larger. */
function isGood(sizes: TableSizes, { kind, columns, rows, changedAtMicros }: DirectoryTable): boolean {
  const hasAllColumns = columns.every(({ name }) => sizes.columns.includes(name))
  const isMuchLarger = kind === 'table' && rows > 2 * sizes.rows
  return hasAllColumns && !isMuchLarger && changedAtMicros <= sizes.measuredAtMicros
}

function partitionId(day: number | undefined): string {
  if (day === undefined) return '__NULL__'
  return new Date(day * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '')
}

interface Book {
  readonly version: 1
  readonly tables: readonly (readonly [string, TableSizes])[]
  /** What persons were billed on a day (since 1970). */
  readonly spent?: { readonly day: number; readonly persons: readonly (readonly [string, number])[] } | undefined
}

const emptyBook: Book = { version: 1, tables: [] }

async function readBook(path: string, log: Log): Promise<Book> {
  try {
    const book: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (isBook(book)) return book
    log.warn({}, 'The sizes of tables are of another form; they are measured again')
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== 'ENOENT') {
      log.warn({ error: messageOf(error) }, 'The sizes of tables could not be read; they are measured again')
    }
  }
  return emptyBook
}

/** As deep as a slip of a hand or a half file would show. */
function isBook(book: unknown): book is Book {
  const { version, tables, spent } = (book ?? {}) as Partial<Record<keyof Book, unknown>>
  return version === 1 && Array.isArray(tables) && tables.every(isEntry) && (spent === undefined || isSpent(spent))
}

function isEntry(entry: unknown): boolean {
  if (!Array.isArray(entry) || typeof entry[0] !== 'string') return false
  const { columns, bytes, days } = (entry[1] ?? {}) as Partial<Record<keyof TableSizes, unknown>>
  return Array.isArray(columns) && Array.isArray(bytes) && (days === undefined || Array.isArray(days))
}

function isSpent(spent: unknown): boolean {
  const { persons } = (spent ?? {}) as { readonly persons?: unknown }
  return Array.isArray(persons) && persons.every((one) => Array.isArray(one) && typeof one[1] === 'number')
}
