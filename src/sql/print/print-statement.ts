// Statements → GoogleSQL: the door of the printer.
import type {
  AlterAction,
  Assignment,
  ColumnDefinition,
  CreateHead,
  DmlValue,
  MergeClause,
  ObjectName,
  Reference,
  RoutineParameter,
  Script,
  Statement,
  TableConstraint,
} from '../syntax/ast-statement.ts'
import type { Expression, StringLiteral } from '../syntax/ast.ts'
import {
  aliasText,
  printArgument,
  printExpression,
  printIdentifier,
  printNames,
  printOptions,
  printPath,
  printType,
} from './print-expression.ts'
import { printFrom } from './print-from.ts'
import { printQuery } from './print-query.ts'
import { printScriptStatement } from './print-script.ts'
import { stringText } from './text.ts'

export function printScript(script: Script): string {
  return script.statements.map((statement) => `${printStatement(statement)};\n`).join('')
}

/** Without a semicolon. */
export function printStatement(node: Statement): string {
  switch (node.kind) {
    case 'query-statement':
      return printQuery(node.query)
    case 'other':
      return node.text
    case 'insert':
    case 'update':
    case 'delete':
    case 'merge':
      return printDml(node)
    case 'create-schema':
    case 'create-table':
    case 'create-table-from':
    case 'create-view':
      return printCreate(node)
    case 'create-function':
    case 'create-table-function':
    case 'create-procedure':
      return printRoutine(node)
    case 'alter':
      return `ALTER ${node.what}${node.ifExists ? ' IF EXISTS' : ''} ${printObject(node.name)} ${node.actions.map(printAction).join(', ')}`
    case 'drop':
      return `DROP ${node.what}${node.ifExists ? ' IF EXISTS' : ''} ${printObject(node.name)}${node.behaviour === undefined ? '' : ` ${node.behaviour}`}`
    case 'drop-function':
      return `DROP ${node.isTable ? 'TABLE ' : ''}FUNCTION${node.ifExists ? ' IF EXISTS' : ''} ${printObject(node.name)}`
    case 'truncate':
      return `TRUNCATE TABLE ${printObject(node.table)}${whereText(node.where)}`
    case 'undrop-schema':
      return `UNDROP SCHEMA${node.ifNotExists ? ' IF NOT EXISTS' : ''} ${printObject(node.name)}`
    default:
      return printScriptStatement(node)
  }
}

type Of<K extends Statement['kind']> = Extract<Statement, { readonly kind: K }>

export function printObject({ parts }: ObjectName): string {
  return printPath(parts)
}

function createText(what: string, { isReplacing, ifNotExists, name }: CreateHead, isTemp = false): string {
  return `CREATE ${isReplacing ? 'OR REPLACE ' : ''}${isTemp ? 'TEMP ' : ''}${what} ${ifNotExists ? 'IF NOT EXISTS ' : ''}${printObject(name)}`
}

function collateText(collate: StringLiteral | undefined): string {
  return collate === undefined ? '' : ` DEFAULT COLLATE ${stringText(collate.value)}`
}

function layoutText({
  partitionBy,
  clusterBy,
}: {
  readonly partitionBy: Expression | undefined
  readonly clusterBy: readonly Expression[]
}): string {
  const partition = partitionBy === undefined ? '' : ` PARTITION BY ${printExpression(partitionBy)}`
  return clusterBy.length === 0
    ? partition
    : `${partition} CLUSTER BY ${clusterBy.map((one) => printExpression(one)).join(', ')}`
}

function printCreate(node: Of<'create-schema' | 'create-table' | 'create-table-from' | 'create-view'>): string {
  switch (node.kind) {
    case 'create-schema':
      return `${createText('SCHEMA', node)}${collateText(node.collate)}${printOptions(node.options)}`
    case 'create-table': {
      const parts = [...node.columns.map(printColumn), ...node.constraints.map((one) => printConstraint(one))]
      const columns = parts.length === 0 ? '' : ` (${parts.join(', ')})`
      const connection = node.connection === undefined ? '' : ` WITH CONNECTION ${printObject(node.connection)}`
      const query = node.query === undefined ? '' : ` AS ${printQuery(node.query)}`
      const head = createText(node.isExternal ? 'EXTERNAL TABLE' : 'TABLE', node, node.isTemp)
      return `${head}${columns}${collateText(node.defaultCollate)}${layoutText(node)}${connection}${printOptions(node.options)}${query}`
    }
    case 'create-table-from': {
      const time = node.systemTime === undefined ? '' : ` FOR SYSTEM_TIME AS OF ${printExpression(node.systemTime)}`
      const query = node.query === undefined ? '' : ` AS ${printQuery(node.query)}`
      const head = createText(node.isSnapshot ? 'SNAPSHOT TABLE' : 'TABLE', node, node.isTemp)
      return `${head} ${node.how} ${printObject(node.source)}${time}${layoutText(node)}${printOptions(node.options)}${query}`
    }
    case 'create-view': {
      const columns = node.columns.map(({ name, options }) => `${printIdentifier(name)}${printOptions(options)}`)
      const list = columns.length === 0 ? '' : ` (${columns.join(', ')})`
      const body =
        node.query === undefined
          ? `REPLICA OF ${node.replicaOf === undefined ? '' : printObject(node.replicaOf)}`
          : printQuery(node.query)
      const head = createText(node.isMaterialized ? 'MATERIALIZED VIEW' : 'VIEW', node, node.isTemp)
      return `${head}${list}${layoutText(node)}${printOptions(node.options)} AS ${body}`
    }
  }
}

