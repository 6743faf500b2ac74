// The icons, drawn for a field of 16 by 16. They only accompany words, so nobody has to hear of them.
const paths = {
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.7 10.7 14 14',
  sql: 'M2 3h12v10H2zM5 6.5 7 8.5 5 10.5M9 10.5h2.5',
  pipelines: 'M1.5 8H4l2-5 4 10 2-5h2.5',
  explore: 'M2 2v12h12M5 11V8.5M8.5 11V5M12 11V7',
  people: 'M8 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM3 14c0-3 2-4.5 5-4.5s5 1.5 5 4.5',
  schedules: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 4.7V8l2.3 1.4',
  sources: 'M8 2v8M4.8 6.8 8 10l3.2-3.2M2 11v3h12v-3',
  dashboards: 'M2 2h5v7H2zM9 2h5v4H9zM2 11h5v3H2zM9 8h5v6H9z',
  alerts: 'M4 11V7a4 4 0 0 1 8 0v4l1.5 1.5h-11zM6.5 14.5h3',
  destinations: 'M2 8h8M7.5 4.8 10.7 8 7.5 11.2M13.5 2.5v11',
  settings:
    'M2 5h6M12 5h2M2 11h2M8 11h6M10 3.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6zM6 9.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6z',
  out: 'M6 2.5H3v11h3M6.5 8H14M11 5l3 3-3 3',
  keyboard: 'M1.5 4h13v8h-13zM4 6.7h.01M6.7 6.7h.01M9.3 6.7h.01M12 6.7h.01M5 9.5h6',
  run: 'M4 2.5 13 8l-9 5.5z',
  cancel: 'M3.5 3.5h9v9h-9z',
  open: 'm6 4 4 4-4 4',
} as const

export type IconName = keyof typeof paths

export function Icon({ name, className = '' }: { readonly name: IconName; readonly className?: string }) {
  return (
    <svg
      viewBox="0 0 16 16"
      aria-hidden
      className={`size-3.5 shrink-0 fill-none stroke-current ${className}`}
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={paths[name]} />
    </svg>
  )
}
