// One walk over an event does everything that needs every value: the hash of its content, its limits, and the flat list
// of leaves that shape/ turns into columns. Paths are looked up in a tree that remembers every path seen, so that names
// and hashes are computed once a path, not once an event.
import { hashNumber, hashText, join, mix } from './hash.ts'
import { RawNumber } from './parse.ts'

/** Part of an event that a path lies in. Leaves are listed for all but `other`. */
export type Zone = 'other' | 'context' | 'properties' | 'traits'

export class PathNode {
  /** Dense number inside one tree: an index for caches. */
  readonly id: number
  readonly key: string
  readonly parent: PathNode | undefined
  readonly zone: Zone
  readonly hash: number
  /** False for what a retry may change without being another event: sentAt, context.ip, … */
  readonly isContent: boolean
  readonly children = new Map<string, PathNode>()
  /** Guess: objects of one shape list their keys in one order, so this child mostly comes after that one. */
  first: PathNode | undefined
  next: PathNode | undefined

  constructor(id: number, key: string, parent: PathNode | undefined, zone: Zone, isContent: boolean) {
    this.id = id
    this.key = key
    this.parent = parent
    this.zone = zone
    this.isContent = isContent
    this.hash = parent === undefined ? 0 : join(parent.hash, hashText(key))
  }
}

/** What an event's transport adds: no part of its content, here and where ids are made of content. */
export const transportKeys: ReadonlySet<string> = new Set([
  'sentAt',
  'receivedAt',
  'writeKey',
  '_metadata',
  'integrations',
])
const zoneKeys: ReadonlyMap<string, Zone> = new Map([
  ['context', 'context'],
  ['properties', 'properties'],
  ['traits', 'traits'],
])

/** Keys of one event, from its root down to one zone's columns. */
export interface Leaves {
  readonly nodes: readonly PathNode[]
  /** Scalars, null and arrays; never plain objects. */
  readonly values: readonly unknown[]
  readonly count: number
}

export interface WalkLimits {
  readonly eventKeysMax: number
  readonly eventDepthMax: number
}

/** Paths remembered at most; a flood of keys makes the tree start anew instead of growing. */
const pathsMax = 50_000

const keyLengthKept = 1000
const valuesKeptMax = 4096

const nullHash = 0x51ed270b
const trueHash = 0x2c1b3c6d
const falseHash = 0x297a2d39
const emptyHash = 0x1b56c4e9
const arrayHash = 0x7feb352d

export class EventWalk implements Leaves {
  readonly nodes: PathNode[] = []
  readonly values: unknown[] = []
  count = 0
  /** 32 bits of the event's content; the order of keys doesn't matter, that of array elements does. */
  hash = 0
  keys = 0
  tooDeep = false
  tooManyKeys = false
  /** A number was met that a double may not hold: parse the body exactly and walk again. */
  inexact = false
  /** Grows when paths were forgotten: caches by PathNode.id must be dropped. */
  generation = 0

  readonly #limits: WalkLimits
  readonly #scratch = new DataView(new ArrayBuffer(8))
  #root = new PathNode(0, '', undefined, 'other', true)
  #paths = 1

  constructor(limits: WalkLimits) {
    this.#limits = limits
  }

  run(event: object): void {
    if (this.#paths > pathsMax) {
      this.#root = new PathNode(0, '', undefined, 'other', true)
      this.#paths = 1
      this.generation += 1
    }
    this.count = 0
    this.hash = 0
    this.keys = 0
    this.tooDeep = false
    this.tooManyKeys = false
    this.inexact = false
    // Values of large events gone by must not be kept alive by the list.
    if (this.values.length > valuesKeptMax) this.values.length = 0
    this.#walk(event as Record<string, unknown>, this.#root, 1)
  }

