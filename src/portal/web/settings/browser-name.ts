// What people call the browser that sent this User-Agent.

/** The first that fits: most claim to be others, too. */
const browsers = [
  ['Edge', /\bEdg(?:A|iOS)?\//],
  ['Opera', /\bOPR\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  ['Chrome', /\b(?:Chrome|CriOS|HeadlessChrome)\//],
  ['Safari', /\bSafari\//],
] as const

const systems = [
  ['iOS', /\b(?:iPhone|iPad|iPod)\b/],
  ['Android', /\bAndroid\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMacintosh\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['Linux', /\bLinux\b/],
] as const

/** What we don't know is shown as it came. */
export function browserName(userAgent: string): string {
  const find = (names: typeof browsers | typeof systems) => names.find(([, shape]) => shape.test(userAgent))?.[0]
  const browser = find(browsers)
  if (browser === undefined) return userAgent === '' ? '–' : userAgent.slice(0, 60)
  const system = find(systems)
  return system === undefined ? browser : `${browser} · ${system}`
}
