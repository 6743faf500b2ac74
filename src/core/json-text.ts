// Reads the text of JSON without parsing it: how deep it nests, and the words in it that JSON doesn't know.

const quote = 0x22
const backslash = 0x5c
const bracket = 0x5b
const brace = 0x7b

/**
 * True if brackets outside of strings open more than `levels` deep; the text need not be JSON. Parsing takes any depth, and
 * memory for each level; writing it again overflows the stack.
 */
export function isNestedDeeperThan(text: string, levels: number): boolean {
  let depth = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === quote) index = endOfString(text, index)
    else if (code === bracket || code === brace) {
      depth++
      if (depth > levels) return true
    } else if (code === bracket + 2 || code === brace + 2) depth--
  }
  return false
}

/**
 * The text with NaN, Infinity and -Infinity outside of strings replaced by null; undefined if there are none. Python's
 * json.dumps writes them, and so does the engine for what is inside of a list.
 */
export function withoutBareWords(text: string): string | undefined {
  if (!text.includes('NaN') && !text.includes('Infinity')) return undefined
  const parts: string[] = []
  let copied = 0
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) === quote) {
      index = endOfString(text, index)
      continue
    }
    const word = bareWords.find((one) => text.startsWith(one, index))
    if (word === undefined) continue
    parts.push(text.slice(copied, index), 'null')
    copied = index + word.length
    index = copied - 1
  }
  return copied === 0 ? undefined : parts.join('') + text.slice(copied)
}

const bareWords = ['NaN', 'Infinity', '-Infinity']

/** Where the quote stands that ends the string; behind the text if none does. Most of any JSON is strings: no loop over them. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1 && isEscaped(text, end, start)) end = text.indexOf('"', end + 1)
  return end === -1 ? text.length : end
}

function isEscaped(text: string, at: number, start: number): boolean {
  let first = at
  while (first - 1 > start && text.charCodeAt(first - 1) === backslash) first--
  return (at - first) % 2 === 1
}
