/** What a unit's normal form mentions, captures, changes and reads around it, gathered while it is written. */
import type { Captured, Change, Facts, Handed, NameReference, Problem, Reference, Unit } from "./Facts.ts"
import { hostPath, look, type Surroundings } from "./Host.ts"
import { importOf } from "./Purity.ts"
import type { Variable } from "./Scope.ts"
import type { Node } from "./Syntax.ts"
import { globalPath, isDeferred, type Usage } from "./Usage.ts"

/** Methods that leave their receiver as it is. */
const readers = new Set(
  (
    "get has keys values entries map filter slice join toString includes indexOf forEach find findIndex some every reduce " +
    "at concat startsWith endsWith split trim pipe test exec match matchAll replace replaceAll log info warn error debug " +
    "then catch finally flat flatMap toUpperCase toLowerCase toSorted toReversed padStart padEnd"
  ).split(" "),
)

export class Gathering {
  readonly #unit: Unit
  readonly #references = new Map<string, { ordinal: number; reference: Reference }>()
  readonly #variables = new Map<Variable, number>()
  readonly #captured = new Map<string, { ordinal: number; captured: Captured }>()
  readonly #env = new Set<string>()
  readonly #notes: Array<{ what: string; offset: number }> = []
  readonly #problems: Array<Problem> = []
  readonly #changes: Array<Change> = []
  readonly #handed: Array<Handed> = []
  readonly #methods: Array<Facts["methods"][number]> = []
  readonly #surroundings: Surroundings = {
    env: this.#env,
    note: (node, what) => this.note(node, what),
    problem: (node, what, fix) => this.problem(node, what, fix),
  }

  constructor(unit: Unit) {
    this.#unit = unit
  }

  facts(): Pick<
    Facts,
    "references" | "captured" | "env" | "notes" | "problems" | "changes" | "handed" | "methods"
  > {
    return {
      references: [...this.#references.values()].map((entry) => entry.reference),
      captured: [...this.#captured.values()].map((entry) => entry.captured),
      env: [...this.#env],
      notes: this.#notes,
      problems: this.#problems,
      changes: this.#changes,
      handed: this.#handed,
      methods: this.#methods,
    }
  }

  problem(node: Node, what: string, fix: string): void {
    this.#problems.push({ what, fix, offset: node.start })
  }

  note(node: Node, what: string): void {
    this.#notes.push({ what, offset: node.start })
  }

  /** Environment, clock and the like, where a name or a chain of names leads there. */
  look(node: Node): void {
    look(node, this.#surroundings)
  }

  /** The form of a local of an enclosing function, or of its `this`. */
  capture(node: Node, variable: Variable | undefined, usage: Usage): string {
    const name = variable === undefined ? "this" : variable.name
    if (usage.kind === "assign" || usage.kind === "mutate") {
      this.problem(
        node,
        `changes \`${name}\`, which it captures from the function around it`,
        `keep \`${name}\` inside the function, or declare a \`version\` on the step`,
      )
    }
    const key = `${variable === undefined ? "this" : `${variable.scope.node.start}:${name}`}.${usage.path.join(".")}`
    let entry = this.#captured.get(key)
    if (entry === undefined) {
      entry = { ordinal: this.#captured.size, captured: { variable, path: usage.path, offset: node.start } }
      this.#captured.set(key, entry)
    }
    return `C${entry.ordinal}`
  }

  /** The form of a mention of another unit. */
  named(node: Node, variable: Variable, usage: Usage): string {
    const imported = importOf(variable)
    const { chain } = usage
    const path = imported === undefined || imported.name !== "*" ? usage.path : usage.path.slice(1)
    const key = `${variable.scope.node.start}:${variable.name}.${chain.join(".")}|${path.join(".")}`
    const called = usage.kind === "call" || usage.kind === "method" || usage.method !== undefined
    let entry = this.#references.get(key)
    if (entry === undefined) {
      let ordinal = this.#variables.get(variable)
      if (imported?.name === "*" || ordinal === undefined) ordinal = this.#references.size
      this.#variables.set(variable, ordinal)
      entry = {
        ordinal,
        reference: {
          kind: "name",
          variable,
          chain,
          path,
          offset: node.start,
          called: true,
          escapes: false,
          text: false,
        },
      }
      this.#references.set(key, entry)
    }
    const reference = entry.reference as NameReference
    const deferred = isDeferred(node, this.#unit.node)
    if (!called || deferred) reference.called = false
    if (!called) reference.escapes = true
    if (isMadeText(usage)) reference.text = true
    if (usage.kind === "assign" || usage.kind === "mutate") {
      const base = hostPath(usage.node)
      if (base !== undefined && base.startsWith("process.env")) {
        this.#changes.push({
          variable: undefined,
          chain: [],
          what: "`process.env`",
          offset: node.start,
          deferred,
        })
      } else {
        this.#changes.push({
          variable,
          chain,
          what: `\`${variable.name}\``,
          offset: node.start,
          deferred,
        })
      }
    } else if (usage.kind === "argument") {
      this.#handed.push({
        variable,
        chain,
        callee: usage.call!.callee,
        index: usage.index!,
        offset: node.start,
        deferred,
      })
    }
    if (usage.kind === "method" && !(usage.method !== undefined && readers.has(usage.method))) {
      this.#methods.push({ variable, chain, offset: node.start, deferred })
    }
    this.look(node)
    return `R${entry.ordinal}`
  }

  /** A change of a binding of the module, or of something global. */
  change(variable: Variable | undefined, what: string, node: Node, deferred: boolean): void {
    this.#changes.push({ variable, chain: [], what, offset: node.start, deferred })
  }

  /** The form of a file beside the source. */
  asset(specifier: string, node: Node): string {
    const key = `asset:${specifier}`
    let entry = this.#references.get(key)
    if (entry === undefined) {
      entry = { ordinal: this.#references.size, reference: { kind: "asset", specifier, offset: node.start } }
      this.#references.set(key, entry)
    }
    return `R${entry.ordinal}`
  }

  /** The form of what `import("...")` and `require` name; `paths` are the exports used, undefined for all. */
  module(specifier: string, paths: ReadonlyArray<ReadonlyArray<string>> | undefined, node: Node): string {
    const key = `module:${specifier}:${JSON.stringify(paths)}`
    let entry = this.#references.get(key)
    if (entry === undefined) {
      entry = {
        ordinal: this.#references.size,
        reference: { kind: "module", specifier, paths, offset: node.start },
      }
      this.#references.set(key, entry)
    }
    return `R${entry.ordinal}`
  }
}

/** `${clean}`, `String(clean)` */
const isMadeText = (usage: Usage): boolean =>
  usage.top.parent?.type === "TemplateLiteral" ||
  (usage.kind === "argument" && globalPath(usage.call!.callee) === "String")
