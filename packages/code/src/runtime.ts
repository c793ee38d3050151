/**
 * What transformed source calls: puts tags on functions and lets module-level values be read.
 *
 * Small and without imports, since every transformed module loads it. Who knows the identities (a project analysed in
 * this process, or data beside a bundle) installs itself as the provider.
 */
import type { CodeIdentity, CodeTag } from "./Identity.ts"

const symbol = Symbol.for("@sluice/code")

type Thunks = Readonly<Record<string, () => unknown>>

/** Where a value is read from: the tag's captured locals, or a module's binding. */
export type ValueSource =
  | { readonly captured: number }
  | { readonly module: string; readonly binding: string; readonly path: ReadonlyArray<string> }

/** An identity whose values say where to read them. */
export interface Identified extends Omit<CodeIdentity, "values"> {
  readonly values: ReadonlyArray<{
    readonly name: string
    readonly file: string
    readonly line: number
    readonly from: ValueSource
  }>
}

export interface State {
  /** Modules loaded through the transform, in order of evaluation, with readers of their bindings. */
  readonly modules: Map<string, Thunks>
  provide: ((key: string) => Identified) | undefined
}

/** One for each copy of this module: a bundle carries its own, and answers for its own functions alone. */
export const state: State = { modules: new Map(), provide: undefined }

class Tag implements CodeTag {
  readonly id: string
  readonly #key: string
  readonly #captured: (() => ReadonlyArray<() => unknown>) | undefined
  #identity: CodeIdentity | undefined

  constructor(key: string, id: string, captured: (() => ReadonlyArray<() => unknown>) | undefined) {
    this.#key = key
    this.id = id
    this.#captured = captured
  }

  identity(): CodeIdentity {
    this.#identity ??= bind(provided(this.#key), this.#captured)
    return this.#identity
  }
}

const provided = (key: string): Identified => {
  if (state.provide === undefined) throw new Error(`No code identities are at hand for ${key}.`)
  return state.provide(key)
}

const bind = (
  identified: Identified,
  captured: (() => ReadonlyArray<() => unknown>) | undefined,
): CodeIdentity => {
  const values = identified.values.map(({ name, file, line, from }) => ({
    name,
    file,
    line,
    read:
      "captured" in from
        ? () => captured!()[from.captured]!()
        : () => readBinding(from.module, from.binding, from.path),
  }))
  return {
    digest: identified.digest,
    get parts() {
      return identified.parts
    },
    packages: identified.packages,
    values,
    env: identified.env,
    notes: identified.notes,
    refusals: identified.refusals,
  }
}

const readBinding = (module: string, binding: string, path: ReadonlyArray<string>): unknown => {
  const thunk = state.modules.get(module)?.[binding]
  if (thunk === undefined)
    throw new Error(`\`${binding}\` cannot be read: its module was loaded without the transform.`)
  let value = thunk()
  for (const name of path) value = (value as Record<string, unknown> | null | undefined)?.[name]
  return value
}

/** Tags a function or class and gives it back; `name` is what the place would have named it. */
export const tag = <F extends object>(
  value: F,
  key: string,
  id: string,
  captured?: () => ReadonlyArray<() => unknown>,
  name?: string,
): F => {
  if (name !== undefined) {
    // A class may have a static member called `name`: that stays.
    const own = Object.getOwnPropertyDescriptor(value, "name")
    if (
      own === undefined ||
      (typeof own.value === "string" && own.value !== name && own.writable === false)
    ) {
      Object.defineProperty(value, "name", { value: name, configurable: true })
    }
  }
  Object.defineProperty(value, symbol, { value: new Tag(key, id, captured), configurable: true })
  return value
}

/** Tags a class and its methods: a method passed on its own stands for the class. */
export const tagClass = <F extends object>(
  value: F,
  key: string,
  id: string,
  captured?: () => ReadonlyArray<() => unknown>,
  name?: string,
): F => {
  tag(value, key, id, captured, name)
  for (const holder of [value, (value as { prototype?: object }).prototype]) {
    if (holder === undefined) continue
    for (const [property, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
      if (property === "constructor" || property === "prototype") continue
      const method: unknown = descriptor.value
      if (typeof method === "function" && !Object.hasOwn(method, symbol) && Object.isExtensible(method)) {
        Object.defineProperty(method, symbol, {
          value: new Tag(key, `${id}.${property}`, captured),
          configurable: true,
        })
      }
    }
  }
  return value
}

/** Tags methods of an object literal by name. */
export const tagMethods = <O extends object>(
  object: O,
  methods: ReadonlyArray<readonly [string, string, string, (() => ReadonlyArray<() => unknown>)?]>,
): O => {
  for (const [name, key, id, captured] of methods) {
    const method = Object.getOwnPropertyDescriptor(object, name)?.value as unknown
    if (typeof method === "function" && !Object.hasOwn(method, symbol)) tag(method, key, id, captured)
  }
  return object
}

/** Says that a module is loaded, and how its bindings are read. */
export const loaded = (module: string, thunks: Thunks): void => {
  state.modules.set(module, thunks)
}
