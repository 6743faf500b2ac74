// Which table a tag belongs to: rules `pattern=dataset.table`, the first that fits decides. Patterns mean what they mean
// in Fluentd: `*` is any text inside one part of a tag, `**` any number of parts, none too.
import { assert } from '../../core/errors.ts'
import { isRowTable, type RowTableSpec, rowTables } from '../../warehouse/row-tables.ts'

interface Rule {
  readonly parts: readonly (readonly string[] | typeof anyParts)[]
  readonly table: RowTableSpec
}

const anyParts = '**'
/** Tags are a stranger's: what is remembered of them has a bound. */
const tagsCachedMax = 1000

export class TagRoutes {
  readonly #rules: readonly Rule[]
  readonly #known = new Map<string, RowTableSpec>()

  constructor(rules: readonly string[]) {
    this.#rules = rules.map(ruleOf)
  }

  tableOf(tag: string): RowTableSpec {
    const known = this.#known.get(tag)
    if (known !== undefined) return known
    const parts = tag.split('.')
    const table = this.#rules.find((rule) => fits(rule.parts, parts, isAnyParts, partFits))?.table
    if (this.#known.size >= tagsCachedMax) this.#known.clear()
    const found = table ?? rowTables['logs.entries']
    this.#known.set(tag, found)
    return found
  }
}

function ruleOf(rule: string): Rule {
  const at = rule.lastIndexOf('=')
  const name = rule.slice(at + 1)
  assert(at > 0 && isRowTable(name), `the settings take only rules of known tables, not ${rule}`)
  const parts = rule.slice(0, at).split('.')
  return { parts: parts.map((part) => (part === anyParts ? anyParts : Array.from(part))), table: rowTables[name] }
}

function isAnyParts(part: Rule['parts'][number]): boolean {
  return part === anyParts
}

function partFits(part: Rule['parts'][number], text: string): boolean {
  return typeof part !== 'string' && fits(part, Array.from(text), isStar, isEqual)
}

function isStar(unit: string): boolean {
  return unit === '*'
}

function isEqual(one: string, other: string): boolean {
  return one === other
}

/** Wildcards by going back to the last star only: no tag can make it take longer than pattern times tag. */
function fits<Wanted, Item>(
  pattern: readonly Wanted[],
  items: readonly Item[],
  isWild: (wanted: Wanted) => boolean,
  isOne: (wanted: Wanted, item: Item) => boolean,
): boolean {
  let at = 0
  let wildAt = -1
  let resumeAt = 0
  for (let index = 0; index < items.length;) {
    const wanted = pattern[at]
    if (at < pattern.length && isWild(wanted as Wanted)) {
      wildAt = at
      resumeAt = index
      at += 1
    } else if (at < pattern.length && isOne(wanted as Wanted, items[index] as Item)) {
      at += 1
      index += 1
    } else if (wildAt >= 0) {
      at = wildAt + 1
      resumeAt += 1
      index = resumeAt
    } else return false
  }
  while (at < pattern.length && isWild(pattern[at] as Wanted)) at += 1
  return at === pattern.length
}
