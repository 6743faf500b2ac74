// `x::type` and CAST(x AS type) for the types that the engine doesn't have: names become oids, oids become names.
import { ownerName, ownerOid, quoted, userOid } from '../catalog/content.ts'
import { systemTables } from '../catalog/system-oids.ts'
import { functionRows, typesByName, typesByOid } from '../catalog/types-table.ts'
import { PgError, states } from '../sqlstate.ts'
import { readArray } from '../values/arrays.ts'
import { bareNumeric, decimalTypeOf } from '../values/parameters.ts'
import { formatTypeSql } from './format-type.ts'
import { isName, type Node, textOf } from './tree.ts'
import type { RewriteContext } from './types.ts'

export interface TypeName {
  /** The first word, in lower case; `"char"` with its quotes. */
  readonly name: string
  readonly text: string
  readonly size: string | undefined
  readonly isArray: boolean
  /** Behind it. */
  readonly next: number
}

const secondWords: Record<string, readonly string[]> = {
  double: ['precision'],
  character: ['varying'],
  char: ['varying'],
  bit: ['varying'],
}

export function readTypeName(nodes: readonly Node[], start: number): TypeName | undefined {
  let at = start
  if (/^(?:pg_catalog|information_schema)$/.test(nodes[at]?.lower ?? '') && nodes[at + 1]?.text === '.') at += 2
  const first = nodes[at]
  if (first === undefined || !isName(first)) return undefined
  const from = at
  at += 1
  if (secondWords[first.lower]?.includes(nodes[at]?.lower ?? '') === true) at += 1
  const sizeGroup = nodes[at]?.kind === 'group' && nodes[at]?.text === '(' ? nodes[at] : undefined
  if (sizeGroup !== undefined) at += 1
  if (
    /^(?:with|without)$/.test(nodes[at]?.lower ?? '') &&
    nodes[at + 1]?.lower === 'time' &&
    nodes[at + 2]?.lower === 'zone'
  )
    at += 3
  const base = at
  while (nodes[at]?.kind === 'group' && nodes[at]?.text === '[') at += 1
  return {
    name: first.kind === 'quoted' ? `"${first.value}"` : first.lower,
    text: textOf(nodes.slice(from, at)),
    size: sizeGroup === undefined ? undefined : textOf(sizeGroup.nodes ?? []),
    isArray: at > base,
    next: at,
  }
}

/** Types under another name. */
const aliases: Record<string, string> = {
  name: 'VARCHAR',
  bpchar: 'VARCHAR',
  citext: 'VARCHAR',
  '"char"': 'VARCHAR',
  cstring: 'VARCHAR',
  sql_identifier: 'VARCHAR',
  character_data: 'VARCHAR',
  yes_or_no: 'VARCHAR',
  cardinal_number: 'INTEGER',
  pg_node_tree: 'VARCHAR',
  aclitem: 'VARCHAR',
  regconfig: 'VARCHAR',
  jsonb: 'JSON',
  oid: 'UINTEGER',
  xid: 'UINTEGER',
  cid: 'UINTEGER',
  xid8: 'UBIGINT',
  int2vector: 'SMALLINT[]',
  oidvector: 'UINTEGER[]',
}

export interface CastResult {
  readonly text: string
  readonly shown?: string
}

export class Casts {
  readonly #context: RewriteContext
  readonly #relations: Set<string>

  constructor(context: RewriteContext, relations: Set<string>) {
    this.#context = context
    this.#relations = relations
  }

