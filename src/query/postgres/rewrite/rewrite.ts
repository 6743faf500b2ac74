// A statement of a Postgres client -> the engine's dialect: names of tables, functions of the catalogue, casts to types that only
// Postgres has, and operators that mean something else here. Tokens in, tokens out; nothing is ever matched in raw text.
import { systemTables } from '../catalog/system-oids.ts'
import { PgError, states } from '../sqlstate.ts'
import { catalogFunctions, literalOf, schemaSql } from './functions-catalog.ts'
import { sqlFunctions } from './functions-sql.ts'
import type { StatementText } from './lexer.ts'
import { TableNames } from './tables.ts'
import { isName, nameOf, type Node, operandEnd, operandStart, partsOf, raw, textOf, treeOf } from './tree.ts'
import { Casts, readTypeName, stringSql } from './type-cast.ts'
import type { RewriteContext, Rewritten } from './types.ts'

export function rewrite(source: StatementText, context: RewriteContext): Rewritten {
  const tree = withParameters(treeOf(source), context)
  const relations = new Set<string>()
  const effects: { name: string; value: string; isLocal: boolean }[] = []
  const tables = new TableNames(context, relations, tree)
  const named = tables.rewrite(tree)
  const level = new Level(context, relations, effects, tables.aliases)
  return { sql: textOf(level.rewrite(named)), relations, effects }
}

class Level {
  readonly #context: RewriteContext
  readonly #relations: Set<string>
  readonly #effects: { name: string; value: string; isLocal: boolean }[]
  readonly #casts: Casts
  readonly #aliases: ReadonlyMap<string, string>

  constructor(
    context: RewriteContext,
    relations: Set<string>,
    effects: Rewritten['effects'][number][],
    aliases: ReadonlyMap<string, string>,
  ) {
    this.#aliases = aliases
    this.#context = context
    this.#relations = relations
    this.#effects = effects
    this.#casts = new Casts(context, relations)
  }

  /** The inner brackets first. */
  rewrite(nodes: readonly Node[]): Node[] {
    let out = nodes.map((node) => (node.nodes === undefined ? node : { ...node, nodes: this.rewrite(node.nodes) }))
    out = withTableOids(withoutSchemas(out), this.#aliases)
    out = withoutCollations(withPlainOperators(out))
    out = this.#calls(out)
    out = this.#sessionWords(out)
    out = this.#withCasts(out)
    return matches(out)
  }

  #calls(nodes: readonly Node[]): Node[] {
    const out: Node[] = []
    for (let at = 0; at < nodes.length; at += 1) {
      const node = nodes[at] as Node
      const group = nodes[at + 1]
      const isCall = isName(node) && group?.kind === 'group' && group.text === '(' && nodes[at - 1]?.text !== '.'
      const text = isCall ? this.#call(node, group) : undefined
      if (text === undefined) {
        out.push(node)
        continue
      }
      out.push(raw(text, node))
      at += 1
    }
    return out
  }

