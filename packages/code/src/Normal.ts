/**
 * The normal form of one unit of code, and what the unit reaches.
 *
 * A unit is a function, a class, one module-level binding, a statement at top level or a whole module. Its normal form
 * leaves out what cannot change a result: types, comments, formatting, quotes, parentheses and the names of locals.
 * References to other units stand in it as ordinals, so that the form depends on this unit alone.
 */
import { createHash } from "node:crypto"
import type { Captured, Change, Facts, Handed, NameReference, Problem, Reference, Unit } from "./Facts.ts"
import { hostPath, isNamed, look, type Surroundings } from "./Host.ts"
import {
  baseOf,
  eachIn,
  isFollowed,
  isInsideMethod,
  isNeverAssigned,
  isPassedAbout,
  ownerOf,
  within,
} from "./Local.ts"
import { importedPath, importOf, isSettled } from "./Purity.ts"
import { isRequire, pathsUsed } from "./Requests.ts"
import type { Variable } from "./Scope.ts"
import { fieldsOf, isClass, isFunction, literalText, type Node, staticName } from "./Syntax.ts"
import { globalPath, isDeferred, type Usage, usageOf } from "./Usage.ts"

/** Fields that carry meaning beside the children. */
const scalars: Record<string, ReadonlyArray<string>> = {
  UnaryExpression: ["operator"],
  UpdateExpression: ["operator", "prefix"],
  BinaryExpression: ["operator"],
  LogicalExpression: ["operator"],
  AssignmentExpression: ["operator"],
  FunctionDeclaration: ["async", "generator"],
  FunctionExpression: ["async", "generator"],
  ArrowFunctionExpression: ["async"],
  MethodDefinition: ["kind", "static"],
  PropertyDefinition: ["static"],
  AccessorProperty: ["static"],
  Property: ["kind", "method"],
  MemberExpression: ["optional"],
  CallExpression: ["optional"],
  ForOfStatement: ["await"],
  YieldExpression: ["delegate"],
  ImportExpression: ["phase"],
}

const controlBodies: Record<string, ReadonlyArray<string>> = {
  IfStatement: ["consequent", "alternate"],
  ForStatement: ["body"],
  ForInStatement: ["body"],
  ForOfStatement: ["body"],
  WhileStatement: ["body"],
  DoWhileStatement: ["body"],
}

const localeMethods = new Set(
  "toLocaleString toLocaleDateString toLocaleTimeString toLocaleUpperCase toLocaleLowerCase localeCompare".split(
    " ",
  ),
)

const zoneMethods = new Set(
  (
    "getHours getMinutes getDate getDay getMonth getFullYear getTimezoneOffset setHours setMinutes setDate setMonth " +
    "setFullYear toDateString toTimeString"
  ).split(" "),
)

/** Methods that leave their receiver as it is. */
const readers = new Set(
  (
    "get has keys values entries map filter slice join toString includes indexOf forEach find findIndex some every reduce " +
    "at concat startsWith endsWith split trim pipe test exec match matchAll replace replaceAll log info warn error debug " +
    "then catch finally flat flatMap toUpperCase toLowerCase toSorted toReversed padStart padEnd"
  ).split(" "),
)

const dynamicFix = "write the specifier as a literal, or declare a `version` on the step"

/** A private name by its place: how many classes further out it is declared, and as the how-manieth. */
const privateForm = (name: Node): string => {
  let outwards = 0
  for (let at = name.parent; at; at = at.parent) {
    if (at.type !== "ClassBody") continue
    const declared = (at.body as ReadonlyArray<Node>)
      .filter((member) => member.key?.type === "PrivateIdentifier")
      .map((member) => member.key.name as string)
    const place = [...new Set(declared)].indexOf(name.name)
    if (place !== -1) return `private:${outwards}.${place}`
    outwards += 1
  }
  return `private:${name.name}`
}

/** Writes a unit in its normal form and gathers what it reaches. */
export const write = (unit: Unit): Facts => new Writer(unit).finish()

