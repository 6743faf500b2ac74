// What the BigQuery API asks of the engine.
import type { Append } from '../../buffer/record.ts'
import type { Control } from '../../control/control.ts'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { MadeStore } from '../../warehouse/session.ts'
import type { QueryRoad } from '../contract.ts'

export interface BigqueryDeps {
  readonly road: Pick<QueryRoad, 'submit' | 'dryRun' | 'jobs' | 'job' | 'cancel' | 'visibleTables'>
  readonly control: Pick<Control, 'verifyToken' | 'findKey' | 'createAccessToken' | 'policies'>
  readonly made: Pick<MadeStore, 'catalog'>
  /** Appends to stream `appends`; resolves once it is synced. */
  readonly append: Append
  /** One file below `exchangeFolder` into one made table. */
  readonly loadFile: MadeStore['loadFile']
  /** Uploads are gathered here; a file below it can be read by `loadFile`. */
  readonly exchangeFolder: string
  /** Bytes that may still be written below a folder. */
  readonly freeBytes: (path: string) => Promise<number>
  /** Setting `project`. */
  readonly project: string
  /** Setting `publicUrl`. */
  readonly publicUrl: string | undefined
  /** How long ended jobs are known: setting `resultAgeMsMax`. */
  readonly jobAgeMsMax: number
  readonly clock: Clock
  readonly log: Log
  /** A new unguessable id each call. */
  readonly createId: () => string
}

/** Where datasets are, as far as clients ask; what they say themselves is given back to them. */
export const defaultLocation = 'US'
