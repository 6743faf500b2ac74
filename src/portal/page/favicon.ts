// The mark: a water wheel, half in the pond. Served at /favicon.svg, shown in the header and on the login page.
// Attributes only, no <style>: it must look the same under any content security policy.

/** The wheel's boards: strokes across both rings that lean into the turn. */
const boards = [0, 45, 90, 135, 180, 225, 270, 315].map(
  (degrees) => `<path d="M16 10.7L18.2 4.5" transform="rotate(${degrees} 16 15.5)"/>`,
)

export const faviconSvg = [
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">',
  '<rect width="32" height="32" rx="8" fill="#0d6b78"/>',
  '<g fill="none" stroke="#fff" stroke-width="1.8">',
  '<circle cx="16" cy="15.5" r="8.2"/>',
  '<circle cx="16" cy="15.5" r="4.8"/>',
  ...boards,
  '</g>',
  '<path d="M0 21.5q4-2.6 8 0t8 0t8 0t8 0V24a8 8 0 0 1-8 8H8a8 8 0 0 1-8-8z" fill="#5fd0dc"/>',
  '</svg>',
].join('')