class Writer {
  readonly #unit: Unit
  readonly #out: Array<string> = []
  readonly #locals = new Map<Variable, number>()
  readonly #references = new Map<string, { ordinal: number; reference: Reference }>()
  readonly #variables = new Map<Variable, number>()
  readonly #captured = new Map<string, { ordinal: number; captured: Captured }>()
  readonly #env = new Set<string>()
  readonly #notes: Array<{ what: string; offset: number }> = []
  readonly #problems: Array<Problem> = []
  readonly #changes: Array<Change> = []
  readonly #handed: Array<Handed> = []
  readonly #methods: Array<Facts["methods"][number]> = []
  readonly #names = new Set<string>()
  readonly #statics = new Set<string>()
  readonly #labels: Array<string> = []
  #observesNames = false
  #compiled = false

  readonly #surroundings: Surroundings = {
    env: this.#env,
    note: (node, what) => this.#note(node, what),
    problem: (node, what, fix) => this.#problem(node, what, fix),
  }

  constructor(unit: Unit) {
    this.#unit = unit
  }

  finish(): Facts {
    const { node, variable, more } = this.#unit
    if (node.type === "VariableDeclarator" && node.id.type === "Identifier") {
      if (node.init) this.#write(node.init)
      else this.#out.push("undefined")
    } else this.#write(node)
    for (const other of more) this.#write(other)
    if (node.type === "VariableDeclarator" && node.id.type !== "Identifier" && variable !== undefined) {
      // One name of a pattern: the pattern is the same for all of them, so say which.
      this.#out.push(`which:${this.#patternPath(node.id, variable)}`)
    }
    return {
      own: createHash("sha256").update(JSON.stringify(this.#out)).digest("hex"),
      references: [...this.#references.values()].map((entry) => entry.reference),
      captured: [...this.#captured.values()].map((entry) => entry.captured),
      env: [...this.#env],
      notes: this.#notes,
      problems: this.#problems,
      changes: this.#changes,
      handed: this.#handed,
      methods: this.#methods,
      observesNames: this.#observesNames,
      names: [...this.#names],
      compiled: this.#compiled,
      computedStatics: [...this.#statics],
    }
  }

  #patternPath(pattern: Node, variable: Variable): string {
    const search = (node: Node | null, path: string): string | undefined => {
      if (node === null) return undefined
      switch (node.type) {
        case "Identifier":
          return node.variable === variable ? path : undefined
        case "AssignmentPattern":
          return search(node.left, path)
        case "RestElement":
          return search(node.argument, `${path}/...`)
        case "ArrayPattern":
          for (const [index, element] of node.elements.entries()) {
            const found = search(element, `${path}/${index}`)
            if (found !== undefined) return found
          }
          return undefined
        case "ObjectPattern":
          for (const [index, property] of node.properties.entries()) {
            const found =
              property.type === "RestElement"
                ? search(property, path)
                : search(property.value, `${path}/${index}`)
            if (found !== undefined) return found
          }
      }
      return undefined
    }
    return search(pattern, "") ?? ""
  }

  #problem(node: Node, what: string, fix: string): void {
    this.#problems.push({ what, fix, offset: node.start })
  }

  #note(node: Node, what: string): void {
    this.#notes.push({ what, offset: node.start })
  }

  #write(node: Node): void {
    const out = this.#out
    switch (node.type) {
      case "Identifier":
      case "JSXIdentifier":
        this.#identifier(node)
        return
      case "Literal":
        out.push(literalForm(node))
        return
      case "TemplateLiteral":
        if (node.expressions.length === 0 && node.parent?.type !== "TaggedTemplateExpression")
          out.push(`string:${node.quasis[0].value.cooked}`)
        else this.#plain(node)
        return
      case "TemplateElement":
        out.push(
          node.parent?.parent?.type === "TaggedTemplateExpression"
            ? `raw:${node.value.raw}`
            : `text:${node.value.cooked}`,
        )
        return
      case "MemberExpression":
      case "ChainExpression":
        this.#member(node)
        return
      case "ThisExpression":
        this.#this(node)
        return
      case "Super":
        if (this.#unit.view !== undefined && this.#unit.node.type === "ArrowFunctionExpression") {
          if (ownerOf(node, this.#unit.node) === undefined) {
            this.#problem(node, "captures `super`", "move the function out of the class")
          }
        }
        out.push("super")
        return
      case "MetaProperty":
        this.#meta(node)
        return
      case "VariableDeclaration": {
        const steady = (node.declarations as ReadonlyArray<Node>).every((d) => isNeverAssigned(d))
        // What `using` declares is disposed of where its block ends.
        const disposes = node.kind.endsWith("using")
        out.push("(declare", node.kind === "var" || disposes ? node.kind : steady ? "let" : node.kind)
        for (const declarator of node.declarations) this.#plain(declarator)
        out.push(")")
        return
      }
      case "ArrowFunctionExpression":
        this.#plain(node, () => {
          if (node.body.type === "BlockStatement") this.#write(node.body)
          else {
            out.push("(BlockStatement", "[", "(ReturnStatement")
            this.#write(node.body)
            out.push(")", "]", ")")
          }
        })
        return
      case "ExpressionStatement":
        if (node.directive === "use strict") return
        this.#plain(node)
        return
      case "ImportExpression":
        this.#dynamicImport(node)
        return
      case "CallExpression":
      case "NewExpression":
        this.#call(node)
        return
      case "ImportDeclaration":
      case "TSImportEqualsDeclaration":
        return
      case "JSXElement":
      case "JSXFragment":
        this.#problem(node, "JSX", "write the calls out, or declare a `version` on the step")
        this.#plain(node)
        return
      case "ClassDeclaration":
      case "ClassExpression":
        this.#class(node)
        return
      case "TSParameterProperty":
        out.push("(field-parameter")
        for (const decorator of node.decorators ?? []) this.#write(decorator)
        this.#write(node.parameter)
        out.push(")")
        return
      case "LabeledStatement":
        this.#labels.push(node.label.name)
        out.push("(LabeledStatement")
        this.#write(node.body)
        out.push(")")
        this.#labels.pop()
        return
      case "BreakStatement":
      case "ContinueStatement":
        // By place: which of the statements around it, counted from the outermost.
        out.push(
          `(${node.type}`,
          node.label === null ? "" : `${this.#labels.lastIndexOf(node.label.name)}`,
          ")",
        )
        return
      case "PrivateIdentifier":
        out.push(privateForm(node))
        return
      default:
        this.#plain(node)
    }
  }

  /** Type, meaningful scalars and children, in order. */
  #plain(node: Node, body?: () => void): void {
    const out = this.#out
    if (node.type === "PropertyDefinition" || node.type === "Decorator") this.#compiled = true
    out.push(`(${node.type === "FunctionDeclaration" ? "FunctionExpression" : node.type}`)
    for (const scalar of scalars[node.type] ?? []) out.push(String(node[scalar]))
    const controls = controlBodies[node.type]
    for (const field of fieldsOf(node.type)) {
      if (field === "body" && body !== undefined) {
        body()
        continue
      }
      if (field === "id" && (isFunction(node) || isClass(node))) {
        if (node.id) this.#functionName(node)
        continue
      }
      if ((field === "key" || field === "id") && node[field] && hasPropertyKey(node)) {
        this.#key(node[field], node.computed === true)
        continue
      }
      if (node.type === "ImportAttribute" || node.type === "ImportSpecifier") continue
      const value = node[field]
      if (Array.isArray(value)) {
        out.push("[")
        for (const item of value) {
          if (item === null) out.push("hole")
          else this.#write(item)
        }
        out.push("]")
      } else if (value === null || value === undefined) out.push("none")
      else this.#write(controls?.includes(field) ? withoutBraces(value) : value)
    }
    out.push(")")
  }

  #key(key: Node, computed: boolean): void {
    const name = staticName(key, computed)
    if (name === undefined) {
      if (key.type === "PrivateIdentifier") this.#out.push(privateForm(key))
      else {
        this.#out.push("computed")
        this.#write(key)
      }
    } else {
      this.#out.push(setsPrototype(key, name) ? "prototype" : `key:${name}`)
      if (key.variable?.kind === "member") this.#out.push(this.#local(key.variable))
      if (name === "name" && key.parent?.parent?.type === "ObjectPattern") this.#observesNames = true
    }
  }

  #functionName(node: Node): void {
    const variable = node.id.variable as Variable | undefined
    if (variable === undefined) return
    if (within(variable.scope.node, this.#unit.node)) {
      this.#out.push(`named:${this.#local(variable)}`)
      if (isPassedAbout(variable)) this.#names.add(variable.name)
    }
  }

  #local(variable: Variable): string {
    let ordinal = this.#locals.get(variable)
    if (ordinal === undefined) {
      ordinal = this.#locals.size
      this.#locals.set(variable, ordinal)
      const declaration = variable.declarations[0]
      if (
        variable.kind === "const" &&
        declaration?.init &&
        isFunction(declaration.init) &&
        isPassedAbout(variable)
      ) {
        this.#names.add(variable.name)
      }
    }
    return `L${ordinal}`
  }

  #isOwn(variable: Variable): boolean {
    if (variable.kind === "import") return false
    return (
      within(variable.scope.node, this.#unit.node) ||
      this.#unit.more.some((n) => within(variable.scope.node, n))
    )
  }

  /** Whether a variable belongs to an enclosing function and is read by value. */
  #isCaptured(variable: Variable): boolean {
    if (variable.scope.node.type === "Program" || this.#isOwn(variable)) return false
    return !(this.#unit.view !== undefined && isFollowed(variable, this.#unit.view))
  }

  #identifier(node: Node): void {
    const variable = node.variable as Variable | undefined
    if (variable === undefined) {
      this.#global(node)
      return
    }
    if (this.#isOwn(variable)) {
      this.#out.push(this.#local(variable))
      return
    }
    if (node.binding === true) {
      this.#out.push("bind")
      return
    }
    const usage = usageOf(node)
    if (this.#isCaptured(variable)) {
      this.#capture(node, variable, usage)
      return
    }
    this.#named(node, variable, usage)
  }

  #capture(node: Node, variable: Variable | undefined, usage: Usage): void {
    const name = variable === undefined ? "this" : variable.name
    if (usage.kind === "assign" || usage.kind === "mutate") {
      this.#problem(
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
    this.#out.push(`C${entry.ordinal}`)
  }

  #named(node: Node, variable: Variable, usage: Usage): void {
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
    look(node, this.#surroundings)
    this.#out.push(`R${entry.ordinal}`)
  }

  #global(node: Node): void {
    this.#out.push(`G:${node.name}`)
    if (node.binding === true) return
    const usage = usageOf(node)
    const deferred = isDeferred(node, this.#unit.node)
    if (usage.kind === "assign" || usage.kind === "mutate") {
      const what = `\`${[node.name, ...usage.path].join(".")}\``
      this.#changes.push({ variable: undefined, chain: [], what, offset: node.start, deferred })
    } else if ((node.name === "globalThis" || node.name === "global") && !isNamed(node)) {
      this.#problem(
        node,
        "reads a global under a name that is not written down",
        "name what the function needs",
      )
    }
    if (
      node.name === "arguments" &&
      this.#unit.view !== undefined &&
      this.#unit.node.type === "ArrowFunctionExpression"
    ) {
      if (ownerOf(node, this.#unit.node) === undefined) {
        this.#problem(node, "captures `arguments`", "name the parameters")
      }
    }
    look(node, this.#surroundings)
  }

  #this(node: Node): void {
    const owner = ownerOf(node, this.#unit.node)
    const usage = usageOf(node)
    if (owner === undefined && this.#unit.view !== undefined && !this.#unit.whole) {
      if (isInsideMethod(this.#unit.node)) {
        this.#capture(node, undefined, usage)
        return
      }
    }
    if (
      (usage.kind === "assign" || usage.kind === "mutate") &&
      owner !== undefined &&
      this.#unit.variable !== undefined
    ) {
      const holder = owner.parent
      const inObject = holder?.type === "Property" && !isDeferred(holder.parent!, this.#unit.node)
      const isStatic = holder?.type === "MethodDefinition" && holder.static === true
      if (inObject || isStatic) {
        const variable = this.#unit.variable
        this.#changes.push({
          variable,
          chain: [],
          what: `\`${variable.name}\``,
          offset: node.start,
          deferred: true,
        })
      }
    }
    this.#out.push("this")
  }

  #member(node: Node): void {
    const base = baseOf(node)
    const capturedThis =
      base?.type === "ThisExpression" &&
      this.#unit.view !== undefined &&
      !this.#unit.whole &&
      ownerOf(base, this.#unit.node) === undefined &&
      isInsideMethod(this.#unit.node)
    if (base !== undefined) {
      const variable = base.variable as Variable | undefined
      if (capturedThis || (variable !== undefined && this.#isCaptured(variable))) {
        const usage = usageOf(base)
        if (usage.node === node) {
          this.#capture(base, capturedThis ? undefined : variable, usage)
          const optional = optionalForm(node, base)
          if (optional !== "") this.#out.push(`optional:${optional}`)
          return
        }
      }
    }
    if (node.type === "ChainExpression") {
      // `(a?.b).c` fails where `a?.b.c` gives nothing.
      const { parent } = node
      const goesOn =
        (parent?.type === "MemberExpression" && parent.object === node) ||
        (parent?.type === "CallExpression" && parent.callee === node)
      if (goesOn) this.#out.push("(chain")
      this.#write(node.expression)
      if (goesOn) this.#out.push(")")
      return
    }
    look(node, this.#surroundings)
    const name = staticName(node.property, node.computed)
    if (name === "name") this.#observesNames = true
    const object: Node = node.object
    if (name === "constructor" && isFunctionItself(object)) {
      this.#problem(
        node,
        "the constructor of functions runs code that is not written down",
        "write the code as a function",
      )
    }
    if (
      object.type === "Identifier" &&
      name !== undefined &&
      importOf(object.variable)?.name === "*" &&
      !this.#isOwn(object.variable)
    ) {
      // `text.clean` of `import * as text` is the same as an imported `clean`.
      this.#identifier(object)
      return
    }
    this.#out.push("(MemberExpression", String(node.optional))
    this.#write(object)
    if (node.property.type === "PrivateIdentifier") this.#out.push(privateForm(node.property))
    else if (name !== undefined) this.#out.push(`key:${name}`)
    else {
      this.#out.push("computed")
      this.#write(node.property)
    }
    this.#out.push(")")
    if (name !== undefined && node.parent?.type === "CallExpression" && node.parent.callee === node) {
      if (localeMethods.has(name)) this.#note(node, `depends on the locale: .${name}()`)
      else if (zoneMethods.has(name)) this.#note(node, `depends on the time zone: .${name}()`)
    }
  }

  #meta(node: Node): void {
    this.#out.push(`meta:${node.meta.name}.${node.property.name}`)
    if (node.meta.name !== "import") return
    const member = node.parent
    const property =
      member?.type === "MemberExpression" && member.object === node
        ? staticName(member.property, member.computed)
        : undefined
    const call = member?.parent
    if (property === "main") return
    if (
      property === "url" &&
      call?.type === "NewExpression" &&
      globalPath(call.callee) === "URL" &&
      call.arguments[1] === member
    ) {
      const specifier = literalText(call.arguments[0])
      if (specifier !== undefined) this.#asset(specifier, node)
      else
        this.#problem(call, "builds a file's URL from a path that is computed", "write the path as a literal")
      return
    }
    if (
      property === "url" &&
      call?.type === "CallExpression" &&
      importedPath(call.callee)?.path.at(-1) === "createRequire"
    ) {
      return
    }
    if ((property === "dirname" || property === "filename") && call?.type === "CallExpression") {
      const callee = hostPath(call.callee)
      const parts = (call.arguments as ReadonlyArray<Node>).slice(1).map((argument) => literalText(argument))
      if (
        (callee === "path.join" || callee === "path.resolve") &&
        call.arguments[0] === member &&
        parts.length > 0
      ) {
        if (property === "dirname" && parts.every((part) => part !== undefined && !part.startsWith("/"))) {
          this.#asset(`./${parts.join("/")}`, node)
          return
        }
      }
    }
    if (property === "resolve" && call?.type === "CallExpression" && call.callee === member) {
      const specifier = literalText(call.arguments[0])
      if (specifier !== undefined) {
        this.#module(specifier, [[]], node)
        return
      }
    }
    this.#problem(
      node,
      `\`import.meta${property === undefined ? "" : `.${property}`}\` says where the project lies`,
      'name the file: `new URL("./file", import.meta.url)`',
    )
  }

  #asset(specifier: string, node: Node): void {
    const key = `asset:${specifier}`
    let entry = this.#references.get(key)
    if (entry === undefined) {
      entry = { ordinal: this.#references.size, reference: { kind: "asset", specifier, offset: node.start } }
      this.#references.set(key, entry)
    }
    this.#out.push(`R${entry.ordinal}`)
  }

  #module(specifier: string, paths: ReadonlyArray<ReadonlyArray<string>> | undefined, node: Node): void {
    const key = `module:${specifier}:${JSON.stringify(paths)}`
    let entry = this.#references.get(key)
    if (entry === undefined) {
      entry = {
        ordinal: this.#references.size,
        reference: { kind: "module", specifier, paths, offset: node.start },
      }
      this.#references.set(key, entry)
    }
    this.#out.push(`R${entry.ordinal}`)
  }

  #dynamicImport(node: Node): void {
    const specifier = literalText(node.source)
    if (specifier === undefined) {
      this.#problem(node, "`import()` of a specifier that is computed", dynamicFix)
      this.#plain(node)
      return
    }
    this.#out.push("(import")
    this.#module(specifier, pathsUsed(node), node)
    this.#out.push(")")
  }

  #call(node: Node): void {
    const callee: Node = node.callee
    if (node.type === "CallExpression" && isRequire(callee)) {
      const specifier = literalText(node.arguments[0])
      if (specifier === undefined)
        this.#problem(node, "`require` of a specifier that is computed", dynamicFix)
      else {
        this.#out.push("(require")
        this.#module(specifier, pathsUsed(node), node)
        this.#out.push(")")
        return
      }
    }
    if (
      node.type === "CallExpression" &&
      callee.type === "MemberExpression" &&
      callee.object.type === "Identifier" &&
      isRequire(callee.object)
    ) {
      const specifier = literalText(node.arguments[0])
      if (specifier === undefined)
        this.#problem(node, "`require` of a specifier that is computed", dynamicFix)
      else this.#module(specifier, [[]], node)
    }
    const reflects =
      hostPath(callee) === "Reflect.construct" && globalPath(node.arguments[0] ?? callee) === "Function"
    if (reflects || callsFunctionConstructor(node)) {
      this.#problem(
        node,
        "`Function(...)` runs code that is not written down",
        "write the code as a function",
      )
    }
    this.#plain(node)
  }

  #class(node: Node): void {
    const isUnit = node === this.#unit.node || this.#unit.node.init === node
    if (isUnit) {
      const keep = (name: string | undefined, at: Node): void => {
        if (name !== undefined) this.#statics.add(name)
        else {
          this.#problem(
            at,
            "a static member whose value is computed when the class loads and cannot be read",
            "give it a literal value or a public name",
          )
        }
      }
      for (const member of node.body.body as ReadonlyArray<Node>) {
        if (
          member.type === "PropertyDefinition" &&
          member.static &&
          member.value &&
          !isSettled(member.value)
        ) {
          keep(staticName(member.key, member.computed), member)
        } else if (member.type === "StaticBlock") {
          for (const name of assignedInBlock(member, node)) keep(name, member)
        }
      }
    }
    // Of a class the name stays: libraries and error messages show it.
    const name =
      node.id?.name ?? (node.parent?.type === "VariableDeclarator" ? node.parent.id?.name : undefined)
    this.#out.push(`class:${name ?? ""}`)
    this.#plain(node)
  }
}

