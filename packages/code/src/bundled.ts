/**
 * The runtime inside a bundle: identities are data beside it, read when the first one is asked for.
 */
import { readFileSync } from "node:fs"
import { type Identified, state } from "./runtime.ts"

export { loaded, tag, tagClass, tagMethods } from "./runtime.ts"

/** `identities.json`: everything but the trees, which stand in `trees.json`. */
export interface IdentityData {
  readonly packages: ReadonlyArray<Identified["packages"][number]>
  readonly roots: ReadonlyArray<{
    readonly digest: string
    readonly packages: ReadonlyArray<number>
    readonly values: Identified["values"]
    readonly env: Identified["env"]
    readonly notes: Identified["notes"]
    readonly refusals: Identified["refusals"]
  }>
}

/** `trees.json`: all parts, and for each root the numbers of its own. */
export interface TreeData {
  readonly parts: ReadonlyArray<Identified["parts"][number]>
  readonly roots: ReadonlyArray<ReadonlyArray<number>>
}

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"))

let identities: IdentityData | undefined
let trees: TreeData | undefined

const provided = new Map<string, Identified>()

state.provide = (key) => {
  let identified = provided.get(key)
  if (identified === undefined) provided.set(key, (identified = find(key)))
  return identified
}

const find = (key: string): Identified => {
  identities ??= read("./identities.json") as IdentityData
  const at = Number(key)
  const root = identities.roots[at]
  if (root === undefined) throw new Error(`The bundle has no identity number ${key}.`)
  const { packages } = identities
  return {
    digest: root.digest,
    get parts() {
      trees ??= read("./trees.json") as TreeData
      return trees.roots[at]!.map((part) => trees!.parts[part]!)
    },
    packages: root.packages.map((index) => packages[index]!),
    values: root.values,
    env: root.env,
    notes: root.notes,
    refusals: root.refusals,
  }
}
