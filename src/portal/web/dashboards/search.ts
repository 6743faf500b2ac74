// What the address of a dashboard holds: the values of its parameters, and whether it fills the screen.
import type { FieldValue } from '../sql/value-field.tsx'

export interface DashboardSearch {
  /** As they were typed; what is absent has its default. */
  readonly values?: Readonly<Record<string, FieldValue>> | undefined
  readonly tv?: true | undefined
}

/** What can't be read is left out. */
export function readDashboardSearch({ values, tv }: Readonly<Record<string, unknown>>): DashboardSearch {
  const read =
    typeof values === 'object' && values !== null
      ? Object.entries(values).flatMap(([name, value]) => readValue(name, value))
      : []
  return {
    ...(read.length === 0 ? {} : { values: Object.fromEntries(read) }),
    ...(tv === true ? { tv } : {}),
  }
}

function readValue(name: string, given: unknown): [string, FieldValue][] {
  if (typeof given !== 'object' || given === null) return []
  const { value, relative } = given as { readonly value?: unknown; readonly relative?: unknown }
  if (typeof relative === 'string') return [[name, { relative }]]
  return typeof value === 'string' ? [[name, { value }]] : []
}
