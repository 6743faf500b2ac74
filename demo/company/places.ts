// Where Cubby's customers live, what they are called, and when they are awake.

export interface Place {
  readonly city: string
  readonly country: string
  readonly timezone: string
  /** Hours ahead of UTC. Fixed, so that a seed gives the same days in summer and winter. */
  readonly utcOffsetHours: number
  readonly locale: string
  readonly currency: string
  readonly monthlyPrice: number
  readonly firstNames: readonly string[]
  readonly familyNames: readonly string[]
  readonly babyNames: readonly string[]
  /** How many customers live here, compared with other places. */
  readonly weight: number
}

type Row = readonly [
  city: string,
  country: string,
  timezone: string,
  utcOffsetHours: number,
  locale: string,
  price: string,
  weight: number,
  firstNames: string,
  familyNames: string,
  babyNames: string,
]

const rows: readonly Row[] = [
  [
    'Berlin',
    'DE',
    'Europe/Berlin',
    1,
    'de-DE',
    'EUR 7.99',
    18,
    'Anna Jonas Lena Paul Käthe Jörg',
    'Müller Schäfer Weiß Köhler',
    'Mia Emil Zoë Theo',
  ],
  [
    'London',
    'GB',
    'Europe/London',
    0,
    'en-GB',
    'GBP 6.99',
    14,
    'Amelia Oliver Priya Harry Siân',
    "Smith Patel O'Neill Evans",
    'Isla Noah Arlo Freya',
  ],
  [
    'Paris',
    'FR',
    'Europe/Paris',
    1,
    'fr-FR',
    'EUR 7.99',
    8,
    'Chloé Hugo Inès Théo',
    'Lefèvre Garçon Dubois',
    'Léa Gaël Noé',
  ],
  [
    'New York',
    'US',
    'America/New_York',
    -5,
    'en-US',
    'USD 8.99',
    18,
    'Emma Liam Sofia Jaden Ruth',
    'Johnson García Cohen Nguyen',
    'Olivia Mateo Ava 🐣Ziggy',
  ],
  [
    'San Francisco',
    'US',
    'America/Los_Angeles',
    -8,
    'en-US',
    'USD 8.99',
    10,
    'Maya Ethan Zoe Lucas',
    'Chen Williams Rivera',
    'Luna Kai 🌙Nova',
  ],
  [
    'São Paulo',
    'BR',
    'America/Sao_Paulo',
    -3,
    'pt-BR',
    'BRL 29.9',
    8,
    'João Beatriz Inês Caio',
    'Conceição Araújo Souza',
    'Alícia Davi Íris',
  ],
  ['上海', 'CN', 'Asia/Shanghai', 8, 'zh-CN', 'CNY 38', 14, '伟 秀英 敏 磊 静', '王 李 张 陈', '小宝 豆豆 糖糖🍬'],
  ['東京', 'JP', 'Asia/Tokyo', 9, 'ja-JP', 'JPY 980', 7, 'さくら 翔太 陽菜 健', '佐藤 鈴木 髙橋', 'ひなた はると'],
  [
    'Sydney',
    'AU',
    'Australia/Sydney',
    10,
    'en-AU',
    'AUD 11.99',
    3,
    'Ruby Jack Matilda',
    'Brown Taylor Kaur',
    'Banjo Willow',
  ],
]

export const places: readonly Place[] = rows.map((row) => {
  const [city, country, timezone, utcOffsetHours, locale, price, weight, firstNames, familyNames, babyNames] = row
  const [currency = '', amount = ''] = price.split(' ')
  return {
    city,
    country,
    timezone,
    utcOffsetHours,
    locale,
    currency,
    weight,
    monthlyPrice: Number(amount),
    firstNames: firstNames.split(' '),
    familyNames: familyNames.split(' '),
    babyNames: babyNames.split(' '),
  }
})

const hourMs = 3_600_000

/** How busy parents are with the app in each local hour: the night feeds, the morning, nap time, and above all the evening. */
export const parentHours: readonly number[] = [
  4, 4, 4, 3, 3, 5, 8, 9, 7, 5, 4, 5, 8, 9, 7, 5, 5, 6, 10, 14, 15, 12, 8, 5,
]

/** When babies cry: evenings and nights. */
export const cryHours: readonly number[] = [9, 9, 10, 9, 8, 8, 7, 4, 3, 3, 3, 4, 4, 3, 3, 4, 5, 7, 10, 11, 9, 7, 7, 8]

/** When somebody watches television next to the camera. */
export const noiseHours: readonly number[] = [2, 1, 1, 1, 1, 2, 4, 6, 6, 6, 6, 6, 6, 5, 5, 6, 7, 8, 9, 10, 10, 8, 5, 3]

export function localHour(place: Place, atMs: number): number {
  return new Date(atMs + place.utcOffsetHours * hourMs).getUTCHours()
}