  #walk(object: Record<string, unknown>, node: PathNode, depth: number): void {
    if (depth > this.#limits.eventDepthMax) {
      this.tooDeep = true
      return
    }
    let guess = node.first
    let previous: PathNode | undefined
    for (const key in object) {
      this.keys += 1
      let child = guess
      if (child === undefined || child.key !== key) {
        child = node.children.get(key) ?? this.#addChild(node, key)
        if (previous === undefined) node.first = child
        else previous.next = child
      }
      previous = child
      guess = child.next
      this.#visit(object[key], child, depth)
    }
    if (previous === undefined && node.isContent) this.hash = (this.hash + join(node.hash, emptyHash)) | 0
    if (this.keys > this.#limits.eventKeysMax) this.tooManyKeys = true
  }

  #visit(value: unknown, node: PathNode, depth: number): void {
    let valueHash = nullHash
    switch (typeof value) {
      case 'string':
        if (node.isContent) valueHash = hashText(value)
        break
      case 'number':
        if (value > Number.MAX_SAFE_INTEGER || value < -Number.MAX_SAFE_INTEGER) this.inexact = true
        valueHash = hashNumber(value, this.#scratch)
        break
      case 'boolean':
        valueHash = value ? trueHash : falseHash
        break
      case 'object':
        if (value === null) break
        if (Array.isArray(value) || value instanceof RawNumber) {
          valueHash = this.#hashOf(value, depth + 1)
          break
        }
        this.#walk(value as Record<string, unknown>, node, depth + 1)
        return
      case 'bigint':
      case 'undefined':
      case 'function':
      case 'symbol':
        valueHash = this.#hashOf(value, depth)
    }
    if (node.isContent) this.hash = (this.hash + mix(Math.imul(node.hash, 31) + valueHash)) | 0
    if (node.zone !== 'other') {
      this.nodes[this.count] = node
      this.values[this.count] = value
      this.count += 1
    }
  }

  /** Hash of a value inside an array, where no paths lead. */
  #hashOf(value: unknown, depth: number): number {
    if (depth > this.#limits.eventDepthMax) {
      this.tooDeep = true
      return 0
    }
    if (typeof value === 'string') return hashText(value)
    if (typeof value === 'number') {
      if (value > Number.MAX_SAFE_INTEGER || value < -Number.MAX_SAFE_INTEGER) this.inexact = true
      return hashNumber(value, this.#scratch)
    }
    if (typeof value === 'boolean') return value ? trueHash : falseHash
    if (typeof value === 'bigint') return hashText(String(value)) ^ arrayHash
    if (value === null || typeof value !== 'object') return nullHash
    if (value instanceof RawNumber) return hashText(value.source)
    return Array.isArray(value)
      ? this.#hashOfArray(value, depth)
      : this.#hashOfObject(value as Record<string, unknown>, depth)
  }

  #hashOfArray(values: readonly unknown[], depth: number): number {
    let h = arrayHash ^ values.length
    for (const value of values) h = join(h, this.#hashOf(value, depth + 1))
    return h
  }

  #hashOfObject(object: Record<string, unknown>, depth: number): number {
    let h = emptyHash
    for (const key in object) {
      this.keys += 1
      h = (h + join(hashText(key), this.#hashOf(object[key], depth + 1))) | 0
    }
    if (this.keys > this.#limits.eventKeysMax) this.tooManyKeys = true
    return h
  }

  #addChild(parent: PathNode, key: string): PathNode {
    const isTop = parent === this.#root
    const zone = isTop ? (zoneKeys.get(key) ?? 'other') : parent.zone
    const isTransport = isTop
      ? transportKeys.has(key)
      : key === 'ip' && parent.parent === this.#root && zone === 'context'
    const child = new PathNode(this.#paths, key, parent, zone, parent.isContent && !isTransport)
    this.#paths += 1
    // Forgotten, not refused, once the tree is full or the key is a text of its own: a path of this one event only.
    if (this.#paths <= pathsMax * 2 && key.length <= keyLengthKept) parent.children.set(key, child)
    return child
  }
}
