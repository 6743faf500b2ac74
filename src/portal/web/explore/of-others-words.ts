// The words of what retention and paths ask besides events and days.
export const ofOthersWords = {
  'explore.periods': ['Periods', '期數'],
  'explore.counts': ['Came back', '回訪'],
  'explore.counts-on': ['In the very period', '在該期間'],
  'explore.counts-on-or-after': ['In it or later', '在該期間或之後'],
  'explore.direction': ['Look', '方向'],
  'explore.direction-after': ['What came after', '之後發生什麼'],
  'explore.direction-before': ['What came before', '之前發生什麼'],
  'explore.path-steps': ['Steps', '步數'],
} as const
