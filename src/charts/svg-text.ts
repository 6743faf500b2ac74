// A drawing as SVG text, for mails and whoever has no browser. Colours stand in it: nobody there knows our styles.
import type { Drawing, Ink, Shape } from './chart.ts'

export type Theme = 'light' | 'dark'

/** As in portal/web/app.css, which a test compares. The ground of a chart is a card. */
export const inks: Readonly<Record<Exclude<Ink, number> | 'card', readonly [light: string, dark: string]>> = {
  card: ['#ffffff', '#111417'],
  text: ['#16181d', '#e9ebee'],
  muted: ['#59606d', '#9aa2ad'],
  line: ['#e4e6e9', '#23282e'],
  accent: ['#0b6573', '#56c7d4'],
  'on-accent': ['#ffffff', '#06262b'],
  good: ['#17713a', '#5fce85'],
  bad: ['#b3261e', '#ff8f85'],
}
/** To be told from each other, and from the card, by everybody: 3 to 1 at least (WCAG 1.4.11). */
export const seriesInks: readonly (readonly [light: string, dark: string])[] = [
  ['#0b6573', '#56c7d4'],
  ['#b45309', '#e9b44c'],
  ['#4d4fbf', '#9a9cf5'],
  ['#17713a', '#5fce85'],
  ['#b3261e', '#ff8f85'],
  ['#8a3a9c', '#d89be6'],
  ['#7a6a00', '#d6c36b'],
  ['#59606d', '#9aa2ad'],
]

const font = "Inter, -apple-system, 'Segoe UI', Arial, sans-serif"

export function svgText({ width, height, label, shapes }: Drawing, theme: Theme): string {
  const place = theme === 'light' ? 0 : 1
  const colour = (ink: Ink): string =>
    typeof ink === 'number' ? (seriesInks[ink % seriesInks.length]?.[place] ?? '') : inks[ink][place]
  const parts = shapes.map((shape) => shapeText(shape, colour))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="${font}">`,
    `<title>${escaped(label)}</title><rect width="100%" height="100%" fill="${inks.card[place]}"/>`,
    ...parts,
    '</svg>',
  ].join('\n')
}

function shapeText(shape: Shape, colour: (ink: Ink) => string): string {
  switch (shape.shape) {
    case 'path': {
      const fill = shape.fill === undefined ? 'none' : colour(shape.fill)
      const stroke =
        shape.stroke === undefined
          ? ''
          : ` stroke="${colour(shape.stroke)}" stroke-width="${strokeWidth(shape.stroke)}"`
      const dashes = shape.isDashed === true ? ' stroke-dasharray="4 3"' : ''
      return `<path d="${shape.d}" fill="${fill}"${stroke}${dashes}${opacityText(shape.opacity)}/>`
    }
    case 'rect': {
      if (shape.isHit === true) return ''
      const { x, y, width, height } = shape
      const box = `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${colour(shape.fill)}"${opacityText(shape.opacity)}`
      return shape.title === undefined ? `${box}/>` : `${box}><title>${escaped(shape.title)}</title></rect>`
    }
    case 'text': {
      const { x, y, text, ink, anchor = 'start', size = 11, isStrong } = shape
      const weight = isStrong === true ? ' font-weight="600"' : ''
      return `<text x="${x}" y="${y}" font-size="${size}" text-anchor="${anchor}" fill="${colour(ink)}"${weight}>${escaped(text)}</text>`
    }
  }
}

/** Lines of the frame are thin. */
export function strokeWidth(ink: Ink): number {
  return typeof ink === 'number' ? 1.75 : 1
}

function opacityText(opacity: number | undefined): string {
  return opacity === undefined ? '' : ` opacity="${opacity}"`
}

/** Labels come from senders. What XML forbids altogether is left out. */
function escaped(text: string): string {
  const signs: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
    .replaceAll(/[&<>"]/g, (sign) => signs[sign] ?? '')
}