/** `${clean}`, `String(clean)` */
const isMadeText = (usage: Usage): boolean =>
  usage.top.parent?.type === "TemplateLiteral" ||
  (usage.kind === "argument" && globalPath(usage.call!.callee) === "String")

const literalForm = (node: Node): string => {
  if (node.regex) return `regex:${node.regex.pattern}/${node.regex.flags}`
  if (node.bigint !== undefined && node.bigint !== null) return `bigint:${node.bigint}`
  return `${typeof node.value}:${Object.is(node.value, -0) ? "-0" : String(node.value)}`
}

const hasPropertyKey = (node: Node): boolean =>
  node.type === "Property" ||
  node.type === "MethodDefinition" ||
  node.type === "PropertyDefinition" ||
  node.type === "AccessorProperty" ||
  node.type === "TSEnumMember"

/** `{ __proto__: x }`; of `{ ["__proto__"]: x }` and `{ __proto__ }` that is a property like any other. */
const setsPrototype = (key: Node, name: string): boolean => {
  const property = key.parent
  return (
    name === "__proto__" &&
    property?.type === "Property" &&
    property.parent?.type === "ObjectExpression" &&
    property.kind === "init" &&
    !property.computed &&
    !property.shorthand &&
    !property.method
  )
}

/** Where a chain of names asks `?.` and where it ends in parentheses; "" for one that does neither. */
const optionalForm = (node: Node, base: Node): string => {
  let form = ""
  for (let at = node; at !== base;) {
    if (at.type === "ChainExpression") {
      form = at === node ? form : `|${form}`
      at = at.expression
    } else {
      form = `${at.optional === true ? "?" : "."}${form}`
      at = at.object
    }
  }
  return /[?|]/.test(form) ? form : ""
}

