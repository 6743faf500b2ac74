// The scripts of a destination's rules in a machine of their own: filter and mapping in JSONata, and a function. What a script can
// ask for is decided by the event alone (its own clock, its own dice), so that a try later and a replay give the same.
import { readFileSync } from 'node:fs'
import { createRequire, stripTypeScriptTypes } from 'node:module'

import { messageOf } from '../../../core/errors.ts'
import { computedMs, type ScriptFace, ScriptMachine } from '../../../core/script-machine.ts'
import type { DestinationSettings } from '../destination.ts'
import type { RoutingRules } from './rules.ts'

export interface ScriptStart {
  readonly rules: Pick<RoutingRules, 'filter' | 'mapping' | 'code'>
  /** Functions see them: none that is secret. */
  readonly settings: DestinationSettings
}

/** As JSON: what a script is given of one event. */
export interface ScriptInput {
  readonly event: unknown
  /** What a filter sees, if it is more than the others may. */
  readonly whole?: unknown
  readonly source: string
  /** When it was received: the script's present. */
  readonly atMs: number
  /** What its dice begin with. */
  readonly seed: number
}

/** As JSON: what became of it. */
export type ScriptAnswer =
  | { readonly events: readonly unknown[] }
  | { readonly skipped: string }
  | { readonly rejected: string }

const startMsMax = 5000
/** Computing for one event. */
const eventMsMax = 100
const answerCharactersMax = 1024 * 1024

/** Gives [begin, take]: an event goes in, promises go on, the answer comes out. */
const driver = `((filterText, mappingText, settingsText, functions) => {
  let nowMs = 0;
  let dice = 0;
  let answer;
  const HostDate = Date;
  globalThis.Date = class Date extends HostDate {
    constructor(...parts) { if (parts.length === 0) super(nowMs); else super(...parts); }
    static now() { return nowMs; }
  };
  Math.random = () => {
    dice = (dice + 0x6d2b79f5) | 0;
    let mixed = Math.imul(dice ^ (dice >>> 15), 1 | dice);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const filter = filterText === '' ? undefined : jsonata('$boolean(' + filterText + '\\n)');
  const mapping = mappingText === '' ? undefined : jsonata(mappingText);
  const settings = Object.freeze(JSON.parse(settingsText));
  const own = (name) => (typeof functions[name] === 'function' ? functions[name] : undefined);
  const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
  async function route({ event, whole, source }) {
    if (filter !== undefined && (await filter.evaluate(whole ?? event, { source })) !== true)
      return { skipped: 'Its filter keeps it here' };
    if (mapping !== undefined) {
      const made = await mapping.evaluate(event, { source });
      if (made === undefined || made === null) return { skipped: 'Its mapping made nothing of it' };
      if (!isObject(made)) return { rejected: 'Its mapping gave no object' };
      event = { ...event, ...made };
    }
    const type = String(event.type);
    const step = own('on' + type.slice(0, 1).toUpperCase() + type.slice(1)) ?? own('onEvent');
    if (step === undefined) return { events: [event] };
    const given = await step(event, settings);
    if (given === undefined || given === null || given === false) return { skipped: 'Its function dropped it' };
    const events = Array.isArray(given) ? given : [given];
    if (events.length === 0) return { skipped: 'Its function dropped it' };
    return events.every(isObject) ? { events } : { rejected: 'Its function gave what is no event' };
  }
  const failed = (error) => {
    const name = error?.name ?? 'Error';
    const message = String(error?.message ?? error);
    if (name === 'DropEvent' || name === 'EventNotSupported') return { skipped: 'Its function dropped it: ' + message };
    return { rejected: (error?.code === undefined ? name : 'JSONata ' + error.code) + ': ' + message };
  };
  const begin = (text) => {
    const input = JSON.parse(text);
    nowMs = input.atMs;
    dice = input.seed;
    answer = undefined;
    route(input).catch(failed).then((value) => { answer = JSON.stringify(value); });
  };
  return [begin, () => answer];
})`

