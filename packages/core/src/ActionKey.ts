/**
 * What identifies an action: one record with named fields, and the digest of its text.
 *
 * The text is JSON with fields in the order below and the keys of records sorted; SHA-256 over "sluice/action\n" and
 * that text is the key. The record is kept beside the result, because it is what `why` compares. Nothing outside it may
 * change a result.
 *
 * Version history: 1, the first.
 */
import { hash } from "node:crypto"

export const keyVersion = 1

/** Versions of the canonical writers. A change here makes every key new. */
export const format = { table: 1, files: 1, value: 1 } as const

export interface Record {
  readonly keyVersion: number
  /** The definition's name, never the use's. */
  readonly step: string
  /** Digest of the run function's reading; empty where a declared version stands for it. */
  readonly code: string
  /** The declared version; empty where there is none. */
  readonly version: string
  /** Declared outputs: `output` or a name -> kind with columns, label or schema. */
  readonly outputs: { readonly [name: string]: string }
  /** The input in which the step is row-wise; empty where it is not. */
  readonly rowWise: string
  /** As `code`, of a row-wise step's `finish`; absent where there is none. */
  readonly finish?: string | undefined
  /**
   * Digests of the schemas by which values are read, and of those that compute something; columns of tables that are
   * read otherwise than they were written. Absent where there is none.
   */
  readonly schemas?: { readonly [role: string]: string } | undefined
  /** `name@version` -> lockfile integrity, of the packages that the code reaches. */
  readonly packages: { readonly [name: string]: string }
  /** Declared variables: digest of the value, or null where it is not set. */
  readonly env: { readonly [name: string]: string | null }
  readonly numeric: { readonly [name: string]: string | number }
  readonly format: { readonly [name: string]: number }
  readonly runtime: { readonly [name: string]: string }
  /** Derived; empty where the step draws nothing. */
  readonly seed: string
  /** Canonical text of each decoded field. */
  readonly config: { readonly [name: string]: string }
  /** Fingerprint of an artifact, or the sorted files of a source with their digests. */
  readonly inputs: {
    readonly [name: string]: string | ReadonlyArray<readonly [file: string, digest: string]>
  }
}

/** The part of a record that uses of one definition mostly share, as text: planning builds it once for many steps. */
export type Static = Omit<Record, "seed" | "config" | "inputs">

/** Text of the shared part, open at its end. */
export const staticText = (part: Static): string =>
  JSON.stringify({
    keyVersion: part.keyVersion,
    step: part.step,
    code: part.code,
    version: part.version,
    outputs: sorted(part.outputs),
    rowWise: part.rowWise,
    finish: part.finish,
    schemas: part.schemas === undefined ? undefined : sorted(part.schemas),
    packages: sorted(part.packages),
    env: sorted(part.env),
    numeric: sorted(part.numeric),
    format: sorted(part.format),
    runtime: sorted(part.runtime),
  }).slice(0, -1)

/** The whole record's text. */
export const text = (shared: string, rest: Pick<Record, "seed" | "config" | "inputs">): string =>
  `${shared},"seed":${JSON.stringify(rest.seed)},"config":${JSON.stringify(sorted(rest.config))},"inputs":${JSON.stringify(sorted(rest.inputs))}}`

/** The key of a record's text. */
export const digestText = (recordText: string): string =>
  hash("sha256", `sluice/action\n${recordText}`, "hex")

/** The key of a record. */
export const digest = (record: Record): string => digestText(text(staticText(record), record))

/** The record of a text that `text` wrote. */
export const parse = (recordText: string): Record => JSON.parse(recordText) as Record

const sorted = <A>(record: { readonly [name: string]: A }): { readonly [name: string]: A } => {
  const names = Object.keys(record)
  let inOrder = true
  for (let at = 1; at < names.length; at++) if (names[at - 1]! > names[at]!) inOrder = false
  return inOrder ? record : Object.fromEntries(names.toSorted().map((name) => [name, record[name]!]))
}
