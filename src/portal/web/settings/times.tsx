// Points in time, of the person's clock, as all tables here show them.
export function Moment({ micros }: { readonly micros: number | null }) {
  if (micros === null) return '–'
  const time = new Date(micros / 1000)
  return (
    <time dateTime={time.toISOString()} className="whitespace-nowrap">
      {/* The Swedish way to write a time is ISO's. */}
      {time.toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'short' })}
    </time>
  )
}