  /** undefined: the engine knows the type; the cast stays as it is. Error: a name that nobody has. */
  cast(operand: readonly Node[], type: TypeName): CastResult | undefined {
    const [only] = operand
    const literal = operand.length === 1 && only?.kind === 'string' ? only : undefined
    const text = textOf(operand)
    if (type.isArray) return this.#array(literal, text, type)
    if (type.name.startsWith('reg') && type.name !== 'regconfig') return this.#named(type.name, literal, only, text)
    if (/^(?:text|varchar|name)$/.test(type.name) && operand.length === 1 && only?.shown !== undefined) {
      return { text: stringSql(only.shown) }
    }
    const alias = Object.hasOwn(aliases, type.name) ? aliases[type.name] : undefined
    if (alias !== undefined) return { text: `${text}::${alias}` }
    if (/^(?:numeric|decimal|dec)$/.test(type.name) && type.size === undefined)
      return { text: this.#numeric(literal, only, operand.length, text) }
    // The engine takes a length and forgets it.
    if (/^(?:varchar|character|char)$/.test(type.name) && type.size !== undefined) {
      return { text: `left(${text}::VARCHAR, ${type.size})` }
    }
    return undefined
  }

  /** Without digits: the engine would round to three. What stands in the text keeps all it has. */
  #numeric(literal: Node | undefined, only: Node | undefined, length: number, text: string): string {
    const isExact =
      length === 1 &&
      ((only?.kind === 'parameter' && text.includes('AS DECIMAL(')) || (only?.kind === 'number' && text.includes('.')))
    if (isExact) return text
    const type = literal === undefined ? bareNumeric : (decimalTypeOf(literal.value.trim()) ?? bareNumeric)
    return `CAST(${text} AS ${type})`
  }

  #array(literal: Node | undefined, text: string, type: TypeName): CastResult | undefined {
    const isBareNumeric = /^(?:numeric|decimal)$/.test(type.name) && type.size === undefined
    const alias = isBareNumeric ? bareNumeric : Object.hasOwn(aliases, type.name) ? aliases[type.name] : undefined
    const element = alias ?? type.text.replace(/(?:\s*\[[^\]]*\])+$/, '')
    if (literal !== undefined && /^\s*\{/.test(literal.value)) {
      const items = readArray(literal.value).map((item) => {
        if (item !== null && typeof item !== 'string')
          throw new PgError(states.unsupported, 'Arrays of arrays are not supported', literal)
        return item === null ? 'NULL' : stringSql(item)
      })
      return { text: `CAST([${items.join(', ')}] AS ${element}[])` }
    }
    return alias === undefined ? undefined : { text: `${text}::${alias}[]` }
  }

  #named(kind: string, literal: Node | undefined, only: Node | undefined, text: string): CastResult {
    if (literal === undefined) return only?.kind === 'parameter' ? this.oidByName(kind, text) : this.#nameOf(kind, text)
    const isNumber = /^\d+$/.test(literal.value)
    const oid = isNumber ? Number(literal.value) : this.resolve(kind, literal.value)
    if (oid === undefined) throw missing(kind, literal)
    return { text: String(oid), shown: this.#shownName(oid) ?? literal.value.replace(/^pg_catalog\./, '') }
  }

  /** Of a table: without its dataset where the path finds it. */
  #shownName(oid: number): string | undefined {
    const { names, path } = this.#context
    const found = names.tableOf(oid)
    if (found === undefined) return undefined
    const first = path.find((dataset) => names.hasTable(dataset, found.table))
    return first === found.dataset ? quoted(found.table) : `${quoted(found.dataset)}.${quoted(found.table)}`
  }

  /** An oid by a name that isn't known when the statement is written. */
  oidByName(kind: string, text: string): CastResult {
    const name = `CAST(${text} AS VARCHAR)`
    const found = this.#namesIn(kind, name).map(([relation, column, sql]) => {
      this.#relations.add(relation)
      return `(SELECT any_value(l."oid") FROM ${relation} AS l WHERE l."${column}" = ${sql})`
    })
    return { text: `coalesce(${[`TRY_CAST(${name} AS UINTEGER)`, ...found].join(', ')})` }
  }

  /** Relation, column, and what it must be; the first that has it counts. */
  #namesIn(kind: string, name: string): (readonly [string, string, string])[] {
    switch (kind) {
      case 'regclass': {
        const spelled = [name, ...this.#context.path.map((dataset) => `${stringSql(dataset)} || '.' || ${name}`)]
        return spelled.map((sql) => ['pg_millpond_names', 'name', sql])
      }
      case 'regtype':
        return [['pg_type', 'typname', name]]
      case 'regnamespace':
        return [['pg_namespace', 'nspname', name]]
      case 'regrole':
        return [['pg_roles', 'rolname', name]]
      default:
        return [['pg_proc', 'proname', name]]
    }
  }

  #nameOf(kind: string, text: string): CastResult {
    switch (kind) {
      case 'regclass':
        return this.#lookup('pg_millpond_relations', 'name', text)
      case 'regtype':
        return { text: formatTypeSql(text, 'NULL') }
      case 'regproc':
      case 'regprocedure':
        return this.#lookup('pg_proc', 'proname', text)
      case 'regnamespace':
        return this.#lookup('pg_namespace', 'nspname', text)
      case 'regrole':
        return this.#lookup('pg_roles', 'rolname', text)
      default:
        return { text: `CAST(${text} AS VARCHAR)` }
    }
  }

  #lookup(relation: string, column: string, oid: string): CastResult {
    this.#relations.add(relation)
    const found = `(SELECT any_value(l."${column}") FROM ${relation} AS l WHERE l."oid" = ${oid})`
    return { text: `coalesce(${found}, CASE WHEN ${oid} = 0 THEN '-' ELSE CAST(${oid} AS VARCHAR) END)` }
  }

  /** undefined: there is nothing of that name. */
  resolve(kind: string, name: string): number | undefined {
    switch (kind) {
      case 'regclass':
        return this.#relationOid(name)
      case 'regtype':
        return typeOidOf(name)
      case 'regproc':
      case 'regprocedure': {
        const bare = name.replace(/^pg_catalog\./, '').replace(/\(.*$/, '')
        return name === '-' ? 0 : functionRows.find((row) => row.name === bare)?.oid
      }
      case 'regnamespace': {
        if (name === 'pg_catalog') return 11
        return name === 'information_schema' ? 13_000 : this.#context.names.schemaOid(name.replaceAll('"', ''))
      }
      case 'regrole':
        return name.replaceAll('"', '') === this.#context.identity.handle
          ? userOid
          : name === ownerName
            ? ownerOid
            : undefined
      default:
        return undefined
    }
  }

  #relationOid(text: string): number | undefined {
    const { names, path, identity } = this.#context
    const parts = (text.match(/"(?:[^"]|"")*"|[^.]+/g) ?? []).map((part) =>
      part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part.trim().toLowerCase(),
    )
    if (parts.length === 3 && parts[0] === identity.database) parts.shift()
    const [first = '', second] = parts
    if (parts.length === 2 && second !== undefined) {
      return first === 'pg_catalog' ? systemTables[second] : names.tableOid(first, second)
    }
    if (parts.length !== 1) return undefined
    for (const dataset of path) {
      const oid = names.tableOid(dataset, first)
      if (oid !== undefined) return oid
    }
    return Object.hasOwn(systemTables, first) ? systemTables[first] : undefined
  }
}

