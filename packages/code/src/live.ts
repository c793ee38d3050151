/**
 * Identities computed in this process, from the source as it lies on disk: for module hooks and for tests.
 *
 * The program is what has been loaded through the transform.
 */
import * as path from "node:path"
import { Files } from "./Files.ts"
import { identify, type StaticIdentity } from "./Identify.ts"
import { make, type Program } from "./Program.ts"
import { Project } from "./Project.ts"
import { isTaggedCall } from "./Purity.ts"
import { state } from "./runtime.ts"
import { isClass, isFunction, type Node, eachChild } from "./Syntax.ts"

/** A project whose program follows what this process has loaded. */
export class Live {
  readonly project: Project
  readonly #identities = new Map<string, { readonly version: number; readonly identity: StaticIdentity }>()
  #program: { readonly version: number; readonly program: Program } | undefined

  constructor(root: string) {
    this.project = new Project({ root })
  }

  /** The identity of the function that the key `file@offset` names. */
  identity(key: string): StaticIdentity {
    for (const file of state.modules.keys()) this.project.addEntry(file)
    return this.identityIn(key)
  }

  /** As `identity`, in the program that the project's entries name. */
  identityIn(key: string): StaticIdentity {
    const { version } = this.project
    const known = this.#identities.get(key)
    if (known?.version === version) return known.identity
    if (this.#program?.version !== version) this.#program = { version, program: make(this.project) }
    const at = key.lastIndexOf("@")
    const module = this.project.module(key.slice(0, at))
    const node = taggedAt(module.tree.program, Number(key.slice(at + 1)))
    if (node === undefined) throw new Error(`${key} is not the place of a function.`)
    const identity = identify(this.project, this.#program.program, this.project.tagged(module, node))
    this.#identities.set(key, { version, identity })
    return identity
  }
}

let live: Live | undefined

/** Makes this process's loaded modules the program, and answers for the identities of their functions. */
export const install = (root: string = rootOf(process.argv[1] ?? process.cwd())): Live => {
  if (live === undefined) {
    const made = new Live(root)
    live = made
    state.provide = (key) => made.identity(key)
    // How a pipeline that is run as a program learns that it was loaded through the transform.
    Object.assign(globalThis, { [Symbol.for("@sluice/code/state")]: state })
  }
  return live
}

/** The folder of the nearest package.json. */
export const rootOf = (file: string): string => {
  const found = new Files().nearest(path.dirname(path.resolve(file)), "package.json")
  return found === undefined ? process.cwd() : path.dirname(found)
}

const taggedAt = (node: Node, offset: number): Node | undefined => {
  if ((isFunction(node) || isClass(node) || isTaggedCall(node)) && node.start === offset) return node
  let found: Node | undefined
  eachChild(node, (child) => {
    if (found === undefined && child.start <= offset && offset < child.end) found = taggedAt(child, offset)
  })
  return found
}
