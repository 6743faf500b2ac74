import { expect, test } from 'vitest'

import { childEnvironment, millpondVariables } from './env.ts'

test('only variables meant for us are read, and empty ones count as not set', () => {
  const found = millpondVariables({
    MILLPOND_DATA: '/d',
    MILLPOND_HOST: '',
    HOME: '/root',
    XMILLPOND_A: '1',
    MILLPOND_X: undefined,
  })
  expect([...found]).toEqual([['MILLPOND_DATA', '/d']])
})

test('what Kubernetes puts into every pod for a service called millpond is not taken for a setting', () => {
  const found = millpondVariables({
    MILLPOND_PORT: 'tcp://10.0.0.1:80',
    MILLPOND_SERVICE_HOST: '10.0.0.1',
    MILLPOND_SERVICE_PORT: '80',
    MILLPOND_SERVICE_PORT_HTTP: '80',
    MILLPOND_PORT_80_TCP: 'tcp://10.0.0.1:80',
    MILLPOND_PORT_80_TCP_ADDR: '10.0.0.1',
  })
  expect([...found]).toEqual([])
})

test("a person's MILLPOND_PORT is told", () => {
  expect([...millpondVariables({ MILLPOND_PORT: '80' })]).toEqual([['MILLPOND_PORT', '80']])
})

test("a child's environment is ours with the extra on top", () => {
  const environment = childEnvironment({ UV_THREADPOOL_SIZE: '28' })
  expect(environment['UV_THREADPOOL_SIZE']).toBe('28')
  expect(environment['PATH']).toBe(process.env['PATH'])
})
