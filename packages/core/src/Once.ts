/**
 * What the calls of one execution share: made at most once by name, released at its end, the last made first.
 */
import type * as Step from "./Step.ts"

export interface Shared {
  readonly once: Step.Once
  /** Says how many rows there are to go through, before the first call. */
  readonly expect: (rows: number) => void
  /** Releases all that was made, and at once what is made later. */
  readonly release: () => Promise<void>
}

export const make = (): Shared => {
  const made = new Map<string, Promise<unknown>>()
  const releases: Array<() => unknown> = []
  let rows = 0
  let released = false

  const once: Step.Once = <A>(
    name: string,
    build: (work: { readonly rows: number }) => A | Promise<A>,
    release: (made: A) => unknown = () => {},
  ): Promise<A> => {
    const found = made.get(name)
    if (found !== undefined) return found as Promise<A>
    const building = (async () => {
      const value = await build({ rows })
      if (released) await release(value)
      else releases.push(() => release(value))
      return value
    })()
    made.set(name, building)
    return building
  }

  return {
    once,
    expect: (count) => {
      rows = count
    },
    release: async () => {
      released = true
      for (const release of releases.splice(0).toReversed()) await release()
    },
  }
}
