// How often each table has changed, as far as a cached answer must know. Counts begin at the time of opening, so that no number
// of a former process comes again.
import type { TableVersion } from '../session.ts'

export class TableVersions {
  readonly #first: number
  readonly #tables = new Map<string, number>()
  readonly #datasets = new Map<string, number>()
  #all = 0
  #shape = 0

  constructor(nowMicros: number) {
    this.#first = Math.floor(nowMicros / 1000)
  }

  bumpTable(dataset: string, table: string): void {
    bump(this.#tables, keyOf(dataset, table))
    bump(this.#datasets, dataset)
  }

  /** Everything may have changed. */
  bumpAll(): void {
    this.#all += 1
    this.bumpShape()
  }

  bumpShape(): void {
    this.#shape += 1
  }

  shape(): number {
    return this.#shape
  }

  of(dataset: string, table: string): TableVersion {
    return this.#first + this.#all + (this.#tables.get(keyOf(dataset, table)) ?? 0)
  }

  /** Of a view, whose tables are not known here: anything in its dataset. */
  ofDataset(dataset: string): TableVersion {
    return this.#first + this.#all + (this.#datasets.get(dataset) ?? 0)
  }
}

function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function keyOf(dataset: string, table: string): string {
  return `${dataset}.${table}`
}
