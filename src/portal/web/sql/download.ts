// All rows of a query as a file, through /api/export: it runs again there, without the bound of what a browser can show.
import type { QueryAsked } from '../../api/answers.ts'
import { askRaw } from '../asking/ask.ts'

export type FileFormat = 'csv' | 'parquet'

export async function download(asked: QueryAsked, format: FileFormat): Promise<void> {
  const response = await askRaw('/api/export', { json: { ...asked, format } })
  const address = URL.createObjectURL(await response.blob())
  const link = document.createElement('a')
  link.href = address
  link.download = `rows.${format}`
  link.click()
  URL.revokeObjectURL(address)
}
