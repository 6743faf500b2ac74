// The settings that RudderStack's browser and mobile SDKs fetch before their first event (GET /sourceConfig). Without a
// valid answer they send nothing, so it is made from memory alone, for every key of ours in any state.

/**
 * No destinations, so the SDK loads no code for them; no data planes, so it stays with the address that it was given; its
 * own error and usage reports are off.
 */
export function sourceConfigDocument(writeKey: string): object {
  const updatedAt = '2020-01-01T00:00:00.000Z'
  return {
    source: {
      // The name of the source is nobody's business on a public page; the key is there anyway.
      id: writeKey,
      name: 'millpond',
      writeKey,
      enabled: true,
      workspaceId: 'millpond',
      config: { statsCollection: { errors: { enabled: false }, metrics: { enabled: false } } },
      destinations: [],
      dataplanes: {},
      updatedAt,
    },
    updatedAt,
  }
}

/** Mobile SDKs name the key in Authorization only: a cache must not hand one key's answer to another. */
export const sourceConfigHeaders: readonly string[] = ['Vary', 'Authorization']
