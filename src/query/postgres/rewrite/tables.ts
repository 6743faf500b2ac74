// Names of tables: bare ones are looked up in the search path, those of the catalogue become the session's own tables.
//
//   FROM tracks              ─▶ FROM "web"."tracks"
//   FROM pg_catalog.pg_class ─▶ FROM pg_class AS "pg_class"
//   FROM millpond.web.tracks ─▶ FROM "web"."tracks"
import { informationPrefix, shapes } from '../catalog/shapes.ts'
import { PgError, states } from '../sqlstate.ts'
import { isName, nameOf, type Node, partsOf, raw } from './tree.ts'
import type { RewriteContext } from './types.ts'

/** Functions that have a FROM of another kind inside. */
const oddFrom: ReadonlySet<string> = new Set(['extract', 'substring', 'trim', 'overlay', 'position', 'date_part'])
const clauseEnds: ReadonlySet<string> = new Set(
  'where group having window order limit offset fetch union intersect except returning qualify select set values for sample'.split(
    ' ',
  ),
)
/** Words behind a table's name that are no alias. */
const noAlias: ReadonlySet<string> = new Set(
  `where group having window order limit offset fetch union intersect except returning qualify select set values for join left right
  inner outer cross full natural on using tablesample positional asof semi anti lateral default sample pivot unpivot`
    .trim()
    .split(/\s+/),
)
const queryStarts: ReadonlySet<string> = new Set(['select', 'with', 'values', 'table', 'from'])

export class TableNames {
  readonly #context: RewriteContext
  readonly #relations: Set<string>
  readonly #ctes: ReadonlySet<string>
  /** Alias -> table of the catalogue. */
  readonly aliases = new Map<string, string>()

  constructor(context: RewriteContext, relations: Set<string>, tree: readonly Node[]) {
    this.#context = context
    this.#relations = relations
    this.#ctes = cteNames(tree)
  }

  /** `expectsTable`: the nodes stand inside brackets of a FROM. */
  rewrite(nodes: readonly Node[], expectsTable = false, isOdd = false): Node[] {
    const out: Node[] = []
    let expects = expectsTable
    let inFrom = expectsTable
    for (let at = 0; at < nodes.length; at += 1) {
      const node = nodes[at] as Node
      const before = nodes[at - 1]
      if (node.kind === 'group') {
        out.push(this.#group(node, before, expects))
        expects = false
      } else if (expects && isName(node) && !(node.kind === 'word' && isSkipped(node.lower))) {
        const { made, next } = this.#table(nodes, at)
        out.push(...made)
        at = next - 1
        expects = false
      } else {
        out.push(node)
        const word = node.kind === 'word' ? node.lower : ''
        const isTableWord = !isOdd && isBeforeTable(nodes, at)
        if (isTableWord) [expects, inFrom] = [true, true]
        else if (word === 'join') expects = true
        else if (node.text === ',' && node.kind === 'symbol') expects = inFrom
        else if (clauseEnds.has(word)) [expects, inFrom] = [false, false]
        else if (!isSkipped(word)) expects = false
      }
    }
    return out
  }

  #group(node: Node, before: Node | undefined, expects: boolean): Node {
    const first = node.nodes?.[0]
    const isJoin = expects && node.text === '(' && !queryStarts.has(first?.lower ?? '')
    const isOdd = before?.kind === 'word' && oddFrom.has(before.lower)
    return { ...node, nodes: this.rewrite(node.nodes ?? [], isJoin, isOdd) }
  }

