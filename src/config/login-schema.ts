// Settings of how people sign in.
import { z } from 'zod'

import { note, whole } from './setting-types.ts'

/** Each its own schema: what is known of a setting is kept by schema. */
const id = (provider: string) =>
  note(
    z
      .string()
      .regex(/^[\w.:-]{1,300}$/)
      .optional(),
    {
      unit: 'text',
      meaning: `Client id of an OAuth app at ${provider}, with which invited people sign in. Needs its secret, and publicUrl.`,
      allowed: 'letters, digits and . _ : -',
      default: '',
    },
  )

const secret = (provider: string) =>
  note(
    z
      .string()
      .regex(/^[\x21-\x7e]{1,500}$/)
      .optional(),
    {
      unit: 'secret',
      meaning: `Client secret of the OAuth app at ${provider}.`,
      allowed: 'letters, digits and signs, without spaces',
      default: '',
    },
  )

export const login = z.strictObject({
  googleClientId: id('Google'),
  googleClientSecret: secret('Google'),
  githubClientId: id('GitHub'),
  githubClientSecret: secret('GitHub'),
  loginTriesPerAddressMax: whole(
    'tries',
    30,
    1,
    1_000_000,
    'Tries to sign in from one address, at once and again in each quarter of an hour. Beyond it 429 with Retry-After.',
  ),
  loginTriesPerAccountMax: whole('tries', 10, 1, 1_000_000, '… and for one account, whether it exists or not.'),
})
