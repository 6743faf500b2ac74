// What the vendors document, as numbers with the day on which somebody read it again: the fakes enforce them, and
// test/contract/vendor-limits.test.ts holds them against what the destinations believe.
export const vendorLimits = {
  mixpanel: {
    lastVerified: '2026-11-23',
    source: 'developer.mixpanel.com/reference/import-events',
    eventsMax: 2000,
    // Mixpanel's page says 10 MB by now; the smaller number was valid longer, and fits both.
    bytesMax: 2 * 1024 * 1024,
    eventBytesMax: 1024 * 1024,
    propertiesMax: 255,
    profilesMax: 2000,
    groupsMax: 200,
    deletedIdsMax: 2000,
  },
  ga4: {
    lastVerified: '2026-11-23',
    source: 'developers.google.com/analytics/devguides/collection/protocol/ga4/sending-events',
    eventsMax: 25,
    paramsMax: 25,
    userPropertiesMax: 25,
    bytesMax: 130_000,
    backdateHoursMax: 72,
  },
  meta: {
    lastVerified: '2026-11-23',
    source: 'developers.facebook.com/docs/marketing-api/conversions-api/using-the-api',
    eventsMax: 1000,
    ageDaysMax: 7,
  },
  'object-storage': {
    lastVerified: '2026-11-24',
    source: 'docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html',
    objectBytesMax: 5 * 1024 ** 3,
    skewMsMax: 15 * 60_000,
  },
} as const
