// A database of before keeps what it holds, and everything in it still points to what is there.
import { DatabaseSync } from 'node:sqlite'

import { expect, test } from 'vitest'

import { sourcesAndTokens } from './0001-sources-and-tokens.ts'
import { principals } from './0002-principals.ts'
import { migrate } from './migrations.ts'

test('people, their tokens and keys outlive new roles', () => {
  const database = new DatabaseSync(':memory:')
  database.exec(`${sourcesAndTokens}; ${principals}; PRAGMA user_version = 2; PRAGMA foreign_keys = ON`)
  const add = database.prepare(
    `INSERT INTO principals (id, kind, handle, role, attributes, salt, iterations, created_at, removed_at)
     VALUES (?, 'person', ?, 'member', '{"region":"EU"}', x'00', 4096, 1, ?)`,
  )
  add.run('a1', 'ana', null)
  add.run('b1', 'bob', 2)
  database.exec(`
    INSERT INTO tokens (id, name, principal, hash, created_at) VALUES ('t1', 'notebook', 'a1', 'h', 1);
    INSERT INTO keys (id, principal, public_key, created_at) VALUES ('k1', 'a1', 'p', 1);
  `)
  const rows = (sql: string): unknown[] => database.prepare(sql).all()
  const before = rows('SELECT id, kind, handle, role, attributes, salt, removed_at FROM principals ORDER BY id')
  migrate(database)
  migrate(database)
  expect(rows('SELECT id, kind, handle, role, attributes, salt, removed_at FROM principals ORDER BY id')).toEqual(
    before,
  )
  expect(rows('PRAGMA foreign_key_check')).toEqual([])
  expect(rows('PRAGMA foreign_keys')).toEqual([{ foreign_keys: 1 }])
  expect(rows('SELECT handle FROM tokens t JOIN principals p ON p.id = t.principal')).toEqual([{ handle: 'ana' }])
  // Who points to nobody is still refused, and a handle that is free again is free.
  const orphan = "INSERT INTO keys (id, principal, public_key, created_at) VALUES ('k2', 'nobody', 'p', 1)"
  expect(() => {
    database.exec(orphan)
  }).toThrow('FOREIGN KEY')
  add.run('b2', 'bob', null)
  expect(() => add.run('a2', 'ana', null)).toThrow('UNIQUE')
})
