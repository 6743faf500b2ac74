// Parses JSON that a database holds as text, without losing a digit of it.

const longNumber = /\d{16}/

/** Text that isn't JSON stays text. Whole numbers beyond 2^53 become text rather than other numbers. */
export function parseJson(text: string): unknown {
  try {
    return longNumber.test(text) ? (JSON.parse(text, keepDigits) as unknown) : (JSON.parse(text) as unknown)
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const isLong = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
  return isLong && context?.source !== undefined && /^-?\d+$/.test(context.source) ? context.source : value
}
