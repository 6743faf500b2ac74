import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { fillRealCompany } from './postgres/company.ts'
import { openRealRig, type Rig } from './postgres/rig.ts'
import type { RealRoad } from './postgres/real-road.ts'

let rig: Rig<RealRoad>

beforeAll(async () => {
  rig = await openRealRig()
  await fillRealCompany(rig.road)
  rig.road.setPolicies({
    grants: [
      { grantee: 'bob', dataset: 'web', table: '*', privilege: 'read' },
      { grantee: 'bob', dataset: 'desk', table: '*', privilege: 'write' },
    ],
    masks: [],
    filters: [],
  })
})

afterAll(async () => {
  await rig.stop()
})

interface Ran {
  readonly code: number | null
  readonly out: string
}

async function run(command: string, parameters: readonly string[], input = ''): Promise<Ran> {
  const child = spawn(command, parameters, { env: { ...process.env, PGCONNECT_TIMEOUT: '10', LC_ALL: 'C.UTF-8' } })
  let out = ''
  child.stdout.on('data', (piece: Buffer) => (out += piece.toString()))
  child.stderr.on('data', (piece: Buffer) => (out += piece.toString()))
  child.stdin.end(input)
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, out }
}

async function psql(...commands: readonly string[]): Promise<string> {
  const { out } = await run('psql', ['-X', '-q', rig.url(), ...commands.flatMap((command) => ['-c', command])])
  return out
}

function has(command: string, ...parameters: readonly string[]): boolean {
  return spawnSync(command, parameters, { stdio: 'ignore' }).status === 0
}

const python = [process.env['MILLPOND_TEST_PYTHON'], 'python3'].find(
  (path) => path !== undefined && has(path, '-c', 'import psycopg, sqlalchemy, pandas'),
)
const driver = join(homedir(), '.m2/repository/org/postgresql/postgresql/42.7.4/postgresql-42.7.4.jar')

const isPsqlHere = has('psql', '--version')
const isJdbcHere = existsSync(driver) && has('java', '--version')
if (!isPsqlHere) console.info('psql is not installed: its tests are left out')
if (python === undefined)
  console.info('psycopg, SQLAlchemy and pandas are not installed: their tests are left out (MILLPOND_TEST_PYTHON)')
if (!isJdbcHere)
  console.info(
    'pgJDBC or Java is not installed: their test is left out (mvn dependency:get -Dartifact=org.postgresql:postgresql:42.7.4)',
  )

