// Where the browser is: CHROMIUM_PATH, or the one that came through npm, unpacked into the system's temporary folder.

/** Why there is none on this kind of machine, or undefined. */
export function whyNoBrowserHere(): string | undefined {
  if (chosenPath() !== undefined || (process.platform === 'linux' && process.arch === 'x64')) return undefined
  return 'the Chromium that comes through npm is for Linux on x64; CHROMIUM_PATH names another one.'
}

export async function browserPath(): Promise<string> {
  const chosen = chosenPath()
  if (chosen !== undefined) return chosen
  const { default: chromium } = await import('@sparticuz/chromium')
  return chromium.executablePath()
}

function chosenPath(): string | undefined {
  const path = process.env['CHROMIUM_PATH']
  return path === '' ? undefined : path
}
