// What the marketing site says, through analytics.js.
import { chanceOf, consentOf } from '../company/company.ts'
import type { SegmentEvent, Traffic } from './traffic.ts'

const paths = ['/', '/pricing', '/how-it-works', '/blog/sleep-regression', '/blog/第一次发烧', '/support']

export const websiteTraffic: Traffic = {
  name: 'website',
  *tell(fact, company) {
    if (fact.kind !== 'visit') return
    const random = chanceOf(company, fact, 'website')
    const { anonymousId, campaign } = fact
    const consent = consentOf(company, anonymousId)
    const userAgent = random.pick([
      'Mozilla/5.0 (iPhone) Safari/605.1',
      'Mozilla/5.0 (X11) Chrome/141.0',
      'Mozilla/5.0 (Macintosh) Firefox/144.0',
    ])
    let atMs = fact.atMs
    const say = (said: Omit<SegmentEvent, 'messageId'>, path: string, mark: string) => {
      const context = {
        page: { path, url: `https://cubby.example${path}`, title: 'Cubby' },
        userAgent,
        consent,
        locale: fact.country === 'CN' ? 'zh-CN' : 'en-US',
        library: { name: 'analytics.js', version: '1.84.3' },
        ...(campaign === undefined ? {} : { campaign: { source: campaign, medium: 'social', name: 'autumn 🍂' } }),
      }
      const event = { ...said, messageId: `w-${fact.id}-${mark}`, anonymousId, context }
      return { road: 'segment', source: 'cubby_web', atMs, sentMs: atMs + 250, event } as const
    }
    for (let page = 0; page < fact.pages; page += 1) {
      const path = page === 0 ? random.pick(['/', '/', ...paths]) : random.pick(paths)
      const properties = { path, title: 'Cubby', referrer: page === 0 ? (campaign ?? '') : 'https://cubby.example' }
      yield say({ type: 'page', name: path, properties }, path, `p${page}`)
      // Google takes names of Latin letters only.
      if (path === '/pricing' && fact.country === 'CN')
        yield say({ type: 'track', event: '价格已查看', properties: { plan: 'premium' } }, path, `c${page}`)
      atMs += random.whole(4000, 90_000)
    }
    if (!fact.goesToStore) return
    yield say(
      { type: 'track', event: 'App Store Clicked', properties: { store: random.pick(['apple', 'google']) } },
      '/',
      'store',
    )
  },
}
