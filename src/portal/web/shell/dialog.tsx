// A modal dialog: the browser's own, which keeps the focus inside, closes on Escape and gives the focus back.
import { type ReactNode, useEffect, useRef } from 'react'

export function Dialog({
  label,
  close,
  children,
}: {
  readonly label: string
  readonly close: () => void
  readonly children: ReactNode
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const element = dialog.current
    element?.showModal()
    return () => element?.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      aria-label={label}
      className="mx-auto mt-[12vh] w-[min(36rem,92vw)] overflow-hidden rounded-lg border border-line bg-card p-0 text-text shadow-2xl"
      onCancel={(event) => {
        event.preventDefault()
        close()
      }}
      onClick={(event) => {
        // Only the backdrop is the dialog itself; what is inside is a child of it.
        if (event.target === dialog.current) close()
      }}
    >
      {children}
    </dialog>
  )
}
