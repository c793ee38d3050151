/**
 * Puts tags on the functions and classes of a source file, and readers on its module-level values.
 *
 * Works on original TypeScript and leaves it TypeScript: only insertions within lines, so that line numbers stay, and a
 * source map for the columns.
 */
import { pathToFileURL } from "node:url"
import * as path from "node:path"
import { capturedBy } from "./Captures.ts"
import { needsValue } from "./ModuleValues.ts"
import type { Module } from "./Module.ts"
import type { PlacedUnit, Project } from "./Project.ts"
import { functionName } from "./Project.ts"
import { importedPath, isEngineBuilder, isSettled, isTaggedCall } from "./Purity.ts"
import type { Variable } from "./Scope.ts"
import { apply, type Edit, map, type SourceMap } from "./SourceMap.ts"
import { eachChild, isClass, isFunction, type Node, placeAt, staticName } from "./Syntax.ts"
import { isCalledAtOnce } from "./Usage.ts"

export interface TransformOptions {
  /** What transformed code imports its tags from. */
  readonly runtime: string
  /** The name under which a function's identity is asked for; by default `file@offset`. */
  readonly keyOf?: (placed: PlacedUnit, node: Node) => string
  /** Replaces `import.meta` by what it means for the original file: a bundle has another URL. */
  readonly pinMeta?: boolean
  /** Bindings that need a reader beside those whose value is computed. */
  readonly readable?: ReadonlySet<string>
}

export interface Transformed {
  readonly code: string
  readonly map: SourceMap
  /** Whether anything changed. */
  readonly changed: boolean
}

/** Where a function without a key of its own is found again. */
const defaultKey = (file: string, node: Node): string => `${file}@${node.start}`

/** Transforms one file of a project. Throws `SyntaxProblem` if it does not parse. */
export const transform = (project: Project, file: string, options: TransformOptions): Transformed => {
  const module = project.module(file)
  const tagger = new Tagger(project, module, options)
  const edits = tagger.run()
  return {
    code: apply(module.text, edits),
    map: map(pathToFileURL(file).href, module.text, module.tree.lines, edits),
    changed: edits.length > 0,
  }
}

/** Whether a file uses TypeScript that has no JavaScript by leaving things out: enums, decorators, JSX. */
export const needsCompiler = (project: Project, file: string): boolean => {
  const assigns = project.resolver.compilerOptions(file)["useDefineForClassFields"] === false
  const look = (node: Node): boolean => {
    switch (node.type) {
      case "TSEnumDeclaration":
      case "TSModuleDeclaration":
      case "TSParameterProperty":
      case "TSImportEqualsDeclaration":
      case "TSExportAssignment":
      case "AccessorProperty":
      case "Decorator":
      case "JSXElement":
      case "JSXFragment":
        return true
      case "PropertyDefinition":
        if (assigns) return true
        break
      case "VariableDeclaration":
        if (node.alias === true) return true
    }
    let found = false
    eachChild(node, (child) => {
      found ||= look(child)
    })
    return found
  }
  return look(project.module(file).tree.program)
}

type Policy = "all" | "outer" | "none"

/** Whether a file is the engine's own: its functions get no tags. */
export const isEngine = (project: Project, file: string): boolean =>
  /^@sluice\/(core|cli|code)$/.test(project.package(file).name)

/** The engine carries no step's code of its own; packages that answer for themselves need tags on what they export. */
const policyOf = (project: Project, file: string): Policy => {
  if (isEngine(project, file)) return "none"
  return project.package(file).wholeModules ? "outer" : "all"
}

class Tagger {
  readonly #project: Project
  readonly #module: Module
  readonly #options: TransformOptions
  readonly #edits: Array<{ readonly edit: Edit; readonly rank: number; readonly order: number }> = []
  readonly #imports = new Set<string>()
  readonly #head: Array<string> = []
  readonly #policy: Policy

