// What commands answer: words or an aligned table for people; with --json one JSON object a line for programs.
import { type CliContext, writeOut } from './context.ts'
import { renderTable } from './table.ts'

export interface SayOptions {
  readonly json?: boolean
}

export async function say(context: CliContext, options: SayOptions, value: object, plain: string): Promise<void> {
  await writeOut(context, `${options.json === true ? JSON.stringify(value) : plain}\n`)
}

export interface Listed {
  /** As programs get them. */
  readonly items: readonly object[]
  /** Columns of the table. */
  readonly names: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
  /** Instead of a table without rows. */
  readonly none?: string
}

export async function sayList(
  context: CliContext,
  options: SayOptions,
  { items, names, rows, none }: Listed,
): Promise<void> {
  if (options.json === true) return writeOut(context, items.map((one) => `${JSON.stringify(one)}\n`).join(''))
  if (rows.length === 0 && none !== undefined) return writeOut(context, `${none}\n`)
  const columns = names.map((name) => ({ name }))
  return writeOut(context, renderTable(columns, rows, context.stdout))
}

/** For options that may be repeated. */
export function collect(word: string, before: readonly string[] = []): string[] {
  return [...before, word]
}
