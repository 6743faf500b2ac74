// What the appender asks of the warehouse.
import type { MadeStore } from '../../warehouse/session.ts'

export type AppendTarget = Pick<MadeStore, 'positions' | 'hasTable' | 'appendPlan'>