  constructor(project: Project, module: Module, options: TransformOptions) {
    this.#project = project
    this.#module = module
    this.#options = options
    this.#policy = policyOf(project, module.file)
  }

  run(): ReadonlyArray<Edit> {
    const { program } = this.#module.tree
    if (this.#module.common) return []
    if (this.#policy !== "none") this.#block(program.body, undefined)
    if (this.#policy !== "none" || this.#options.pinMeta === true)
      for (const node of program.body) this.#walk(node, false)
    this.#readers()
    if (this.#imports.size > 0) {
      const names = [...this.#imports].map((name) => `${name} as $sluice_${name}`).join(",")
      const start = /^#![^\n]*\n?/.exec(this.#module.text)?.[0].length ?? 0
      this.#insert(
        start,
        `import{${names}}from${JSON.stringify(this.#options.runtime)};${this.#head.join("")}`,
        -1,
      )
    }
    return this.#edits
      .toSorted((a, b) => a.edit.start - b.edit.start || a.rank - b.rank || a.order - b.order)
      .map(({ edit }) => edit)
  }

  #insert(at: number, text: string, rank: number): void {
    this.#edits.push({ edit: { start: at, end: at, text }, rank, order: this.#edits.length })
  }

  #replace(start: number, end: number, text: string): void {
    this.#edits.push({ edit: { start, end, text }, rank: 1, order: this.#edits.length })
  }

  #use(name: string): string {
    this.#imports.add(name)
    return `$sluice_${name}`
  }

  /** The arguments after the function: key, place, captured locals, name. */
  #arguments(node: Node, name?: string): string {
    const placed = this.#project.tagged(this.#module, node)
    const key = this.#options.keyOf?.(placed, node) ?? defaultKey(this.#module.file, node)
    const line = placeAt(this.#module.tree.lines, node.start).line
    const id = `${this.#module.label}:${line} ${functionName(node) ?? (isClass(node) ? "class" : "function")}`
    const captured = capturedBy(this.#project, placed).map(
      ({ variable, path: at }) =>
        `()=>${variable?.name ?? "this"}${at.map((p) => (/^[\w$]+$/.test(p) && !/^\d/.test(p) ? `?.${p}` : `?.[${JSON.stringify(p)}]`)).join("")}`,
    )
    const parts = [JSON.stringify(key), JSON.stringify(id)]
    if (captured.length > 0 || name !== undefined)
      parts.push(captured.length === 0 ? "void 0" : `()=>[${captured.join(",")}]`)
    if (name !== undefined) parts.push(JSON.stringify(name))
    return parts.join(",")
  }

