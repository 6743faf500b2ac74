// Files of a query: all of its rows through /api/export, where it runs again without the bound of what a browser can show, and a
// notebook that asks for them.
import type { QueryAsked } from '../../api/answers.ts'
import { askRaw } from '../asking/ask.ts'

export type FileFormat = 'csv' | 'parquet'

export async function download(asked: QueryAsked, format: FileFormat): Promise<void> {
  await keep(await askRaw('/api/export', { json: { ...asked, format } }), `rows.${format}`)
}

export async function downloadNotebook(asked: QueryAsked, language: 'python' | 'r', name: string): Promise<void> {
  const { sql, dialect, parameters } = asked
  const response = await askRaw('/api/notebook', { json: { sql, dialect, parameters, language } })
  // What systems don't take in the name of a file.
  await keep(response, `${name.replaceAll(/[\\/:*?"<>|]+/g, '-')}.ipynb`)
}

async function keep(response: Response, name: string): Promise<void> {
  const address = URL.createObjectURL(await response.blob())
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  URL.revokeObjectURL(address)
}