  #table(nodes: readonly Node[], start: number): { made: Node[]; next: number } {
    const parts: Node[] = [nodes[start] as Node]
    let next = start + 1
    while (nodes[next]?.text === '.' && isName(nodes[next + 1])) {
      parts.push(nodes[next + 1] as Node)
      next += 2
    }
    const [first] = parts as [Node]
    const asWritten = { made: nodes.slice(start, next).map((node) => node), next }
    const isCall = nodes[next]?.kind === 'group' && nodes[next]?.text === '('
    const names = parts.map(nameOf)
    if (isCall && !this.#isTableFunction(names)) return this.#setFunction(names.at(-1) ?? '', nodes, start, next)
    if (isCall) {
      const after = nodes.slice(next + 1, next + 3)
      return { made: this.#catalogTable(nameIn(names), names.at(-1) ?? '', first, after), next: next + 1 }
    }
    if (names.length === 3 && names[0] === this.#context.identity.database) names.shift()
    if (names.length === 3) return asWritten
    if (names.length === 2)
      return {
        made: this.#inSchema(names as [string, string], first, nodes.slice(next, next + 2)) ?? asWritten.made,
        next,
      }
    return { made: this.#bare(names[0] ?? '', first, nodes.slice(next, next + 2)) ?? asWritten.made, next }
  }

  /** FROM generate_series(1, 3) s: in Postgres the alias names the column too. */
  #setFunction(name: string, nodes: readonly Node[], start: number, group: number): { made: Node[]; next: number } {
    const call = nodes.slice(start, group)
    const at = nodes[start] as Node
    const inner = this.rewrite(nodes[group]?.nodes ?? [])
    const made: Node[] = [...call, { ...(nodes[group] as Node), nodes: inner }]
    const isSubscripts = name === 'generate_subscripts'
    if (isSubscripts) made.splice(0, made.length, ...subscriptsOf(inner, at))
    const after = nodes.slice(group + 1, group + 4)
    const alias = aliasIn(after)
    const behind = after[0]?.lower === 'as' ? after[2] : after[1]
    const hasColumns = behind?.kind === 'group' && behind.text === '('
    if (alias === undefined || hasColumns || !oneColumn.has(name)) return { made, next: group + 1 }
    const skipped = after[0]?.lower === 'as' ? 2 : 1
    return {
      made: [...made, raw(`AS ${quote(alias)}(${quote(alias)})`, { ...at, gap: ' ' })],
      next: group + 1 + skipped,
    }
  }

  #isTableFunction(names: readonly string[]): boolean {
    const name = names.at(-1) ?? ''
    return name === 'pg_get_keywords' || name === 'pg_show_all_settings' || name === 'pg_stat_get_activity'
  }

  #inSchema([schema, table]: [string, string], at: Node, after: readonly Node[]): Node[] | undefined {
    if (schema === 'pg_catalog') {
      if (!shapes.has(table)) throw unknownRelation(`${schema}.${table}`, at)
      return this.#catalogTable(table, table, at, after)
    }
    if (schema === 'information_schema') {
      const inner = informationPrefix + table
      if (!shapes.has(inner)) throw unknownRelation(`${schema}.${table}`, at)
      return this.#catalogTable(inner, table, at, after)
    }
    if (schema === 'pg_temp') return [raw(quote(table), at)]
    if (!this.#context.names.hasTable(schema, table)) return undefined
    return [raw(`${quote(schema)}.${quote(table)}`, at)]
  }

  #bare(table: string, at: Node, after: readonly Node[]): Node[] | undefined {
    const { names, path, isDefaultPath } = this.#context
    if (this.#ctes.has(table)) return undefined
    if (this.#context.temporaryTables.has(table)) return [raw(quote(table), at)]
    const found = path.filter((dataset) => names.hasTable(dataset, table))
    const [dataset] = found
    if (dataset === undefined)
      return table.startsWith('pg_') && shapes.has(table) ? this.#catalogTable(table, table, at, after) : undefined
    if (isDefaultPath && found.length > 1) {
      const message = `There is a table "${table}" in each of ${found.join(', ')}`
      throw new PgError(states.ambiguousAlias, message, {
        offset: at.offset,
        hint: `Write ${dataset}.${table}, or SET search_path.`,
      })
    }
    return [raw(`${quote(dataset)}.${quote(table)}`, at)]
  }

  #catalogTable(relation: string, alias: string, at: Node, after: readonly Node[]): Node[] {
    this.#relations.add(relation)
    const given = aliasIn(after)
    this.aliases.set(given ?? alias, relation)
    const hasAlias = given !== undefined
    return [raw(hasAlias ? relation : `${relation} AS ${quote(alias)}`, at)]
  }
}

const oneColumn: ReadonlySet<string> = new Set([
  'generate_series',
  'unnest',
  'generate_subscripts',
  'regexp_split_to_table',
  'range',
])

/** generate_subscripts(x, 1): the places of a list. */
function subscriptsOf(inner: readonly Node[], at: Node): Node[] {
  const [list = []] = partsOf(inner)
  const word = (name: string): Node => ({ ...raw(name, at), kind: 'word', lower: name })
  const group = (nodes: readonly Node[]): Node => ({
    ...raw('(', { ...at, gap: '' }),
    kind: 'group',
    nodes,
    close: ')',
  })
  return [word('unnest'), group([word('generate_series'), group([raw('1, ', at), word('len'), group(list)])])]
}

function aliasIn([first, second]: readonly Node[]): string | undefined {
  if (first?.lower === 'as' && second !== undefined && isName(second)) return nameOf(second)
  if (first?.kind === 'quoted') return first.value
  return first?.kind === 'word' && !noAlias.has(first.lower) && first.lower !== 'as' ? first.lower : undefined
}

function nameIn(names: readonly string[]): string {
  const name = names.at(-1) ?? ''
  return name === 'pg_show_all_settings' ? 'pg_settings' : name === 'pg_stat_get_activity' ? 'pg_stat_activity' : name
}

function isSkipped(word: string): boolean {
  return word === 'lateral' || word === 'only'
}

/** FROM, but not IS DISTINCT FROM; UPDATE and INTO; TABLE at the start of a query. */
function isBeforeTable(nodes: readonly Node[], at: number): boolean {
  const node = nodes[at]
  if (node?.kind !== 'word') return false
  if (node.lower === 'from') return nodes[at - 1]?.lower !== 'distinct'
  if (node.lower === 'into' || (node.lower === 'update' && at === 0)) return true
  return (node.lower === 'table' && at === 0) || (node.lower === 'using' && nodes[0]?.lower === 'delete')
}

function unknownRelation(name: string, { offset }: Node): PgError {
  return new PgError(states.unknownTable, `relation "${name}" does not exist`, { offset })
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Names that WITH gives, wherever: such a name is never looked up. */
function cteNames(tree: readonly Node[]): Set<string> {
  const names = new Set<string>()
  const visit = (nodes: readonly Node[]): void => {
    for (const [index, node] of nodes.entries()) {
      if (node.nodes !== undefined) visit(node.nodes)
      if (!isName(node)) continue
      let at = index + 1
      if (nodes[at]?.kind === 'group' && nodes[at]?.text === '(') at += 1
      if (nodes[at]?.lower !== 'as') continue
      at += 1
      while (['not', 'materialized'].includes(nodes[at]?.lower ?? '')) at += 1
      const body = nodes[at]
      const isCte =
        body?.kind === 'group' &&
        (nodes[index - 1]?.text === ',' || /^(?:with|recursive)$/.test(nodes[index - 1]?.lower ?? ''))
      if (isCte) names.add(nameOf(node))
    }
  }
  visit(tree)
  return names
}