function typeOidOf(name: string): number | undefined {
  const clean = name
    .replace(/^pg_catalog\./, '')
    .replace(/\([^)]*\)/, '')
    .trim()
    .toLowerCase()
  const row = typesByName.get(clean) ?? typesByName.get(clean.replaceAll('"', ''))
  if (row !== undefined) return row.oid
  const element = /^(.*)\[\]$/.exec(clean)?.[1]
  const found = element === undefined ? undefined : typesByName.get(element)
  return found === undefined || found.array === 0 ? sqlTypeNames[clean] : typesByOid.get(found.array)?.oid
}

const sqlTypeNames: Record<string, number> = { int: 23, decimal: 1700, float: 701, 'double precision': 701, string: 25 }

const kindWords: Record<string, string> = {
  regclass: 'relation',
  regtype: 'type',
  regproc: 'function',
  regprocedure: 'function',
  regnamespace: 'schema',
  regrole: 'role',
}

function missing(kind: string, { value, offset }: Node): PgError {
  const what = kindWords[kind]
  if (what === undefined) return new PgError(states.unsupported, `The type ${kind} is not supported here`, { offset })
  const state =
    kind === 'regclass' ? states.unknownTable : kind === 'regnamespace' ? states.invalidSchema : states.unknownObject
  return new PgError(state, `${what} "${value}" does not exist`, { offset })
}

export function stringSql(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
