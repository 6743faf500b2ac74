import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { itemWithoutSecrets, redactPayload, secretsRemover } from './redact.ts'
import { mixpanel } from './mixpanel/mixpanel.ts'
import { webhook } from './webhook/webhook.ts'

const secret = 'f3a1c09e77b2"d4/+5f'
const remove = secretsRemover(mixpanel, { projectToken: secret, serviceSecret: 'other-secret-12' })
const keyOf = (value: string) => secretsRemover(webhook, { url: 'https://example.com', secret: value })

test.each([
  ['as it is', secret],
  ['in an address', encodeURIComponent(secret)],
  ['in JSON', JSON.stringify({ token: secret })],
  ['in a header of Basic', Buffer.from(`${secret}:`).toString('base64')],
  ['behind a name, in base64', Buffer.from(`account:${secret}`).toString('base64')],
  ['behind another name, in base64', Buffer.from(`accounts:${secret}`).toString('base64')],
  ['in base64 for addresses', Buffer.from(`ab${secret}cd`).toString('base64url')],
])('a secret %s is removed', (_name, text) => {
  const removed = remove(`<${text}>`)
  expect(removed).toContain('[redacted]')
  expect(removed).not.toContain('f3a1')
  expect(Buffer.from(removed.replaceAll('[redacted]', ''), 'base64').toString()).not.toContain('c09e77')
  expect(remove('nothing of it')).toBe('nothing of it')
})

test('wherever an answer is cut off, nothing of a secret but a few letters stays', () => {
  const answer = JSON.stringify({
    error: 'Unknown token',
    token: secret,
    basic: Buffer.from(`${secret}:`).toString('base64'),
  })
  fc.assert(
    fc.property(fc.nat({ max: answer.length }), (cut) => {
      const removed = remove(answer.slice(0, cut))
      expect(removed).not.toMatch(/f3a1|ZjNh/)
    }),
  )
})

test('of an authorization its second word is secret, too, and of a signing key what is behind whsec_', () => {
  const authorization = secretsRemover(webhook, { url: 'https://example.com', authorization: 'Bearer abcdef-123456' })
  expect(authorization('{"token":"abcdef-123456","kind":"Bearer"}')).toBe('{"token":"[redacted]","kind":"Bearer"}')
  expect(keyOf('whsec_MfKQ9r8GKYqrTwjU')('key MfKQ9r8GKYqrTwjU!')).toBe('key [redacted]!')
})

test('a secret that is a part of another leaves nothing of the other', () => {
  const both = secretsRemover(mixpanel, { projectToken: 'abcd', serviceSecret: 'abcdefgh' })
  expect(both('<abcdefgh> <abcd>')).toBe('<[redacted]> <[redacted]>')
})

test('an item stays JSON, also when numbers or marks look like the secret', () => {
  const item = '{"$token":"12345678","n":12345678,"12345678":"x","list":["a12345678"]}'
  expect(JSON.parse(itemWithoutSecrets(item, keyOf('12345678')))).toEqual({
    $token: '[redacted]',
    n: 12_345_678,
    '[redacted]': 'x',
    list: ['a[redacted]'],
  })
  expect(redactPayload(item, keyOf('12345678'))).toMatchObject({ n: 12_345_678 })
  expect(redactPayload('{"a":"b","c":"d"}', keyOf('","c'))).toEqual({ a: 'b', c: 'd' })
  const exact = '{"n":12345678901234567890}'
  expect(itemWithoutSecrets(exact, keyOf('nothing-like-it'))).toBe(exact)
})

test('what is about a person is not kept, its shape is', () => {
  const kept = redactPayload('{"event":"X","properties":{"email":"a@b.c","plan":"pro","phone":null}}', (text) => text)
  expect(kept).toEqual({ event: 'X', properties: { email: '[redacted]', plan: 'pro', phone: null } })
  expect(redactPayload(`"${'x'.repeat(9000)}"`, (text) => text)).toEqual({ redacted: '9002 characters' })
})