function printColumn(column: ColumnDefinition): string {
  const parts = [`${printIdentifier(column.name)} ${printType(column.type)}`]
  if (column.defaultValue !== undefined) parts.push(`DEFAULT ${printExpression(column.defaultValue)}`)
  if (column.generated !== undefined) parts.push(`GENERATED ALWAYS AS (${printExpression(column.generated)})`)
  if (column.isNotNull) parts.push('NOT NULL')
  if (column.isPrimaryKey) parts.push('PRIMARY KEY NOT ENFORCED')
  if (column.references !== undefined) parts.push(printReference(column.references))
  return `${parts.join(' ')}${printOptions(column.options)}`
}

function printReference({ table, columns }: Reference): string {
  return `REFERENCES ${printObject(table)} (${printNames(columns)}) NOT ENFORCED`
}

function printConstraint(constraint: TableConstraint, ifNotExists = false): string {
  const name =
    constraint.name === undefined
      ? ''
      : `CONSTRAINT ${ifNotExists ? 'IF NOT EXISTS ' : ''}${printIdentifier(constraint.name)} `
  const columns = `(${printNames(constraint.columns)})`
  if (constraint.kind === 'primary-key') return `${name}PRIMARY KEY ${columns} NOT ENFORCED`
  return `${name}FOREIGN KEY ${columns} ${printReference(constraint.references)}`
}

function printAction(action: AlterAction): string {
  switch (action.kind) {
    case 'set-options':
      return `SET${action.options.length === 0 ? ' OPTIONS()' : printOptions(action.options)}`
    case 'set-default-collate':
      return `SET${collateText(action.collate)}`
    case 'add-column':
      return `ADD COLUMN ${action.ifNotExists ? 'IF NOT EXISTS ' : ''}${printColumn(action.column)}`
    case 'drop-column':
      return `DROP COLUMN ${action.ifExists ? 'IF EXISTS ' : ''}${printIdentifier(action.name)}`
    case 'rename-column':
      return `RENAME COLUMN ${action.ifExists ? 'IF EXISTS ' : ''}${printIdentifier(action.from)} TO ${printIdentifier(action.to)}`
    case 'rename-to':
      return `RENAME TO ${printObject(action.name)}`
    case 'alter-column':
      return `ALTER COLUMN ${action.ifExists ? 'IF EXISTS ' : ''}${printIdentifier(action.name)} ${printColumnChange(action.change)}`
    case 'add-constraint':
      return `ADD ${printConstraint(action.constraint, action.ifNotExists)}`
    case 'drop-primary-key':
      return `DROP PRIMARY KEY${action.ifExists ? ' IF EXISTS' : ''}`
    case 'drop-constraint':
      return `DROP CONSTRAINT ${action.ifExists ? 'IF EXISTS ' : ''}${printIdentifier(action.name)}`
    case 'other-action':
      return `${action.what} ${action.text}`
  }
}

function printColumnChange(change: Extract<AlterAction, { kind: 'alter-column' }>['change']): string {
  switch (change.kind) {
    case 'options':
      return `SET${change.options.length === 0 ? ' OPTIONS()' : printOptions(change.options)}`
    case 'type':
      return `SET DATA TYPE ${printType(change.type)}`
    case 'default':
      return `SET DEFAULT ${printExpression(change.value)}`
    case 'drop-default':
      return 'DROP DEFAULT'
    case 'drop-not-null':
      return 'DROP NOT NULL'
  }
}

