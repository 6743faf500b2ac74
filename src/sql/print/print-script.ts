// Statements of scripts → GoogleSQL on one line.
import type { Identifier } from '../syntax/ast.ts'
import type { ScriptStatement, Statement } from '../syntax/ast-statement.ts'
import { printExpression, printIdentifier, printNames, printType } from './print-expression.ts'
import { printQuery } from './print-query.ts'
import { printCallArguments, printObject, printStatement } from './print-statement.ts'
import { stringText } from './text.ts'

export function printScriptStatement(node: ScriptStatement): string {
  switch (node.kind) {
    case 'declare': {
      const type = node.type === undefined ? '' : ` ${printType(node.type)}`
      return `DECLARE ${printNames(node.names)}${type}${node.defaultValue === undefined ? '' : ` DEFAULT ${printExpression(node.defaultValue)}`}`
    }
    case 'set': {
      const targets = node.targets
        .map((target) => (target.kind === 'identifier' ? printIdentifier(target) : printExpression(target)))
        .join(', ')
      return `SET ${node.isTuple ? `(${targets})` : targets} = ${printExpression(node.value)}`
    }
    case 'if':
    case 'case-statement':
      return printChoice(node)
    case 'block':
    case 'loop':
    case 'while':
    case 'repeat':
    case 'for':
      return `${labelText(node.label)}${printCompound(node)}`
    case 'leave':
    case 'iterate':
      return `${node.kind.toUpperCase()}${node.label === undefined ? '' : ` ${printIdentifier(node.label)}`}`
    case 'return':
      return 'RETURN'
    case 'raise':
      return `RAISE${node.message === undefined ? '' : ` USING MESSAGE = ${printExpression(node.message)}`}`
    case 'begin-transaction':
    case 'commit-transaction':
    case 'rollback-transaction':
      return node.kind.toUpperCase().replace('-', ' ')
    case 'call-procedure':
      return `CALL ${printObject(node.name)}(${printCallArguments(node.args)})`
    case 'execute-immediate': {
      const into = node.into.length === 0 ? '' : ` INTO ${printNames(node.into)}`
      const using = node.using.map(
        ({ value, name }) => `${printExpression(value)}${name === undefined ? '' : ` AS ${printIdentifier(name)}`}`,
      )
      return `EXECUTE IMMEDIATE ${printExpression(node.sql)}${into}${using.length === 0 ? '' : ` USING ${using.join(', ')}`}`
    }
    case 'assert':
      return `ASSERT ${printExpression(node.condition)}${node.description === undefined ? '' : ` AS ${stringText(node.description.value)}`}`
  }
}

function labelText(label: Identifier | undefined): string {
  return label === undefined ? '' : `${printIdentifier(label)}: `
}

function bodyText(statements: readonly Statement[]): string {
  return statements.map((statement) => ` ${printStatement(statement)};`).join('')
}

type Of<K extends ScriptStatement['kind']> = Extract<ScriptStatement, { readonly kind: K }>

function printChoice(node: Of<'if' | 'case-statement'>): string {
  const otherwise = node.otherwise === undefined ? '' : ` ELSE${bodyText(node.otherwise)}`
  if (node.kind === 'if') {
    const branches = node.branches.map(
      ({ condition, body }) => `IF ${printExpression(condition)} THEN${bodyText(body)}`,
    )
    return `${branches.join(' ELSE')}${otherwise} END IF`
  }
  const branches = node.branches.map(({ when, body }) => ` WHEN ${printExpression(when)} THEN${bodyText(body)}`)
  return `CASE${node.operand === undefined ? '' : ` ${printExpression(node.operand)}`}${branches.join('')}${otherwise} END CASE`
}

function printCompound(node: Of<'block' | 'loop' | 'while' | 'repeat' | 'for'>): string {
  const body = bodyText(node.body)
  switch (node.kind) {
    case 'block':
      return `BEGIN${body}${node.handler === undefined ? '' : ` EXCEPTION WHEN ERROR THEN${bodyText(node.handler)}`} END`
    case 'loop':
      return `LOOP${body} END LOOP`
    case 'while':
      return `WHILE ${printExpression(node.condition)} DO${body} END WHILE`
    case 'repeat':
      return `REPEAT${body} UNTIL ${printExpression(node.until)} END REPEAT`
    case 'for':
      return `FOR ${printIdentifier(node.variable)} IN (${printQuery(node.query)}) DO${body} END FOR`
  }
}