  #call(node: Node, group: Node): string | undefined {
    const name = nameOf(node)
    const inner = group.nodes ?? []
    if (name === 'cast' || name === 'try_cast') return this.#castCall(inner)
    if (name === 'any' || name === 'all' || name === 'some') return this.#quantified(node, inner)
    const rewriter = Object.hasOwn(catalogFunctions, name)
      ? catalogFunctions[name]
      : Object.hasOwn(sqlFunctions, name)
        ? sqlFunctions[name]
        : undefined
    if (rewriter === undefined) return undefined
    const nodes = partsOf(inner)
    return rewriter({
      name,
      args: nodes.map((part) => textOf(part)),
      nodes,
      context: this.#context,
      casts: this.#casts,
      relations: this.#relations,
      effects: this.#effects,
      offset: node.offset,
    })
  }

  /** CAST(x AS regclass). */
  #castCall(inner: readonly Node[]): string | undefined {
    const as = inner.findIndex((node) => node.kind === 'word' && node.lower === 'as')
    if (as === -1) return undefined
    const type = readTypeName(inner, as + 1)
    if (type === undefined || type.next !== inner.length) return undefined
    const operand = inner.slice(0, as)
    return this.#casts.cast(operand.length === 1 ? operand : [raw(`(${textOf(operand)})`, operand[0] ?? nowhere)], type)
      ?.text
  }

  /** = ANY('{a,b}'): the engine wants a list. */
  #quantified(node: Node, inner: readonly Node[]): string | undefined {
    const literal = literalOf(inner)
    if (literal === undefined || !/^\s*\{/.test(literal)) return undefined
    const list = this.#casts.cast(inner, { name: 'text', text: 'VARCHAR[]', size: undefined, isArray: true, next: 0 })
    return list === undefined ? undefined : `${node.text}(${list.text})`
  }

  /** CURRENT_USER and its kin, which are no calls. */
  #sessionWords(nodes: readonly Node[]): Node[] {
    return nodes.map((node, index) => {
      if (node.kind !== 'word' || nodes[index - 1]?.text === '.' || nodes[index + 1]?.text === '.') return node
      if (nodes[index - 1]?.lower === 'as') return node
      const isCall = nodes[index + 1]?.kind === 'group' && nodes[index + 1]?.text === '('
      const sql = isCall ? undefined : this.#sessionWord(node.lower)
      return sql === undefined ? node : raw(sql, node)
    })
  }

  #sessionWord(word: string): string | undefined {
    const { identity } = this.#context
    switch (word) {
      case 'current_user':
      case 'session_user':
      case 'current_role':
      case 'user':
        return stringSql(identity.handle)
      case 'current_catalog':
        return stringSql(identity.database)
      case 'current_schema':
        return schemaSql(this.#context)
      default:
        return undefined
    }
  }

  #withCasts(nodes: readonly Node[]): Node[] {
    let out = [...nodes]
    for (let at = 0; at < out.length; at += 1) {
      const node = out[at]
      if (node?.text !== '::' || node.kind !== 'symbol') continue
      const type = readTypeName(out, at + 1)
      const start = operandStart(out, at)
      if (type === undefined || start === undefined) continue
      const operand = out.slice(start, at)
      const first = operand[0] as Node
      const made = this.#casts.cast(operand, type)
      const isParameter = operand.length === 1 && first.kind === 'parameter'
      const text = made?.text ?? `${textOf(operand)}::${type.text}`
      const sql = isParameter
        ? text.replaceAll(`$${first.value}`, () => this.#context.parameter(Number(first.value)))
        : text
      out = [
        ...out.slice(0, start),
        raw(made === undefined ? sql : `(${sql})`, first, made?.shown),
        ...out.slice(type.next),
      ]
      at = start
    }
    return out
  }
}

/** What a parameter is written as; it stays one for those who ask. */
function withParameters(nodes: readonly Node[], context: RewriteContext): Node[] {
  return nodes.map((node) => {
    if (node.nodes !== undefined) return { ...node, nodes: withParameters(node.nodes, context) }
    return node.kind === 'parameter' ? { ...node, text: context.parameter(Number(node.value)) } : node
  })
}

const nowhere = { offset: 0, gap: '' }

/** pg_catalog.f(…), pg_catalog.pg_class.oid: here all of it is without a schema. */
function withoutSchemas(nodes: readonly Node[]): Node[] {
  const out: Node[] = []
  for (let at = 0; at < nodes.length; at += 1) {
    const node = nodes[at] as Node
    const isSchema =
      isName(node) && /^(?:pg_catalog|information_schema)$/.test(nameOf(node)) && nodes[at - 1]?.text !== '.'
    const next = nodes[at + 2]
    if (isSchema && nodes[at + 1]?.text === '.' && isName(next)) {
      out.push({ ...(next as Node), gap: node.gap })
      at += 2
    } else out.push(node)
  }
  return out
}

