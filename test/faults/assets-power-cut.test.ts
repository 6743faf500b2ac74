// The power goes at any await of a store on disk: what `put` and `remove` had said stays so, and no half object appears.
import { expect, test } from 'vitest'

import { openDiskStore } from '../../src/objects/disk/disk.ts'
import type { Look } from '../../src/objects/disk/look.ts'
import { encryptedStore } from '../../src/objects/encrypted/encrypted.ts'
import { wrappingKeys } from '../../src/objects/encrypted/keys.ts'
import type { ObjectStore } from '../../src/objects/store.ts'
import { inParts, names, read } from '../contract/object-store.ts'
import { seededRandom } from '../support/random.ts'
import { SimulatedDisk } from './simulated-files.ts'

const folder = '/data/media'

function lookOf(disk: SimulatedDisk): Look {
  return {
    async entries(path) {
      const at = path.replace(/\/$/, '')
      return disk.children(at).map((name) => ({ name, isFolder: disk.node(`${at}/${name}`)?.isFolder === true }))
    },
    async file(path) {
      const node = disk.node(path)
      return node === undefined || node.isFolder ? undefined : { bytes: node.current.length, modifiedAtMicros: 0 }
    },
  }
}

async function open(disk: SimulatedDisk, isEncrypted: boolean): Promise<ObjectStore> {
  const store = await openDiskStore({ folder, files: disk.files(), look: lookOf(disk) })
  return isEncrypted ? encryptedStore({ store, keys: wrappingKeys(Buffer.alloc(32, 1), undefined) }) : store
}

/** What may be found under a name; undefined among them: nothing. */
type Possible = Map<string, (string | undefined)[]>

async function work(store: ObjectStore, possible: Possible, random: () => number): Promise<void> {
  for (let n = 0; n < 12; n += 1) {
    const name = ['a', 'b/c', 'b/d/e', 'f.g'][Math.floor(random() * 4)] ?? 'a'
    const content = random() < 0.25 ? undefined : `${n} `.repeat(Math.floor(random() * 2000))
    const before = possible.get(name) ?? [undefined]
    possible.set(name, [...before, content])
    if (content === undefined) await store.remove(name)
    else await store.put(name, inParts(content.slice(0, 100), content.slice(100)))
    possible.set(name, [content])
  }
}

test.each([
  { kind: 'plain', isEncrypted: false },
  { kind: 'encrypted', isEncrypted: true },
])('$kind objects', async ({ isEncrypted }) => {
  let found = 0
  for (let seed = 1; seed <= 150; seed += 1) {
    const random = seededRandom(seed)
    const disk = new SimulatedDisk({ random })
    await disk.files().makeFolder('/data')
    await disk.files().syncDirectory('/')
    const store = await open(disk, isEncrypted)
    const possible: Possible = new Map()
    const cutAt = disk.steps + Math.floor(random() * 350)
    const cut = new Promise<void>((resolve) => {
      disk.onStep = (step) => {
        if (step !== cutAt) return
        disk.powerCut()
        resolve()
      }
    })
    await Promise.race([cut, work(store, possible, random)])
    disk.onStep = undefined
    const again = await open(disk, isEncrypted)
    for (const [name, contents] of possible) {
      const content = await read(again, name)
      if (content !== undefined) found += 1
      expect([seed, name, contents.includes(content?.toString())]).toEqual([seed, name, true])
    }
    expect((await names(again)).every((name) => possible.has(name))).toBe(true)
    expect(disk.children(`${folder}/~uploading`)).toEqual([])
  }
  expect(found).toBeGreaterThan(100)
})
