// What the demo company looks at every morning. Tables of `daily` are made by its schedules.
import type { DashboardAsked, Tile } from '../../src/portal/api/dashboard-answers.ts'

const appOpens = `SELECT DATE(timestamp) AS day, 'iOS' AS platform, user_id FROM cubby_ios.app_opened
  UNION ALL SELECT DATE(timestamp), 'Android', user_id FROM cubby_android.app_opened`

function tile(id: string, title: string, sql: string, chart: Tile['chart'], place: readonly number[]): Tile {
  const [x = 0, y = 0, width = 6, height = 6] = place
  return { id, title, sql, chart, place: { x, y, width, height } }
}

export const dashboards: readonly DashboardAsked[] = [
  {
    slug: 'morning',
    title: 'Cubby, every morning',
    description: 'How the cameras, the app and the money are doing',
    zone: 'UTC',
    parameters: [{ name: 'since', type: 'DATE', default: { relative: '28 days ago' } }],
    refreshSeconds: 60,
    tiles: [
      tile(
        'actives-now',
        'People in the app yesterday',
        'SELECT day, SUM(people) AS people FROM daily.app_use GROUP BY day ORDER BY day',
        { kind: 'number' },
        [0, 0, 3, 4],
      ),
      tile(
        'losses-now',
        'Connections lost yesterday',
        'SELECT day, SUM(losses) AS losses FROM daily.camera_losses GROUP BY day ORDER BY day',
        { kind: 'number' },
        [3, 0, 3, 4],
      ),
      tile(
        'revenue',
        'New subscriptions by day',
        `SELECT DATE(timestamp) AS day, COUNT(*) AS subscriptions FROM cubby_backend.subscription_started
WHERE DATE(timestamp) >= @since GROUP BY day ORDER BY day`,
        { kind: 'bar' },
        [6, 0, 6, 4],
      ),
      tile(
        'actives',
        'People in the app, by platform',
        'SELECT day, platform, people FROM daily.app_use WHERE day >= @since ORDER BY day, platform',
        { kind: 'area', split: 'platform' },
        [0, 4, 8, 6],
      ),
      tile(
        'funnel',
        'From sign-up to the first live view',
        `WITH signed AS (
  SELECT user_id FROM cubby_ios.signed_up UNION DISTINCT SELECT user_id FROM cubby_android.signed_up
), paired AS (
  SELECT user_id FROM cubby_ios.camera_paired UNION DISTINCT SELECT user_id FROM cubby_android.camera_paired
), looked AS (
  SELECT user_id FROM cubby_ios.live_view_started UNION DISTINCT SELECT user_id FROM cubby_android.live_view_started
)
SELECT step, people FROM (
  SELECT 1 AS place, 'Signed up' AS step, COUNT(*) AS people FROM signed
  UNION ALL SELECT 2, 'Camera paired', COUNT(*) FROM signed JOIN paired USING (user_id)
  UNION ALL SELECT 3, 'Live view', COUNT(*) FROM signed JOIN paired USING (user_id) JOIN looked USING (user_id)
) ORDER BY place`,
        { kind: 'funnel' },
        [8, 4, 4, 6],
      ),
      tile(
        'hours',
        'When parents look, by hour of the day (UTC)',
        `SELECT FORMAT_DATE('%a', day) AS weekday, FORMAT('%02d', hour) AS hour, COUNT(*) AS looks FROM (
  SELECT DATE(timestamp) AS day, EXTRACT(HOUR FROM timestamp) AS hour FROM cubby_ios.live_view_started WHERE DATE(timestamp) >= @since
  UNION ALL SELECT DATE(timestamp), EXTRACT(HOUR FROM timestamp) FROM cubby_android.live_view_started WHERE DATE(timestamp) >= @since
) GROUP BY weekday, hour, EXTRACT(DAYOFWEEK FROM day) ORDER BY EXTRACT(DAYOFWEEK FROM ANY_VALUE(day)), hour`,
        { kind: 'table' },
        [0, 10, 4, 7],
      ),
      tile(
        'firmware',
        'Connections lost, by firmware',
        'SELECT day, firmware, losses FROM daily.camera_losses WHERE day >= @since ORDER BY day, firmware',
        { kind: 'bar', split: 'firmware', isStacked: true },
        [4, 10, 8, 7],
      ),
    ],
  },
  {
    slug: 'model',
    title: 'The cry detector',
    description: 'What the model in the cameras judges, and how fast',
    zone: 'UTC',
    parameters: [],
    tiles: [
      tile(
        'judged',
        'Judged by day and label',
        `SELECT DATE(timestamp) AS day, top_label, COUNT(*) AS judged FROM ai.inferences
GROUP BY day, top_label ORDER BY day, top_label`,
        { kind: 'bar', split: 'top_label', isStacked: true },
        [0, 0, 8, 6],
      ),
      tile(
        'latency',
        'Median latency by version (ms)',
        `SELECT version, APPROX_QUANTILES(latency_ms, 2)[OFFSET(1)] AS median_ms FROM ai.inferences
GROUP BY version ORDER BY version`,
        { kind: 'bar', along: 'version' },
        [8, 0, 4, 6],
      ),
    ],
  },
]

/** Yesterday's, as schedules run them: written once a day, for every day that was missed. */
export const dailies: readonly { readonly name: string; readonly table: string; readonly sql: string }[] = [
  {
    name: 'App use of a day',
    table: 'app_use',
    sql: `SELECT day, platform, COUNT(DISTINCT user_id) AS people, COUNT(*) AS opens FROM (
  ${appOpens}
) WHERE day = DATE_SUB(@run_date, INTERVAL 1 DAY) GROUP BY day, platform`,
  },
  {
    name: 'Lost connections of a day',
    table: 'camera_losses',
    sql: `SELECT DATE(timestamp) AS day, firmware, COUNT(*) AS losses, COUNT(DISTINCT device_id) AS cameras
FROM cubby_backend.camera_disconnected
WHERE DATE(timestamp) = DATE_SUB(@run_date, INTERVAL 1 DAY) GROUP BY day, firmware`,
  },
]
