// How long something took, in two figures that count: 1.5 hours, 36 seconds.
const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

export function spanText(seconds: number, language: string): string {
  const [unit, size] = units.find(([, length]) => seconds >= length) ?? units[3]
  const style = { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 } as const
  return new Intl.NumberFormat(language, style).format(seconds / size)
}
