// What there are snippets for. Apart from them, because every page reads addresses, and few show snippets.
export const platforms = [
  'JavaScript',
  'Node',
  'Swift',
  'Kotlin',
  'React Native',
  'Python',
  'Go',
  'curl',
  'Fluent Bit',
  'Docker',
] as const
export type Platform = (typeof platforms)[number]
