/** The list of all that a function reaches: units, files, packages, each once and at its place. */
import { createHash } from "node:crypto"
import type { Facts, Reference } from "./Facts.ts"
import type { Part } from "./Identity.ts"
import type { PlacedUnit, Project, Target } from "./Project.ts"
import { isFunction } from "./Syntax.ts"

export interface Entry {
  readonly own: string
  readonly target: Target | undefined
  readonly placed: PlacedUnit | undefined
  readonly facts: Facts | undefined
  readonly edges: Array<{ readonly to: number; readonly loading: boolean }>
  /** For an explanation: what the entry's own digest says, with the names of what it refers to. */
  readonly mentions: Array<string>
}

export class Reached {
  readonly entries: Array<Entry> = []
  readonly #index = new Map<string, number>()

  /** The place of an entry in the list. */
  placeOf(key: string): number | undefined {
    return this.#index.get(key)
  }

  /** The place of what a key stands for, made if it is new. */
  enter(key: string, make: () => Entry): number {
    let at = this.#index.get(key)
    if (at === undefined) {
      at = this.entries.length
      this.#index.set(key, at)
      this.entries.push(make())
    }
    return at
  }

  leaf(target: Target, own: string, key = own): number {
    return this.enter(key, () => ({
      own: createHash("sha256").update(own).digest("hex"),
      target,
      placed: undefined,
      facts: undefined,
      edges: [],
      mentions: [],
    }))
  }
}

/** Whether the unit runs once, when its module loads: an initialiser, a class, a statement. */
export const evaluates = (placed: PlacedUnit): boolean => {
  const node = placed.unit.node
  if (placed.kind === "statement") return true
  if (placed.kind !== "binding") return false
  return !(isFunction(node) || (node.init && isFunction(node.init)))
}

/** Entries whose code may run inside the step, as against once while its module loads. */
export const running = (entries: ReadonlyArray<Entry>): ReadonlySet<number> => {
  const running = new Set<number>([0])
  const queue = [0]
  for (const at of queue) {
    for (const edge of entries[at]!.edges) {
      if (!edge.loading && !running.has(edge.to)) {
        running.add(edge.to)
        queue.push(edge.to)
      }
    }
  }
  // A statement's or an initialiser's functions may be called later; its own calls have been made.
  for (const [at, entry] of entries.entries()) {
    if (running.has(at) || entry.placed === undefined || !evaluates(entry.placed)) continue
    const more = [at]
    for (const from of more) {
      for (const edge of entries[from]!.edges) {
        if (!edge.loading && !running.has(edge.to)) {
          running.add(edge.to)
          more.push(edge.to)
        }
      }
    }
  }
  return running
}

/** What an explanation compares: each entry with a digest of its own. */
export const partsOf = (project: Project, entries: ReadonlyArray<Entry>): ReadonlyArray<Part> => {
  const counts = new Map<string, number>()
  const parts: Array<Part> = []
  for (const entry of entries) {
    let symbol: string
    let file: string
    if (entry.placed !== undefined) {
      symbol = entry.placed.symbol
      file = entry.placed.module.label
    } else if (entry.target?.kind === "data") {
      file = project.label(entry.target.file)
      symbol = entry.target.path.length === 0 ? "(file)" : entry.target.path.join(".")
    } else continue
    const key = `${symbol}\0${file}`
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    const digest = createHash("sha256")
      .update(`${entry.own}\n${entry.mentions.join("\n")}`)
      .digest("hex")
    const written = createHash("sha256")
      .update(`${entry.own}\n${(entry.facts?.references ?? []).map(asWritten).join("\n")}`)
      .digest("hex")
      .slice(0, 16)
    parts.push({ symbol: count === 1 ? symbol : `${symbol} #${count}`, file, digest, written })
  }
  return parts
}

const asWritten = (reference: Reference): string =>
  reference.kind === "name" ? [reference.variable.name, ...reference.chain].join(".") : reference.specifier

/** A file counts as a part of its own: whoever mentions it does not change with its contents. */
export const mentionOf = (project: Project, { own, target }: Entry): string =>
  target?.kind === "data" ? [project.label(target.file), ...target.path].join(" ") : own
