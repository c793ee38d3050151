/**
 * Values of environment variables as they may be shown: kept beside a result for `why`, never part of its key.
 */
import * as Canonical from "./Canonical.ts"

/** Texts by name; null where a variable is not set. */
export type Texts = Readonly<Record<string, string | null>>

export const texts = (names: ReadonlyArray<string>, valueOf: (name: string) => string | undefined): Texts =>
  Object.fromEntries(names.map((name) => [name, text(name, valueOf(name))]))

const longest = 200

const text = (name: string, value: string | undefined): string | null => {
  if (value === undefined) return null
  return isSecret(name, value) || value.length > longest
    ? `sha256 ${Canonical.digest("sluice/env", value).slice(0, 8)}`
    : JSON.stringify(value)
}

/** Whether a variable's name or value looks like one that nobody should see: then only a digest is shown. */
export const isSecret = (name: string, value: string): boolean =>
  secretNames.test(name) || credentials.test(value)

const secretNames =
  /(^|[_-])(auth|bearer|cert|cookie|credentials?|dsn|keys?|pass|pat|pin|private|pwd|salt|secrets?|session|signature|tokens?)([_-]|\d|$)|(key|token|secret|password|passwd|passphrase|credentials?)\d*$/i

/** `https://user:word@host`. */
const credentials = /^\w[\w+.-]*:\/\/[^/\s]*:[^/\s]*@/
