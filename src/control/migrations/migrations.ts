// Brings control.sqlite to the newest shape. Each step runs once, in one transaction with its number (user_version).
import type { DatabaseSync } from 'node:sqlite'

import { MillpondError } from '../../core/errors.ts'
import { sourcesAndTokens } from './0001-sources-and-tokens.ts'
import { principals } from './0002-principals.ts'
import { accounts } from './0003-accounts.ts'
import { people } from './0004-people.ts'
import { queries } from './0005-queries.ts'
import { destinations } from './0006-destinations.ts'
import { receiptsOfViewer } from './0007-receipts-of-viewer.ts'
import { tokenExpiry } from './0008-token-expiry.ts'
import { queryVerifications } from './0009-query-verifications.ts'
import { dashboards } from './0010-dashboards.ts'
import { queryAudience } from './0011-query-audience.ts'
import { alerts } from './0012-alerts.ts'
import { embeds } from './0013-embeds.ts'
import { oidc } from './0014-oidc.ts'
import { cohorts } from './0015-cohorts.ts'
import { reports } from './0016-reports.ts'
import { trackingPlans } from './0017-tracking-plans.ts'
import { embedVersions } from './0018-embed-versions.ts'
import { destinationRules } from './0019-destination-rules.ts'
import { replays } from './0020-replays.ts'
import { erasures } from './0021-erasures.ts'

/** Only ever appended to: step n makes version n + 1. */
const steps: readonly string[] = [
  sourcesAndTokens,
  principals,
  accounts,
  people,
  queries,
  destinations,
  receiptsOfViewer,
  tokenExpiry,
  queryVerifications,
  dashboards,
  queryAudience,
  alerts,
  embeds,
  oidc,
  cohorts,
  reports,
  trackingPlans,
  embedVersions,
  destinationRules,
  replays,
  erasures,
]

/** Error: setting-invalid if a newer Millpond has written the file. */
export function migrate(database: DatabaseSync): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  if (version > steps.length) {
    throw new MillpondError(
      'setting-invalid',
      `The data folder was written by a newer Millpond (control version ${version}, this one knows ${steps.length})`,
    )
  }
  // SQLite changes a table by making it anew, and while it is gone those that point to it would hold it up.
  database.exec('PRAGMA foreign_keys = OFF')
  for (const [index, step] of steps.entries()) {
    if (index >= version) database.exec(`BEGIN IMMEDIATE; ${step}; PRAGMA user_version = ${index + 1}; COMMIT`)
  }
  database.exec('PRAGMA foreign_keys = ON')
}