/** c.tableoid: which table of the catalogue a row is from. */
function withTableOids(nodes: readonly Node[], aliases: ReadonlyMap<string, string>): Node[] {
  const out: Node[] = []
  for (let at = 0; at < nodes.length; at += 1) {
    const node = nodes[at] as Node
    const isOid = isName(node) && nodes[at + 1]?.text === '.' && nodes[at + 2]?.lower === 'tableoid'
    const relation = isOid ? aliases.get(nameOf(node)) : undefined
    const oid = relation === undefined ? undefined : (systemTables[relation] ?? 0)
    if (oid === undefined) {
      out.push(node)
      continue
    }
    out.push(raw(`CAST(${oid} AS UINTEGER)`, node))
    at += 2
  }
  return out
}

/** OPERATOR(pg_catalog.~) -> ~ */
function withPlainOperators(nodes: readonly Node[]): Node[] {
  const out: Node[] = []
  for (let at = 0; at < nodes.length; at += 1) {
    const node = nodes[at] as Node
    const group = nodes[at + 1]
    const operator = group?.nodes?.at(-1)
    if (node.lower === 'operator' && group?.kind === 'group' && operator?.kind === 'symbol') {
      out.push({ ...operator, gap: node.gap })
      at += 1
    } else out.push(node)
  }
  return out
}

/** Texts compare by their bytes here, as with "C"; other orders the engine must know. */
function withoutCollations(nodes: readonly Node[]): Node[] {
  const out: Node[] = []
  for (let at = 0; at < nodes.length; at += 1) {
    const node = nodes[at] as Node
    const name = nodes[at + 1]
    if (
      node.lower === 'collate' &&
      name !== undefined &&
      isName(name) &&
      /^(?:default|c|posix|ucs_basic)$/i.test(nameOf(name))
    )
      at += 1
    else out.push(node)
  }
  return out
}

const patternOperators: Readonly<Record<string, { readonly isNot: boolean; readonly options: string }>> = {
  '~': { isNot: false, options: 's' },
  '!~': { isNot: true, options: 's' },
  '~*': { isNot: false, options: 'is' },
  '!~*': { isNot: true, options: 'is' },
}
/** Bind tighter than ~, or as tight and from the left. */
const tighter: ReadonlySet<string> = new Set(['||', '+', '-', '*', '/', '%', '->', '->>'])

/** a ~ b: in Postgres the pattern may stand anywhere in the text, in the engine it must be all of it. */
function matches(nodes: readonly Node[]): Node[] {
  let out = [...nodes]
  for (let at = 0; at < out.length; at += 1) {
    const node = out[at] as Node
    if (node.lower === 'similar' && out[at + 1]?.lower === 'to') {
      throw new PgError(
        states.unsupported,
        'SIMILAR TO is not supported: use ~ with a regular expression, or LIKE',
        node,
      )
    }
    const operator =
      node.kind === 'symbol' && Object.hasOwn(patternOperators, node.text) ? patternOperators[node.text] : undefined
    const start = operator === undefined ? undefined : leftOf(out, at)
    if (operator === undefined || start === undefined) continue
    const end = operandEnd(out, at + 1)
    if (end === undefined || /^(?:any|all|some)$/.test(out[at + 1]?.lower ?? '')) {
      throw new PgError(states.unsupported, `The right side of ${node.text} must be a plain value here`, node)
    }
    const [left, right] = [textOf(out.slice(start, at)), textOf(out.slice(at + 1, end))]
    const call = `regexp_matches(${left}, ${right}, '${operator.options}')`
    out = [...out.slice(0, start), raw(operator.isNot ? `(NOT ${call})` : call, out[start] as Node), ...out.slice(end)]
    at = start
  }
  return out
}

function leftOf(nodes: readonly Node[], end: number): number | undefined {
  let start = operandStart(nodes, end)
  while (start !== undefined && tighter.has(nodes[start - 1]?.text ?? '')) {
    const further = operandStart(nodes, start - 1)
    if (further === undefined) break
    start = further
  }
  return start
}
