// How a command ends badly: one line on stderr, `millpond: <sentence>. <what to do next>`, and an exit code.
import { CommanderError } from 'commander'

import { type ErrorCode, MillpondError, messageOf } from '../core/errors.ts'
import { printable } from './table.ts'

export const exitCodes = { ok: 0, error: 1, usage: 2 } as const

/** A command was called in a way that can't be meant. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** The command has said everything already; only the exit code is left. */
export class DoneWithFailure extends Error {
  override name = 'DoneWithFailure'
}

/** What to do next, where the message itself doesn't say. */
const advice: Partial<Record<ErrorCode, string>> = {
  'source-exists': '`millpond source list` shows its key, `millpond source rotate` makes a new one',
  'source-unknown': '`millpond source list` shows all sources',
  'token-unknown': '`millpond token list` shows all tokens',
  'principal-unknown': '`millpond person list` shows everybody, `millpond person add` makes somebody known',
  'principal-exists': '`millpond person change` changes them',
  'not-running': 'Start it with `millpond start`',
  'engine-unavailable': 'Try again in a few seconds; the log of `millpond start` says why it is away',
  'setting-invalid': '`docs/settings.md` lists every setting',
  'disk-full': 'Make room on the disk of the data folder',
  'queries-waiting': 'Try again in a moment',
  'query-limit': 'Ask for less with WHERE or LIMIT',
  'port-taken': 'Stop the other program, or choose another port with MILLPOND_HTTP_PORT',
}

/** What to write to stderr, without the last newline, and the exit code. */
export function describeFailure(error: unknown): { line: string; exitCode: number } {
  if (error instanceof CommanderError) {
    return {
      line: `millpond: ${sentence(commanderMessage(error))}`,
      exitCode: error.exitCode === 0 ? 0 : exitCodes.usage,
    }
  }
  if (error instanceof UsageError) return { line: `millpond: ${sentence(error.message)}`, exitCode: exitCodes.usage }
  // The engine points at the place of a mistake in SQL: its lines stay lines.
  if (error instanceof MillpondError && error.code === 'query-invalid') {
    const lines = error.message.split('\n').map((line) => printable(line).trimEnd())
    return { line: `millpond: ${lines.join('\n')}`, exitCode: exitCodes.error }
  }
  if (error instanceof MillpondError && error.kind !== 'bug') {
    const message = sentence(printable(error.message))
    const next = advice[error.code]
    const complete = next === undefined || saysWhatToDo(message)
    return { line: `millpond: ${complete ? message : `${message} ${next}.`}`, exitCode: exitCodes.error }
  }
  const what = sentence(printable(messageOf(error)))
  return {
    line: `millpond: Something went wrong that should not have: ${what} Please report it, with the command.`,
    exitCode: exitCodes.error,
  }
}

/** Two sentences: the second is the advice. */
function saysWhatToDo(message: string): boolean {
  return /[.?] [A-Z`]/.test(message)
}

function commanderMessage(error: CommanderError): string {
  const text = error.message
    .replace(/^error: /, '')
    .replace(/\n\((Did you mean .*\?)\)$/s, '. $1')
    .replaceAll(/\s*\n\s*/g, ' ')
  const help = text.includes('Did you mean') ? '' : '. `--help` shows what is possible'
  return capital(text.replace(/\.$/, '')) + help
}

function sentence(text: string): string {
  const trimmed = text.trim()
  return /[.?!]$/.test(trimmed) ? trimmed : `${trimmed}.`
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
