// The only reader of the process's environment. Everybody else gets settings as arguments.
/* oxlint-disable node/no-process-env -- this file is the one place that may */

/** Variable name -> value, as the operating system gives it. */
export type Environment = Readonly<Record<string, string | undefined>>

const prefix = 'MILLPOND_'

/** All variables that are meant for us. An empty one counts as not set, the way compose files leave things out. */
export function millpondVariables(environment: Environment = process.env): ReadonlyMap<string, string> {
  const variables = new Map<string, string>()
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || value === '' || !name.startsWith(prefix)) continue
    if (!isFromKubernetes(name, value)) variables.set(name, value)
  }
  return variables
}

/** The environment for a process of our own: ours, with `extra` on top. */
export function childEnvironment(extra: Record<string, string>): NodeJS.ProcessEnv {
  return { ...process.env, ...extra }
}

/**
 * A Kubernetes service that is called `millpond` puts its address into every pod under names that look like ours
 * (MILLPOND_PORT=tcp://…). MILLPOND_PORT with any other value is a person's slip and is told.
 */
function isFromKubernetes(name: string, value: string): boolean {
  const rest = name.slice(prefix.length)
  if (/^SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/.test(rest)) return true
  if (/^PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(rest)) return true
  return rest === 'PORT' && /^(tcp|udp|sctp):\/\//.test(value)
}
