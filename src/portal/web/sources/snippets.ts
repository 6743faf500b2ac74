// What a sender has to write on each platform, with the real address and write key. The long form, with reasons: docs/guide/segment-sdks.md.
import type { Platform } from './platforms.ts'

/** What is easily done wrong; words of the page (`sources.trap-…`). */
export type Trap = 'kotlin' | 'https' | 'flush' | 'logs'

export interface Snippet {
  readonly install?: string
  readonly code: string
  readonly traps: readonly Trap[]
}

export interface Sender {
  /** Where senders reach Millpond: `https://events.example.com`. */
  readonly address: string
  readonly writeKey: string
}

export function snippetOf(platform: Platform, sender: Sender): Snippet {
  const { address, writeKey: key } = sender
  const { host, protocol, hostname } = new URL(address)
  const needsHttps: readonly Trap[] = protocol === 'https:' ? [] : ['https']
  switch (platform) {
    case 'JavaScript':
      return {
        install: 'npm install @segment/analytics-next',
        code: `import { AnalyticsBrowser } from '@segment/analytics-next'

export const analytics = AnalyticsBrowser.load({ writeKey: '${key}', cdnURL: '${address}' })
analytics.track('Hello Pond')`,
        traps: [],
      }
    case 'Node':
      return {
        install: 'npm install @segment/analytics-node',
        code: `import { Analytics } from '@segment/analytics-node'

const analytics = new Analytics({ writeKey: '${key}', host: '${address}' })
analytics.track({ userId: 'ada', event: 'Hello Pond' })
await analytics.closeAndFlush()`,
        traps: ['flush'],
      }
    case 'Swift':
      return {
        code: `let analytics = Analytics(configuration: Configuration(writeKey: "${key}")
    .apiHost("${host}/v1")
    .cdnHost("${host}/v1"))
analytics.track(name: "Hello Pond")`,
        traps: needsHttps,
      }
    case 'Kotlin':
      return { code: kotlin(host, key), traps: ['kotlin', ...needsHttps] }
    case 'React Native':
      return {
        install: 'npm install @segment/analytics-react-native',
        code: `import { createClient } from '@segment/analytics-react-native'

const analytics = createClient({
  writeKey: '${key}',
  useSegmentEndpoints: true,
  proxy: '${address}/v1',
  cdnProxy: '${address}/v1',
})
analytics.track('Hello Pond')`,
        traps: [],
      }
    case 'Python':
      return {
        install: 'pip install segment-analytics-python',
        code: `import segment.analytics as analytics

analytics.write_key = '${key}'
analytics.host = '${address}'
analytics.track('ada', 'Hello Pond')
analytics.flush()`,
        traps: ['flush'],
      }
    case 'Go':
      return {
        install: 'go get github.com/segmentio/analytics-go/v3',
        code: go(address, key),
        traps: ['flush'],
      }
    case 'curl':
      return { code: curl(sender), traps: [] }
    case 'Fluent Bit':
      return { code: fluentBit(hostname), traps: ['logs'] }
    case 'Docker':
      return { code: docker(hostname), traps: ['logs'] }
  }
}

function curl({ address, writeKey }: Sender): string {
  return `curl -X POST ${address}/v1/track -u ${writeKey}: \\
  -d '{"event":"Hello Pond","userId":"ada"}'`
}

function go(address: string, key: string): string {
  return `client, err := analytics.NewWithConfig("${key}", analytics.Config{Endpoint: "${address}"})
if err != nil {
    log.Fatal(err)
}
defer client.Close()
client.Enqueue(analytics.Track{UserId: "ada", Event: "Hello Pond"})`
}

function kotlin(host: string, key: string): string {
  return `val analytics = Analytics("${key}", applicationContext) {
    apiHost = "${host}/v1"
    cdnHost = "${host}/v1"
    defaultSettings = Settings(
        integrations = buildJsonObject {
            put("Segment.io", buildJsonObject {
                put("apiKey", "${key}")
                put("apiHost", "${host}/v1")
            })
        }
    )
}
analytics.track("Hello Pond")`
}

function fluentBit(hostname: string): string {
  return `[OUTPUT]
    Name                  forward
    Match                 *
    Host                  ${hostname}
    Port                  24224
    Require_ack_response  true
    Compress              gzip
    Retry_Limit           no_limits`
}

function docker(hostname: string): string {
  return `docker run --log-driver fluentd \\
  --log-opt fluentd-address=${hostname}:24224 \\
  --log-opt fluentd-async=true \\
  --log-opt fluentd-request-ack=true \\
  --log-opt tag='docker.{{.Name}}' my-image`
}
