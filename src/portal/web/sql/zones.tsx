// The time zones that the browser knows.

/** What can be chosen from in a field with this `list`. */
export function Zones({ id }: { readonly id: string }) {
  return (
    <datalist id={id}>
      {['UTC', ...Intl.supportedValuesOf('timeZone')].map((name) => (
        <option key={name} value={name} />
      ))}
    </datalist>
  )
}
