// JSON lines through pino, one child logger a part ("collect:segment"). Messages are sentences. Secrets are cut here
// once more, in case a caller hands over a whole request.
import { type DestinationStream, type Logger, pino } from 'pino'

export type Log = Logger

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

const secretPaths = ['authorization', 'writeKey', 'token', 'password', 'secret'].flatMap((name) => [
  name,
  `*.${name}`,
  `*.*.${name}`,
])

export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const options = { level, base: null, redact: { paths: secretPaths, censor: '[cut]' } }
  return destination === undefined ? pino(options, pino.destination(2)) : pino(options, destination)
}

/** A logger whose lines carry the part's name. */
export function logOf(log: Log, part: string): Log {
  return log.child({ part })
}
