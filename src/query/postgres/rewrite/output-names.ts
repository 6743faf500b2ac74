// What Postgres calls the columns of a SELECT that nobody named: count, max, ?column?. The engine has other ideas, and people's
// programs read `row.count`.
import { typesByName } from '../catalog/types-table.ts'
import type { StatementText } from './lexer.ts'
import { isName, nameOf, type Node, partsOf, treeOf } from './tree.ts'
import { readTypeName } from './type-cast.ts'

const ends: ReadonlySet<string> = new Set(
  'from where group having window order limit offset fetch union intersect except qualify into for using'.split(' '),
)

/** One a column, undefined where the engine's name is right; undefined as a whole: the columns can't be counted here. */
export function outputNames(source: StatementText): readonly (string | undefined)[] | undefined {
  const first = source.tokens[0]?.lower
  return first === 'select' || first === 'with' ? namesOf(treeOf(source)) : undefined
}

function namesOf(tree: readonly Node[]): readonly (string | undefined)[] | undefined {
  let start = tree.findIndex((node) => node.lower === 'select')
  if (start === -1) return undefined
  start += 1
  if (tree[start]?.lower === 'distinct') start += tree[start + 1]?.lower === 'on' ? 3 : 1
  if (tree[start]?.lower === 'all') start += 1
  const length = tree.slice(start).findIndex((node) => node.kind === 'word' && ends.has(node.lower))
  const items = partsOf(tree.slice(start, length === -1 ? undefined : start + length))
  const isStar = items.some(
    (item) => item.at(0)?.text === '*' || item.at(-1)?.text === '*' || item.some((node) => node.lower === 'columns'),
  )
  return isStar ? undefined : items.map(itemName)
}

function itemName(item: readonly Node[]): string | undefined {
  const last = item.at(-1)
  const before = item.at(-2)
  if (last === undefined || item.some((node) => node.kind === 'word' && node.lower === 'as')) return undefined
  const isAlias =
    isName(last) && before !== undefined && before.text !== '.' && before.text !== '::' && before.kind !== 'symbol'
  if (isAlias && last.lower !== 'end' && !isTypeTail(item)) return undefined
  return figured(item) ?? '?column?'
}

/** `x::double precision` ends with a word that is no alias. */
function isTypeTail(item: readonly Node[]): boolean {
  const at = item.findLastIndex((node) => node.text === '::')
  return at !== -1 && readTypeName(item, at + 1)?.next === item.length
}

const constants: Record<string, string> = { true: 'bool', false: 'bool' }
const literalTypes: ReadonlySet<string> = new Set([
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'interval',
  'json',
  'uuid',
])

/** undefined: an expression without a name. */
function figured(item: readonly Node[]): string | undefined {
  const type = castOf(item)
  if (type !== undefined) return strong(type.operand) ?? type.name
  const [first, second] = item
  if (first === undefined) return undefined
  if (first.lower === 'case' && item.at(-1)?.lower === 'end') return strong(elseOf(item)) ?? 'case'
  if (first.lower === 'array' && second?.kind === 'group' && item.length === 2) return 'array'
  if (first.lower === 'not' || first.kind === 'symbol') return undefined
  if (first.kind === 'group') return item.length === 1 && first.text === '(' ? grouped(first.nodes ?? []) : undefined
  if (literalTypes.has(first.lower) && second?.kind === 'string') return first.lower
  if (!isName(first)) return undefined
  return chainName(item)
}

/** A name that a cast, or a CASE, around it takes over: those of columns and calls, not those of types. */
function strong(item: readonly Node[]): string | undefined {
  const type = castOf(item)
  if (type !== undefined) return strong(type.operand)
  const [first, second] = item
  if (first?.lower === 'case' || (literalTypes.has(first?.lower ?? '') && second?.kind === 'string')) return undefined
  return item.length === 1 && Object.hasOwn(constants, first?.lower ?? '') ? undefined : figured(item)
}

/** x::type, whole. */
function castOf(item: readonly Node[]): { readonly operand: readonly Node[]; readonly name: string } | undefined {
  const at = item.findLastIndex((node) => node.text === '::')
  const type = at > 0 ? readTypeName(item, at + 1) : undefined
  return type?.next === item.length ? { operand: item.slice(0, at), name: typeName(type.name) } : undefined
}

function elseOf(item: readonly Node[]): readonly Node[] {
  const at = item.findLastIndex((node) => node.lower === 'else')
  return at === -1 ? [] : item.slice(at + 1, -1)
}

function grouped(nodes: readonly Node[]): string | undefined {
  if (nodes[0]?.lower === 'select') return namesOf(nodes)?.[0] ?? figured(firstItem(nodes))
  return figured(nodes)
}

function firstItem(nodes: readonly Node[]): readonly Node[] {
  const end = nodes.findIndex((node, index) => index > 0 && (ends.has(node.lower) || node.text === ','))
  return nodes.slice(1, end === -1 ? undefined : end)
}

/** a.b, f(x), f(x) OVER (…), f(x) FILTER (…). */
function chainName(item: readonly Node[]): string | undefined {
  let at = 0
  while (item[at + 1]?.text === '.' && isName(item[at + 2])) at += 2
  const name = nameOf(item[at] as Node)
  const next = item[at + 1]
  if (next === undefined) return Object.hasOwn(constants, name) && at === 0 ? constants[name] : name
  if (next.kind !== 'group') return undefined
  if (next.text === '[') return item.length === at + 2 ? name : undefined
  const rest = item.slice(at + 2)
  const isWhole = rest.every(
    (node) => node.kind === 'group' || /^(?:over|filter|within|group|ignore|respect|nulls)$/.test(node.lower),
  )
  if (!isWhole) return undefined
  if (name !== 'cast' && name !== 'try_cast') return name
  const inner = next.nodes ?? []
  const as = inner.findIndex((node) => node.lower === 'as')
  const type = readTypeName(inner, as + 1)
  return strong(inner.slice(0, as)) ?? (type === undefined ? undefined : typeName(type.name))
}

function typeName(name: string): string {
  const clean = name.replaceAll('"', '')
  return (
    typesByName.get(clean)?.name ??
    { int: 'int4', decimal: 'numeric', character: 'varchar', double: 'float8' }[clean] ??
    clean
  )
}
