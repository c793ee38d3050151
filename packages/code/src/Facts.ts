/** What is known of a unit of code from its own text: what it mentions, captures, changes and reads around it. */
import type { Scope, Variable } from "./Scope.ts"
import type { Node } from "./Syntax.ts"

/** What is written as one piece. */
export interface Unit {
  readonly node: Node
  /** The module-level binding that the unit declares, if it does. */
  readonly variable: Variable | undefined
  /** Further declarations of the same name: merged enums and namespaces. */
  readonly more: ReadonlyArray<Node>
  /** The scope from which captured locals are read, for a function inside a function. */
  readonly view: Scope | undefined
  readonly whole: boolean
}

/** Another unit that this one mentions. */
export interface NameReference {
  readonly kind: "name"
  readonly variable: Variable
  /** The properties that follow by name: needed where the name is a namespace or a value read in part. */
  readonly chain: ReadonlyArray<string>
  readonly path: ReadonlyArray<string>
  readonly offset: number
  /** Called where it stands, when the unit itself is evaluated. */
  called: boolean
  /** Mentioned other than as the function of a call, so that its name can be observed. */
  escapes: boolean
  /** Turned into a string: of a function, that is its source text. */
  text: boolean
}

/** `import("./x.ts")`, `require("x")`: `paths` are the exports used, undefined for all. */
interface ModuleReference {
  readonly kind: "module"
  readonly specifier: string
  readonly paths: ReadonlyArray<ReadonlyArray<string>> | undefined
  readonly offset: number
}

/** `new URL("./stop.txt", import.meta.url)` */
interface AssetReference {
  readonly kind: "asset"
  readonly specifier: string
  readonly offset: number
}

export type Reference = NameReference | ModuleReference | AssetReference

/** A local of an enclosing function, or `this`, that the unit reads. */
export interface Captured {
  readonly variable: Variable | undefined
  readonly path: ReadonlyArray<string>
  readonly offset: number
}

export interface Change {
  /** Undefined: the change is to something global. */
  readonly variable: Variable | undefined
  /** What is named of the variable: `["settings", "min"]`. */
  readonly chain: ReadonlyArray<string>
  readonly what: string
  readonly offset: number
  readonly deferred: boolean
}

/** A name handed to a function, which may change what it holds. */
export interface Handed {
  readonly variable: Variable
  readonly chain: ReadonlyArray<string>
  readonly callee: Node
  readonly index: number
  readonly offset: number
  readonly deferred: boolean
}

export interface Problem {
  readonly what: string
  readonly fix: string
  readonly offset: number
}

/** All that is known of a unit from its own text. */
export interface Facts {
  readonly own: string
  readonly references: ReadonlyArray<Reference>
  readonly captured: ReadonlyArray<Captured>
  readonly env: ReadonlyArray<string>
  readonly notes: ReadonlyArray<{ readonly what: string; readonly offset: number }>
  readonly problems: ReadonlyArray<Problem>
  readonly changes: ReadonlyArray<Change>
  readonly handed: ReadonlyArray<Handed>
  /** Methods called on module-level names, other than those known to change or to read. */
  readonly methods: ReadonlyArray<{
    readonly variable: Variable
    readonly chain: ReadonlyArray<string>
    readonly offset: number
    readonly deferred: boolean
  }>
  /** Reads some `.name`: then the names of functions that are passed about are part of what is computed. */
  readonly observesNames: boolean
  readonly names: ReadonlyArray<string>
  /** Holds class fields or decorators, whose meaning compiler options decide. */
  readonly compiled: boolean
  /** Static properties of a class whose initialisers are computed when it loads. */
  readonly computedStatics: ReadonlyArray<string>
}