describe.runIf(isPsqlHere)('psql', () => {
  it.each([
    '\\l',
    '\\l+',
    '\\dn',
    '\\dn+',
    '\\d',
    '\\dt',
    '\\dt+ web.*',
    '\\dv',
    '\\dm',
    '\\ds',
    '\\di',
    '\\dit',
    '\\df',
    '\\df+',
    '\\du',
    '\\dg',
    '\\dT',
    '\\dT+',
    '\\dp',
    '\\z',
    '\\db',
    '\\dx',
    '\\dC',
    '\\do',
    '\\da',
    '\\dc',
    '\\dD',
    '\\dE',
    '\\dF',
    '\\des',
    '\\det',
    '\\dL',
    '\\dP',
    '\\dX',
    '\\dd',
    '\\dO',
    '\\drds',
    '\\dRp',
    '\\dy',
    '\\ddp',
    '\\dAc',
    '\\dconfig *zone*',
    '\\conninfo',
    '\\d web.tracks',
    '\\d+ web.tracks',
    '\\d latest',
    '\\d+ latest',
    '\\d "Apps"."Odd Table"',
    '\\sv web.latest',
  ])('%s', async (command) => {
    expect(await psql(command)).not.toMatch(/ERROR|FATAL/)
  })

  it('shows tables as they are', async () => {
    const out = await psql('\\d+ web.tracks')
    expect(out).toContain('Table "web.tracks"')
    expect(out).toMatch(/id\s+\| bigint\s+\|\s+\| not null/)
    expect(out).toMatch(/name\s+\| text\s+.*What it is called/)
    expect(out).toMatch(/price\s+\| numeric\(38,9\)/)
    expect(out).toMatch(/tags\s+\| text\[\]/)
    expect((await run('psql', ['-X', rig.url(), '-c', '\\d nothing'])).out).toContain(
      'Did not find any relation named "nothing".',
    )
    expect(await psql('\\dt')).toMatch(/desk\s+\| notes[\s\S]*web\s+\| pages[\s\S]*web\s+\| tracks/)
    expect(await psql('\\dn')).not.toContain('pg_millpond')
  })

  it('shows \\x, copies out and in', async () => {
    expect(await psql('\\x', 'SELECT id, name FROM web.tracks ORDER BY id LIMIT 1')).toMatch(
      /-\[ RECORD 1 \]-*\nid\s+\| 1\nname\s+\| one/,
    )
    const file = join(mkdtempSync(join(tmpdir(), 'millpond-copy-')), 'tracks.csv')
    await psql(
      `\\copy (SELECT id, name, tags, flag FROM web.tracks ORDER BY id) TO '${file}' WITH (FORMAT csv, HEADER)`,
    )
    expect(readFileSync(file, 'utf8')).toBe(
      'id,name,tags,flag\n1,one,"{a,""b c"",NULL}",t\n2,,{},f\n3,"three \'quoted\', ""x""",,\n',
    )
    expect(await psql(`COPY (SELECT 'a	b' AS x, NULL AS y, E'l\\\\1\\n2' AS z) TO STDOUT`)).toBe(
      'a\\tb\t\\N\tl\\\\1\\n2\n',
    )
    const input = `\\copy desk.notes (id, text, made_at) FROM STDIN WITH (FORMAT csv, HEADER MATCH)\nid,text,made_at\n1,"a ""b""\nc",2026-03-01 10:00:00+02\n2,,\n\\.\nSELECT id, text, made_at FROM desk.notes ORDER BY id;\nDELETE FROM desk.notes;\n`
    const { out } = await run('psql', ['-X', '-q', '-A', '-t', rig.url()], input)
    expect(out).toBe('1|a "b"\nc|2026-03-01 08:00:00+00\n2||\n')
    expect((await run('psql', ['-X', '-q', rig.url()], `\\copy desk.notes FROM STDIN\nx\ty\n\\.\n`)).out).toContain(
      'COPY notes, line 1',
    )
    expect(
      (await run('psql', ['-X', '-q', rig.url(rig.bob)], `\\copy web.pages FROM STDIN\n1\ty\n\\.\n`)).out,
    ).toContain('permission denied for table pages')
  })
})

it.runIf(python !== undefined).each(['ada', 'bob'] as const)(
  'psycopg 3, SQLAlchemy and pandas, as %s',
  async (who) => {
    const { out } = await run(python ?? '', [join(import.meta.dirname, 'postgres/python-tour.py'), rig.url(rig[who])])
    expect(out.trim()).toBe('done')
  },
  60_000,
)

it.runIf(isJdbcHere).each(['ada', 'bob'] as const)(
  'pgJDBC, as %s',
  async (who) => {
    const tour = join(import.meta.dirname, 'postgres/jdbc-tour.java')
    const url = `jdbc:postgresql://127.0.0.1:${rig.server.port}/millpond`
    const { out } = await run('java', ['-cp', driver, tour, url, who, rig[who].token])
    expect(out).toContain('table tracks TABLE Every track')
    expect(out).toContain('column price 2 numeric 38 9 null YES')
    expect(out).toContain('inner 5\nsum 49995000 10000')
    expect(
      out.split('row 1 one 1.500000000 2026-03-01T10:00:00.250Z 2026-03-01 2 [a, b c, null] true 0.1'),
    ).toHaveLength(9)
    expect(out).toContain('values 42 t 2026-03-01 true\nbatch 10\nnotes 10\ntimeout 57014')
  },
  60_000,
)