  /** A bundler may rename a declaration; the tag gives it its name back. */
  #ownName(node: Node): string | undefined {
    return this.#options.pinMeta === true ? node.id.name : undefined
  }

  /** Function declarations exist from the start of their block: they are tagged there. */
  #block(statements: ReadonlyArray<Node>, at: number | undefined): void {
    const tags: Array<string> = []
    for (const outer of statements) {
      const exported = outer.type === "ExportNamedDeclaration" || outer.type === "ExportDefaultDeclaration"
      const statement: Node = exported ? (outer.declaration ?? outer) : outer
      if (statement.type === "FunctionDeclaration" && statement.id && statement.body) {
        tags.push(
          `${this.#use("tag")}(${statement.id.name},${this.#arguments(statement, this.#ownName(statement))});`,
        )
      }
    }
    if (tags.length === 0) return
    if (at === undefined) this.#head.push(...tags)
    else this.#insert(at, tags.join(""), -1)
  }

  #walk(node: Node, quiet: boolean): void {
    if (node.type === "MetaProperty" && node.meta.name === "import") {
      this.#meta(node)
      return
    }
    if (this.#policy === "none") {
      eachChild(node, (child) => this.#walk(child, quiet))
      return
    }
    const inside = quiet || (this.#policy === "outer" && isFunction(node)) || isStepBody(node)
    if (node.type === "ExportDefaultDeclaration") {
      this.#defaultExport(node, quiet)
      return
    }
    if (node.type === "ObjectExpression" && !quiet) {
      this.#object(node, inside)
      return
    }
    if ((node.type === "BlockStatement" || node.type === "StaticBlock") && !inside) {
      const brace = node.type === "StaticBlock" ? this.#module.text.indexOf("{", node.start) : node.start
      this.#block(node.body, brace + 1)
    } else if (node.type === "SwitchCase" && !inside) {
      for (const statement of node.consequent) {
        if (statement.type === "FunctionDeclaration" && statement.id) {
          this.#insert(
            statement.end,
            `;${this.#use("tag")}(${statement.id.name},${this.#arguments(statement)});`,
            0,
          )
        }
      }
    }
    const wraps =
      !quiet &&
      (isFunctionLiteral(node) || node.type === "ClassExpression") &&
      !isCalledAtOnce(node) &&
      !(node.parent?.type === "NewExpression" && node.parent.callee === node)
    if (wraps) {
      const tag = this.#use(isClass(node) ? "tagClass" : "tag")
      this.#insert(node.start, `${tag}(`, 1)
    }
    const tagged = !quiet && isTaggedCall(node)
    if (tagged) this.#insert(node.start, `${this.#use("tag")}(`, 1)
    eachChild(node, (child) => this.#walk(child, inside))
    if (wraps) this.#insert(node.end, `,${this.#arguments(node, givenName(node))})`, 0)
    if (tagged) this.#insert(node.end, `,${this.#arguments(node)})`, 0)
    if (node.type === "ClassDeclaration" && !quiet && node.id) {
      this.#insert(
        node.end,
        `;${this.#use("tagClass")}(${node.id.name},${this.#arguments(node, this.#ownName(node))});`,
        0,
      )
    }
  }

  #defaultExport(node: Node, quiet: boolean): void {
    const inner: Node = node.declaration
    const named = inner.type.endsWith("Declaration") && inner.id
    if (named) {
      this.#walk(inner, quiet)
      return
    }
    if (isFunction(inner) || isClass(inner)) {
      const tag = this.#use(isClass(inner) ? "tagClass" : "tag")
      this.#insert(inner.start, `${tag}(`, 1)
      eachChild(inner, (child) => this.#walk(child, this.#policy === "outer"))
      this.#insert(inner.end, `,${this.#arguments(inner, "default")});`, 0)
      return
    }
    if (inner.type !== "Identifier" && !isSettled(inner)) {
      this.#replace(node.start, inner.start, "const $sluice_default = ")
      this.#walk(inner, quiet)
      this.#insert(node.end, ";export{$sluice_default as default};", 0)
    } else this.#walk(inner, quiet)
  }

  /** Methods cannot be wrapped where they stand: the object is. */
  #object(node: Node, inside: boolean): void {
    const methods: Array<string> = []
    for (const property of node.properties as ReadonlyArray<Node>) {
      if (property.type !== "Property" || property.method !== true) continue
      const name = staticName(property.key, property.computed)
      if (name === undefined) continue
      methods.push(`[${JSON.stringify(name)},${this.#arguments(property.value)}]`)
    }
    if (methods.length > 0) this.#insert(node.start, `${this.#use("tagMethods")}(`, 1)
    for (const property of node.properties as ReadonlyArray<Node>) {
      if (property.type === "Property" && (property.method === true || property.kind !== "init")) {
        // Not itself a literal to wrap; what lies in it is.
        if (property.computed) this.#walk(property.key, inside)
        const quietInside = inside || this.#policy === "outer" || isStepBody(property.value)
        eachChild(property.value, (child) => this.#walk(child, quietInside))
      } else this.#walk(property, inside)
    }
    if (methods.length > 0) this.#insert(node.end, `,[${methods.join(",")}])`, 0)
  }

  /** Thunks for values that code alone does not settle. */
  #readers(): void {
    const thunks: Array<string> = []
    for (const variable of this.#module.scope.names.values()) {
      if (this.#isReadable(variable)) thunks.push(`${variable.name}:()=>${variable.name}`)
    }
    const byDefault = this.#module.exports.get("default")
    if (byDefault?.kind === "default" && !isFunction(byDefault.node) && !isSettled(byDefault.node)) {
      if (this.#policy !== "none") thunks.push("default:()=>$sluice_default")
    }
    if (thunks.length === 0 && this.#policy === "none") return
    this.#head.unshift(`${this.#use("loaded")}(${JSON.stringify(this.#module.file)},{${thunks.join(",")}});`)
  }

  #isReadable(variable: Variable): boolean {
    if (variable.kind === "import" || variable.kind === "function" || variable.kind === "namespace")
      return false
    // `import x = A.b` may be a type's name.
    if (variable.declarations[0]?.parent?.alias === true) return false
    const placed = this.#project.binding(this.#module, variable)
    if (this.#options.readable?.has(placed.key) === true) return true
    if (this.#policy === "none") return needsValue(placed) && variable.kind !== "class"
    return this.#options.readable === undefined || needsValue(placed)
  }

  #meta(node: Node): void {
    if (this.#options.pinMeta !== true) return
    const { file } = this.#module
    const url = pathToFileURL(file).href
    const member = node.parent
    const property =
      member?.type === "MemberExpression" && member.object === node
        ? staticName(member.property, member.computed)
        : undefined
    const known: Record<string, string> = {
      url: JSON.stringify(url),
      filename: JSON.stringify(file),
      dirname: JSON.stringify(path.dirname(file)),
      main: "false",
    }
    if (property !== undefined && known[property] !== undefined) {
      this.#replace(member!.start, member!.end, known[property])
    } else if (property === undefined || property === "resolve") {
      this.#replace(
        node.start,
        node.end,
        `({url:${known["url"]!},filename:${known["filename"]!},dirname:${known["dirname"]!},main:false,resolve:(specifier)=>import.meta.resolve(specifier,${known["url"]!})})`,
      )
    }
  }
}

const isFunctionLiteral = (node: Node): boolean =>
  (node.type === "ArrowFunctionExpression" || node.type === "FunctionExpression") &&
  node.parent?.type !== "MethodDefinition" &&
  !(
    node.parent?.type === "Property" &&
    node.parent.value === node &&
    (node.parent.method || node.parent.kind !== "init")
  )

/** The `run` of a step: closures made while it runs never become part of a pipeline. */
const isStepBody = (node: Node): boolean => {
  if (!isFunction(node) || node.parent?.type !== "Property") return false
  if (staticName(node.parent.key, node.parent.computed) !== "run") return false
  const call = node.parent.parent?.parent
  if (call?.type !== "CallExpression") return false
  const imported = importedPath(call.callee)
  return imported !== undefined && isEngineBuilder(imported.specifier, imported.path)
}

/** The name that an anonymous function takes from its place; wrapping it would lose it. */
const givenName = (node: Node): string | undefined => {
  if (node.id) return undefined
  const parent = node.parent
  switch (parent?.type) {
    case "VariableDeclarator":
      return parent.init === node && parent.id.type === "Identifier" ? parent.id.name : undefined
    case "Property":
    case "PropertyDefinition":
      if (parent.value !== node) return undefined
      if (parent.key.type === "PrivateIdentifier") return `#${parent.key.name}`
      return staticName(parent.key, parent.computed)
    case "AssignmentExpression":
      return parent.right === node && parent.left.type === "Identifier" ? parent.left.name : undefined
    case "AssignmentPattern":
      return parent.right === node && parent.left.type === "Identifier" ? parent.left.name : undefined
    default:
      return undefined
  }
}
