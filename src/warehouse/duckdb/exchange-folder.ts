// The one folder whose files the engine may read and write besides its own: rows in and out (exchange.ts, made-load.ts).
import { join, resolve } from 'node:path'

export function exchangeFolderOf(folder: string): string {
  return join(resolve(folder), 'exchange')
}
