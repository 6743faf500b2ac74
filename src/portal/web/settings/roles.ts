// The roles that somebody may be given, from the least to the most.
import type { Role } from '../../api/account-answers.ts'

export const roles = [
  'viewer',
  'support',
  'member',
  'analyst',
  'ml',
  'engineer',
  'admin',
] as const satisfies readonly Role[]
