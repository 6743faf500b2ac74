// Small pieces of tree, for what a statement means but doesn't say.
import type * as ast from '../syntax/ast.ts'
import { parseType } from '../syntax/parser.ts'
import { typeName } from '../type-names.ts'
import type { SqlType } from '../types.ts'

/** Everything made here stands where the statement's part stands that it comes from. */
export class TreeMaker {
  readonly #place: ast.Node

  constructor(place: ast.Node) {
    this.#place = { offset: place.offset, end: place.end }
  }

  identifier(name: string): ast.Identifier {
    return { kind: 'identifier', name, isQuoted: true, ...this.#place }
  }

  name(...parts: readonly string[]): ast.NameExpression {
    return { kind: 'name', parts: parts.map((part) => this.identifier(part)), ...this.#place }
  }

  /** The value as an assignment coerces it: literals as literals, everything else to the supertype with the column's type. */
  assigned(value: ast.Expression, type: SqlType): ast.Expression {
    const { offset, end } = value
    const nothing: ast.Expression = {
      kind: 'cast',
      isSafe: false,
      operand: { kind: 'null', offset, end },
      type: parseType(typeName(type)),
      format: undefined,
      timeZone: undefined,
      offset,
      end,
    }
    const never: ast.Expression = { kind: 'bool', value: false, offset, end }
    return {
      kind: 'case',
      operand: undefined,
      branches: [{ when: never, result: nothing }],
      otherwise: value,
      offset,
      end,
    }
  }
}
