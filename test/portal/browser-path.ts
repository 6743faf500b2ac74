// Where the browser is: CHROMIUM_PATH, or the one that came through npm, unpacked into the system's temporary folder.
export async function browserPath(): Promise<string> {
  const chosen = process.env['CHROMIUM_PATH']
  if (chosen !== undefined && chosen !== '') return chosen
  const { default: chromium } = await import('@sparticuz/chromium')
  return chromium.executablePath()
}
