// Ids out of what somebody pastes: one a line, or the first column of a CSV; a line of names above them goes.
const cell = /^\s*(?:"((?:[^"]|"")*)"|([^,;\t]*))/
const heads = /^(?:id|user_id|anonymous_id)$/i

export function idsIn(text: string): string[] {
  const found = text.split(/\r?\n/).map((line) => {
    const [, quoted, plain = ''] = cell.exec(line) ?? []
    return (quoted?.replaceAll('""', '"') ?? plain).trim()
  })
  return found.filter((id, index) => id !== '' && !(index === 0 && heads.test(id)))
}