function printParameter({ mode, name, type, isNotAggregate, defaultValue }: RoutineParameter): string {
  const value = defaultValue === undefined ? '' : ` DEFAULT ${printExpression(defaultValue)}`
  return `${mode === undefined ? '' : `${mode} `}${printIdentifier(name)} ${printType(type)}${isNotAggregate ? ' NOT AGGREGATE' : ''}${value}`
}

function printRoutine(node: Of<'create-function' | 'create-table-function' | 'create-procedure'>): string {
  const parameters = `(${node.parameters.map(printParameter).join(', ')})`
  switch (node.kind) {
    case 'create-function': {
      const parts = [
        `${createText(node.isAggregate ? 'AGGREGATE FUNCTION' : 'FUNCTION', node, node.isTemp)}${parameters}`,
      ]
      if (node.returns !== undefined) parts.push(`RETURNS ${printType(node.returns)}`)
      if (node.isDeterministic !== undefined) parts.push(node.isDeterministic ? 'DETERMINISTIC' : 'NOT DETERMINISTIC')
      if (node.language !== undefined) parts.push(`LANGUAGE ${node.language}`)
      if (node.remoteConnection !== undefined)
        parts.push(`REMOTE WITH CONNECTION ${printObject(node.remoteConnection)}`)
      if (node.options.length > 0) parts.push(printOptions(node.options).trim())
      if (node.body !== undefined) parts.push(`AS (${printExpression(node.body)})`)
      if (node.code !== undefined) parts.push(`AS ${stringText(node.code.value)}`)
      return parts.join(' ')
    }
    case 'create-table-function': {
      const returns = node.returns === undefined ? '' : ` RETURNS ${printType(node.returns)}`
      return `${createText('TABLE FUNCTION', node, node.isTemp)}${parameters}${returns}${printOptions(node.options)} AS ${printQuery(node.query)}`
    }
    case 'create-procedure':
      return `${createText('PROCEDURE', node)}${parameters}${printOptions(node.options)} ${printStatement(node.body)}`
  }
}

function whereText(where: Expression | undefined): string {
  return where === undefined ? '' : ` WHERE ${printExpression(where)}`
}

function printValue(value: DmlValue): string {
  return value.kind === 'default' ? 'DEFAULT' : printExpression(value)
}

function printRow(values: readonly DmlValue[]): string {
  return `(${values.map(printValue).join(', ')})`
}

function printAssignments(assignments: readonly Assignment[]): string {
  return assignments.map(({ path, value }) => `${printPath(path)} = ${printValue(value)}`).join(', ')
}

function printDml(node: Of<'insert' | 'update' | 'delete' | 'merge'>): string {
  const target = printObject(node.table)
  switch (node.kind) {
    case 'insert': {
      const columns = node.columns.length === 0 ? '' : ` (${printNames(node.columns)})`
      if (node.rows !== undefined) return `INSERT INTO ${target}${columns} VALUES ${node.rows.map(printRow).join(', ')}`
      return `INSERT INTO ${target}${columns} ${node.query === undefined ? '' : printQuery(node.query)}`
    }
    case 'update': {
      const from = node.from === undefined ? '' : ` FROM ${printFrom(node.from)}`
      return `UPDATE ${target}${aliasText(node.alias)} SET ${printAssignments(node.assignments)}${from}${whereText(node.where)}`
    }
    case 'delete':
      return `DELETE FROM ${target}${aliasText(node.alias)}${whereText(node.where)}`
    case 'merge': {
      const clauses = node.clauses.map((clause) => ` ${printMergeClause(clause)}`)
      return `MERGE INTO ${target}${aliasText(node.alias)} USING ${printFrom(node.source)} ON ${printExpression(node.on)}${clauses.join('')}`
    }
  }
}

const mergeWhen = {
  matched: 'MATCHED',
  'not-matched-by-target': 'NOT MATCHED BY TARGET',
  'not-matched-by-source': 'NOT MATCHED BY SOURCE',
} as const

function printMergeClause({ when, condition, action }: MergeClause): string {
  const head = `WHEN ${mergeWhen[when]}${condition === undefined ? '' : ` AND ${printExpression(condition)}`} THEN`
  switch (action.kind) {
    case 'delete':
      return `${head} DELETE`
    case 'update':
      return `${head} UPDATE SET ${printAssignments(action.assignments)}`
    case 'insert-row':
      return `${head} INSERT ${action.columns.length === 0 ? '' : `(${printNames(action.columns)}) `}ROW`
    case 'insert':
      return `${head} INSERT ${action.columns.length === 0 ? '' : `(${printNames(action.columns)}) `}VALUES ${printRow(action.values)}`
  }
}

export function printCallArguments(args: Of<'call-procedure'>['args']): string {
  return args.map(printArgument).join(', ')
}