/** `clean.constructor("return 1")`; `super.constructor()` and `new this.constructor()` make another of the same. */
const callsFunctionConstructor = (node: Node): boolean => {
  const callee: Node = node.callee
  return (
    node.type === "CallExpression" &&
    callee.type === "MemberExpression" &&
    callee.object.type !== "Super" &&
    !isFunctionItself(callee.object) &&
    staticName(callee.property, callee.computed) === "constructor"
  )
}

/** `(async () => {})`, `Object.getPrototypeOf(function* () {})` */
const isFunctionItself = (node: Node): boolean =>
  isFunction(node) ||
  (node.type === "CallExpression" &&
    /^(Object|Reflect)\.getPrototypeOf$/.test(globalPath(node.callee) ?? "") &&
    node.arguments.some(isFunction))

/** `if (x) { y() }` is `if (x) y()`. */
const withoutBraces = (node: Node): Node => {
  if (node.type !== "BlockStatement" || node.body.length !== 1) return node
  const only: Node = node.body[0]
  return only.type.endsWith("Declaration") || only.type === "IfStatement" ? node : only
}

const assignedInBlock = (block: Node, owner: Node): ReadonlyArray<string | undefined> => {
  const names: Array<string | undefined> = []
  const look = (node: Node): void => {
    if (node.type === "AssignmentExpression" && node.left.type === "MemberExpression") {
      const object: Node = node.left.object
      const own =
        object.type === "ThisExpression" || (object.type === "Identifier" && object.name === owner.id?.name)
      if (own && !isSettled(node.right)) {
        names.push(
          node.left.property.type === "PrivateIdentifier"
            ? undefined
            : staticName(node.left.property, node.left.computed),
        )
      }
    }
    if (!isFunction(node)) for (const field of fieldsOf(node.type)) eachIn(node[field], look)
  }
  look(block)
  return names
}
