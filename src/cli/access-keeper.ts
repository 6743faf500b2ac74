// People, keys and policies, wherever they are kept at the moment: a running Millpond, or the data folder under its lock.
import type { Command } from 'commander'

import { openControl } from '../control/control.ts'
import { invitedUser, type InvitedUser, type NewUser, type User } from '../control/login-store.ts'
import type { Attributes, PrincipalChange, PrincipalRecord } from '../control/principal-store.ts'
import type { KeyAddress, KeyInfo, ServiceAccountKey } from '../control/key-store.ts'
import type { ColumnMask, Grant, Policies, Role, RowFilter } from '../control/principals.ts'
import { createLog } from '../core/log.ts'
import type { Settings } from '../core/settings.ts'
import { listIn, withEngineOrFolder } from './access.ts'
import type { AdminClient } from './admin-client.ts'
import { type CliContext, type GlobalOptions, settingsOf } from './context.ts'

type MaskPlace = Pick<ColumnMask, 'dataset' | 'table' | 'column'>
type FilterPlace = Pick<RowFilter, 'dataset' | 'table'>

/** Row filters are made by the engine only: it alone knows the tables that they must fit. */
export interface AccessKeeper {
  listPrincipals(): Promise<PrincipalRecord[]>
  addPrincipal(handle: string, kind: 'person' | 'service', role: Role, attributes: Attributes): Promise<PrincipalRecord>
  changePrincipal(handle: string, change: PrincipalChange): Promise<PrincipalRecord>
  removePrincipal(handle: string): Promise<void>
  listUsers(): Promise<User[]>
  addUser(user: NewUser): Promise<InvitedUser>
  inviteUser(handle: string): Promise<InvitedUser>
  setUserDisabled(handle: string, isDisabled: boolean): Promise<User>
  listKeys(): Promise<KeyInfo[]>
  createKey(handle: string, address: KeyAddress): Promise<{ info: KeyInfo; key: ServiceAccountKey }>
  revokeKey(id: string): Promise<void>
  policies(): Promise<Policies>
  addGrant(grant: Grant): Promise<void>
  removeGrant(grant: Grant): Promise<void>
  /** Gives warnings; the engine alone knows of any. */
  putMask(mask: ColumnMask): Promise<readonly string[]>
  removeMask(place: MaskPlace): Promise<void>
  removeFilter(place: FilterPlace): Promise<void>
}

/** With the settings of the command. Errors: as withAccessKeeper. */
export async function keep<T>(
  context: CliContext,
  command: Command,
  work: (keeper: AccessKeeper) => Promise<T>,
): Promise<T> {
  return await withAccessKeeper(context, settingsOf(context, command.optsWithGlobals<GlobalOptions>()), work)
}

/** Errors: data-locked, engine-unavailable, and those of `work`. */
export async function withAccessKeeper<T>(
  context: CliContext,
  settings: Settings,
  work: (keeper: AccessKeeper) => Promise<T>,
): Promise<T> {
  return await withEngineOrFolder(context, settings, {
    engine: async (client) => await work(remoteKeeper(client)),
    folder: async () => {
      const control = await openControl(settings.data, { clock: context.clock, log: createLog('silent') })
      try {
        return await work({
          ...control,
          listPrincipals: async () => control.listPrincipals(),
          listUsers: async () => control.logins.users(),
          addUser: async (user) => invitedUser(control.logins.add(user)),
          inviteUser: async (handle) => invitedUser(control.logins.invite(handle)),
          setUserDisabled: async (handle, isDisabled) => control.logins.setDisabled(handle, isDisabled),
          listKeys: async () => control.listKeys(),
          policies: async () => control.policies(),
          putMask: async (mask) => {
            await control.putMask(mask)
            return []
          },
        })
      } finally {
        await control.stop()
      }
    },
  })
}

function remoteKeeper(client: AdminClient): AccessKeeper {
  const principal = (handle: string): string => `/api/principals/${encodeURIComponent(handle)}`
  return {
    async listPrincipals() {
      return listIn(await client.call('GET', '/api/principals'), 'principals')
    },
    async addPrincipal(handle, kind, role, attributes) {
      return (await client.call('POST', '/api/principals', { handle, kind, role, attributes })) as PrincipalRecord
    },
    async changePrincipal(handle, change) {
      return (await client.call('POST', principal(handle), change)) as PrincipalRecord
    },
    async removePrincipal(handle) {
      await client.call('DELETE', principal(handle))
    },
    async listUsers() {
      return listIn(await client.call('GET', '/api/users'), 'users')
    },
    async addUser(user) {
      return (await client.call('POST', '/api/users', user)) as InvitedUser
    },
    async inviteUser(handle) {
      return (await client.call('POST', `/api/users/${encodeURIComponent(handle)}/invite`)) as InvitedUser
    },
    async setUserDisabled(handle, isDisabled) {
      const path = `/api/users/${encodeURIComponent(handle)}/${isDisabled ? 'disable' : 'enable'}`
      return (await client.call('POST', path)) as User
    },
    async listKeys() {
      return listIn(await client.call('GET', '/api/keys'), 'keys')
    },
    async createKey(handle, address) {
      const made = await client.call('POST', '/api/keys', { handle, ...address })
      const { key, ...info } = made as KeyInfo & { key: ServiceAccountKey }
      return { info, key }
    },
    async revokeKey(id) {
      await client.call('DELETE', `/api/keys/${encodeURIComponent(id)}`)
    },
    async policies() {
      const grants = listIn<Grant>(await client.call('GET', '/api/grants'), 'grants')
      const answer = await client.call('GET', '/api/policies')
      return { grants, masks: listIn<ColumnMask>(answer, 'masks'), filters: listIn<RowFilter>(answer, 'filters') }
    },
    async addGrant(grant) {
      await client.call('POST', '/api/grants', grant)
    },
    async removeGrant(grant) {
      await client.call('POST', '/api/grants/remove', grant)
    },
    async putMask(mask) {
      return warningsIn(await client.call('POST', '/api/policies/masks', mask))
    },
    async removeMask({ dataset, table, column }) {
      await client.call('POST', '/api/policies/masks/remove', { dataset, table, column })
    },
    async removeFilter({ dataset, table }) {
      await client.call('POST', '/api/policies/filters/remove', { dataset, table })
    },
  }
}

export function warningsIn(answer: unknown): readonly string[] {
  return (answer as { readonly warnings: readonly string[] }).warnings
}
