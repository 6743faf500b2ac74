// Rows on quiet and small: an idle instance, and a thousand connections that send slowly.
import { readdir } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

import { cpuSeconds, residentMiB, withMillpond } from './support/run.ts'

/** CPU, memory and new files while nobody sends anything. */
export async function benchIdle(durationMs: number): Promise<object> {
  return withMillpond(async ({ millpond }) => {
    await delay(3000)
    const pids = await millpond.pids()
    const filesBefore = await fileNames(millpond.data)
    const before = (await cpuSeconds(pids.intake)) + (await cpuSeconds(pids.engine))
    await delay(durationMs)
    const after = (await cpuSeconds(pids.intake)) + (await cpuSeconds(pids.engine))
    const filesAfter = await fileNames(millpond.data)
    return {
      bench: 'idle',
      seconds: durationMs / 1000,
      cpuPercent: Math.round(((after - before) / (durationMs / 1000)) * 10_000) / 100,
      newFiles: filesAfter.filter((name) => !filesBefore.includes(name)),
      residentMiB: { intake: await residentMiB(pids.intake), engine: await residentMiB(pids.engine) },
    }
  })
}

/** Connections that announce a body and send it a byte at a time. */
export async function benchSlowWriters(connections: number): Promise<object> {
  return withMillpond(async ({ millpond, port, writeKey }) => {
    const { intake } = await millpond.pids()
    const sockets: Socket[] = []
    for (let n = 0; n < connections; n += 1) {
      const socket = connect({ port, host: '127.0.0.1' })
      socket.on('error', () => undefined)
      socket.write(
        'POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 400000\r\n\r\n{"batch":[',
      )
      socket.write(Buffer.alloc(100_000, 32))
      sockets.push(socket)
    }
    for (let second = 0; second < 10; second += 1) {
      for (const socket of sockets) socket.write(' ')
      await delay(1000)
    }
    const begunMs = performance.now()
    const answer = await fetch(`http://127.0.0.1:${port}/v1/track`, {
      method: 'POST',
      body: JSON.stringify({ writeKey, event: 'Beside', userId: 'u' }),
    })
    const besideMs = Math.round(performance.now() - begunMs)
    const result = {
      bench: 'slow-writers',
      connections,
      besideStatus: answer.status,
      besideMs,
      intakeMiB: await residentMiB(intake),
    }
    for (const socket of sockets) socket.destroy()
    return result
  })
}

async function fileNames(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).sort()
}
