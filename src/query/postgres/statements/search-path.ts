// search_path: which datasets a bare name is looked for in.

/** `value` '': nobody chose one, and all datasets are looked through. */
export function searchPath(
  value: string,
  datasets: readonly string[],
): { path: readonly string[]; isDefault: boolean } {
  if (value === '') return { path: datasets, isDefault: true }
  const path = readPath(value).filter((name) => datasets.includes(name))
  return { path, isDefault: false }
}

/** Names apart by commas, quoted ones as they stand. */
export function readPath(value: string): string[] {
  const names = value.match(/"(?:[^"]|"")*"|[^\s,"]+/g) ?? []
  return names.map((name) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase()))
}
