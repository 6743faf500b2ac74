// What stands where an answer will be.
export function Counting() {
  return <div aria-hidden className="h-72 animate-pulse rounded-md bg-sunken" />
}
