// Kinds of settings: how each is written, checked, and told to people.
import { z } from 'zod'

export const KiB = 1024
export const MiB = 1024 * KiB
export const GiB = 1024 * MiB

/** What people read of a setting; kept beside its schema in zod's registry. */
export interface SettingNote {
  readonly unit: string
  readonly meaning: string
  /** Ends the sentence "… must be". */
  readonly allowed: string
  /** As written in the docs, e.g. `10MiB`; empty = not set. */
  readonly default: string
}

export const settingNotes = z.registry<SettingNote>()

export function note<T extends z.ZodType>(schema: T, about: SettingNote): T {
  settingNotes.add(schema, about)
  return schema
}

/** Bytes as a number, or a text such as `512KiB`, `8 MiB`, `1GB`. Undefined: not a size. */
export function parseBytes(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined
  const match = /^(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB|TiB|KB|MB|GB|TB)?$/i.exec(value.trim())
  if (match?.[1] === undefined) return undefined
  const factor = sizeFactors[(match[2] ?? 'b').toLowerCase()]
  const bytes = factor === undefined ? Number.NaN : Number(match[1]) * factor
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

const sizeFactors: Readonly<Record<string, number>> = {
  b: 1,
  kib: KiB,
  mib: MiB,
  gib: GiB,
  tib: 1024 * GiB,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
}

/** The shortest exact way to write a size: 10MiB, 1536KiB, 100. */
export function formatBytes(bytes: number): string {
  for (const [unit, factor] of [
    ['GiB', GiB],
    ['MiB', MiB],
    ['KiB', KiB],
  ] as const) {
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`
  }
  return String(bytes)
}

export function size(defaultBytes: number, min: number, max: number, meaning: string) {
  const schema = z
    .union([z.string(), z.number()])
    .transform((value, context) => {
      const bytes = parseBytes(value)
      if (bytes !== undefined && bytes >= min && bytes <= max) return bytes
      context.issues.push({ code: 'custom', message: 'not a size', input: value })
      return z.NEVER
    })
    .prefault(defaultBytes)
  return note(schema, {
    unit: 'bytes',
    meaning,
    allowed: `a size from ${formatBytes(min)} to ${formatBytes(max)}, in bytes or as 512KiB, 8MiB, 1GiB`,
    default: formatBytes(defaultBytes),
  })
}

export function whole(unit: string, defaultValue: number, min: number, max: number, meaning: string) {
  const schema = z
    .union([
      z.number(),
      z
        .string()
        .regex(/^\d{1,15}$/)
        .transform(Number),
    ])
    .pipe(z.number().int().min(min).max(max))
    .prefault(defaultValue)
  return note(schema, {
    unit,
    meaning,
    allowed: `a whole number from ${min} to ${max} (${unit})`,
    default: String(defaultValue),
  })
}

/** A list in the file, a text with commas in the environment. */
export const listOf = (item: z.ZodType<string, string>, defaults: string[]) =>
  z
    .union([z.array(z.string()), z.string().transform((text) => text.split(','))])
    .transform((parts) => parts.map((part) => part.trim()).filter((part) => part !== ''))
    .pipe(z.array(item))
    .prefault(defaults)
