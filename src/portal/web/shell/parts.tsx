// The few parts that every page is made of. Plain elements of HTML, dressed once.
import type { ButtonHTMLAttributes, ReactNode, SelectHTMLAttributes } from 'react'

export const fieldClass =
  'min-h-7 rounded-md border border-field bg-card px-2 text-text placeholder:text-muted aria-invalid:border-bad'

const buttonClass =
  'inline-flex min-h-7 items-center justify-center gap-1.5 rounded-md border px-2.5 font-medium whitespace-nowrap disabled:opacity-60'

export function Button({
  isPrimary = false,
  className = '',
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { readonly isPrimary?: boolean }) {
  const tone = isPrimary
    ? 'border-accent bg-accent text-on-accent hover:brightness-110'
    : 'border-line bg-card text-text hover:bg-sunken'
  return <button type="button" className={`${buttonClass} ${tone} ${className}`} {...rest} />
}

export function Select<Value extends string>({
  label,
  value,
  options,
  choose,
  ...rest
}: Omit<SelectHTMLAttributes<HTMLSelectElement>, 'value' | 'onChange'> & {
  readonly label: string
  readonly value: Value
  readonly options: readonly { readonly value: Value; readonly text: string }[]
  readonly choose: (value: Value) => void
}) {
  return (
    <select
      aria-label={label}
      value={value}
      className={fieldClass}
      onChange={({ target }) => {
        const chosen = options.find((option) => option.value === target.value)
        if (chosen !== undefined) choose(chosen.value)
      }}
      {...rest}
    >
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.text}
        </option>
      ))}
    </select>
  )
}

export function Key({ children }: { readonly children: ReactNode }) {
  return <kbd className="rounded border border-line bg-sunken px-1 font-mono text-[11px] text-muted">{children}</kbd>
}

/** What stands where nothing is yet: what it is for, and the way to the first one. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="grid h-full content-center justify-items-center gap-2 p-8 text-center text-muted">
      <h2 className="text-sm font-medium text-text">{title}</h2>
      {children}
    </div>
  )
}