/** Errors by which Segment's functions say what is to become of an event. */
const errorNames = ['DropEvent', 'EventNotSupported', 'InvalidEventPayload', 'ValidationError', 'RetryError']
const handlers = ['onEvent', 'onTrack', 'onIdentify', 'onPage', 'onScreen', 'onGroup', 'onAlias']

/** A function's own text stands on lines of its own: what it says of them is right. */
function functionsOf(code: string): string {
  const errors = errorNames.map((name) => `class ${name} extends Error { name = '${name}' }`).join(' ')
  const found = handlers.map((name) => `${name}: typeof ${name} === 'undefined' ? undefined : ${name}`).join(', ')
  return `(() => { 'use strict'; ${errors} return (() => {\n${code}\nreturn { ${found} } })() })()`
}

/** A machine that has read the scripts. */
interface Ready {
  readonly machine: ScriptMachine
  readonly begin: ScriptFace
  readonly take: ScriptFace
}

export class RoutingScript {
  readonly #start: ScriptStart
  #ready: Ready | undefined

  constructor(start: ScriptStart) {
    this.#start = start
  }

  /** What is wrong with the scripts themselves; undefined: nothing. */
  async problem(): Promise<string | undefined> {
    try {
      this.#ready ??= await this.#open()
      return undefined
    } catch (error) {
      return messageOf(error)
    }
  }

  /** `input`: JSON of a ScriptInput. Gives JSON of a ScriptAnswer, and never rejects. */
  async answer(input: string): Promise<string> {
    try {
      this.#ready ??= await this.#open()
    } catch (error) {
      return rejected(messageOf(error))
    }
    const answer = this.#ask(this.#ready, input)
    const { machine } = this.#ready
    if (!machine.isBroken) return answer
    this.dispose()
    return machine.isLate ? rejected(`It took longer than ${eventMsMax} ms`) : answer
  }

  dispose(): void {
    this.#ready?.machine.dispose()
    this.#ready = undefined
  }

  #ask({ machine, begin, take }: Ready, input: string): string {
    machine.deadlineMs = computedMs() + eventMsMax
    try {
      machine.call(begin, input)
      machine.runPromises()
      const answer = machine.call(take)
      // Within a promise it is an error like others.
      if (answer?.startsWith('{"rejected":"InternalError') === true) machine.giveUp()
      if (answer === null) return rejected('It waits for what never comes: there is no network here, and no timer')
      return answer.length > answerCharactersMax ? rejected('What became of it is larger than 1 MiB') : answer
    } catch (error) {
      return rejected(messageOf(error))
    }
  }

  async #open(): Promise<Ready> {
    const { filter = '', mapping = '', code = '' } = this.#start.rules
    const functions = functionsOf(stripTypeScriptTypes(code))
    const machine = await ScriptMachine.open()
    machine.deadlineMs = computedMs() + startMsMax
    try {
      if (filter !== '' || mapping !== '') machine.evaluate(jsonataText(), 'jsonata.js')
      const words = [filter, mapping, JSON.stringify(this.#start.settings)].map((text) => JSON.stringify(text))
      machine.evaluate(`globalThis.__made = ${driver}(${words.join(', ')}, ${functions})`, 'function.js')
      const begin = machine.evaluate('__made[0]', 'function.js')
      const take = machine.evaluate('__made[1]', 'function.js')
      machine.evaluate('delete globalThis.__made', 'function.js')
      return { machine, begin, take }
    } catch (error) {
      machine.dispose()
      throw error
    }
  }
}

function rejected(reason: string): string {
  return JSON.stringify({ rejected: reason } satisfies ScriptAnswer)
}

/** The library, for a machine that has no modules. */
function jsonataText(): string {
  const text = readFileSync(createRequire(import.meta.url).resolve('jsonata/jsonata.min.js'), 'utf8')
  return `(() => { const module = { exports: {} }, exports = module.exports; ${text}\nglobalThis.jsonata = module.exports })()`
}
