/**
 * The normal form of one unit of code, and what the unit reaches.
 *
 * A unit is a function, a class, one module-level binding, a statement at top level or a whole module. Its normal form
 * leaves out what cannot change a result: types, comments, formatting, quotes, parentheses and the names of locals.
 * References to other units stand in it as ordinals, so that the form depends on this unit alone.
 */
import { createHash } from "node:crypto"
import { isFunctionItself, runsText } from "./CodeFromText.ts"
import type { Facts, Unit } from "./Facts.ts"
import {
  controlBodies,
  hasPropertyKey,
  literalForm,
  optionalForm,
  patternPath,
  privateForm,
  scalars,
  setsPrototype,
  withoutBraces,
} from "./Forms.ts"
import { Gathering } from "./Gathering.ts"
import { methodNote } from "./Host.ts"
import { readMeta } from "./ImportMeta.ts"
import { baseOf, isInsideMethod, isNeverAssigned, ownerOf } from "./Local.ts"
import { importOf } from "./Purity.ts"
import { Names } from "./Names.ts"
import { isRequire, pathsUsed } from "./Requests.ts"
import { computedStatics } from "./Statics.ts"
import type { Variable } from "./Scope.ts"
import { fieldsOf, isClass, isFunction, literalText, type Node, staticName } from "./Syntax.ts"
import { usageOf } from "./Usage.ts"

const dynamicFix = "write the specifier as a literal, or declare a `version` on the step"

/** Writes a unit in its normal form and gathers what it reaches. */
export const write = (unit: Unit): Facts => new Writer(unit).finish()

class Writer {
  readonly #unit: Unit
  readonly #out: Array<string> = []
  readonly #gathered: Gathering
  readonly #names: Names
  readonly #statics = new Set<string>()
  readonly #labels: Array<string> = []
  #observesNames = false
  #compiled = false

  constructor(unit: Unit) {
    this.#unit = unit
    this.#gathered = new Gathering(unit)
    this.#names = new Names(unit, this.#gathered)
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
      this.#out.push(`which:${patternPath(node.id, variable)}`)
    }
    return {
      own: createHash("sha256").update(JSON.stringify(this.#out)).digest("hex"),
      ...this.#gathered.facts(),
      observesNames: this.#observesNames,
      names: [...this.#names.passedAbout],
      compiled: this.#compiled,
      computedStatics: [...this.#statics],
    }
  }

  #write(node: Node): void {
    const out = this.#out
    switch (node.type) {
      case "Identifier":
      case "JSXIdentifier":
        out.push(this.#names.identifier(node))
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
        out.push(this.#names.this(node))
        return
      case "Super":
        if (this.#unit.view !== undefined && this.#unit.node.type === "ArrowFunctionExpression") {
          if (ownerOf(node, this.#unit.node) === undefined) {
            this.#gathered.problem(node, "captures `super`", "move the function out of the class")
          }
        }
        out.push("super")
        return
      case "MetaProperty":
        out.push(`meta:${node.meta.name}.${node.property.name}`)
        this.#pushIfAny(readMeta(node, this.#gathered))
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
        this.#gathered.problem(node, "JSX", "write the calls out, or declare a `version` on the step")
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

  #pushIfAny(form: string | undefined): void {
    if (form !== undefined) this.#out.push(form)
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
        if (node.id) this.#pushIfAny(this.#names.ofFunction(node))
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
      if (key.variable?.kind === "member") this.#out.push(this.#names.local(key.variable))
      if (name === "name" && key.parent?.parent?.type === "ObjectPattern") this.#observesNames = true
    }
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
      if (capturedThis || (variable !== undefined && this.#names.isCaptured(variable))) {
        const usage = usageOf(base)
        if (usage.node === node) {
          this.#out.push(this.#gathered.capture(base, capturedThis ? undefined : variable, usage))
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
    this.#gathered.look(node)
    const name = staticName(node.property, node.computed)
    if (name === "name") this.#observesNames = true
    const object: Node = node.object
    if (name === "constructor" && isFunctionItself(object)) {
      this.#gathered.problem(
        node,
        "the constructor of functions runs code that is not written down",
        "write the code as a function",
      )
    }
    if (
      object.type === "Identifier" &&
      name !== undefined &&
      importOf(object.variable)?.name === "*" &&
      !this.#names.isOwn(object.variable)
    ) {
      // `text.clean` of `import * as text` is the same as an imported `clean`.
      this.#out.push(this.#names.identifier(object))
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
      const what = methodNote(name)
      if (what !== undefined) this.#gathered.note(node, what)
    }
  }

  #dynamicImport(node: Node): void {
    const specifier = literalText(node.source)
    if (specifier === undefined) {
      this.#gathered.problem(node, "`import()` of a specifier that is computed", dynamicFix)
      this.#plain(node)
      return
    }
    this.#out.push("(import")
    this.#out.push(this.#gathered.module(specifier, pathsUsed(node), node))
    this.#out.push(")")
  }

  #call(node: Node): void {
    const callee: Node = node.callee
    if (node.type === "CallExpression" && isRequire(callee)) {
      const specifier = literalText(node.arguments[0])
      if (specifier === undefined)
        this.#gathered.problem(node, "`require` of a specifier that is computed", dynamicFix)
      else {
        this.#out.push("(require")
        this.#out.push(this.#gathered.module(specifier, pathsUsed(node), node))
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
        this.#gathered.problem(node, "`require` of a specifier that is computed", dynamicFix)
      else this.#out.push(this.#gathered.module(specifier, [[]], node))
    }
    if (runsText(node)) {
      this.#gathered.problem(
        node,
        "`Function(...)` runs code that is not written down",
        "write the code as a function",
      )
    }
    this.#plain(node)
  }

  #keepStatics(node: Node): void {
    for (const { name, at } of computedStatics(node)) {
      if (name !== undefined) this.#statics.add(name)
      else {
        this.#gathered.problem(
          at,
          "a static member whose value is computed when the class loads and cannot be read",
          "give it a literal value or a public name",
        )
      }
    }
  }

  #class(node: Node): void {
    if (node === this.#unit.node || this.#unit.node.init === node) this.#keepStatics(node)
    // Of a class the name stays: libraries and error messages show it.
    const name =
      node.id?.name ?? (node.parent?.type === "VariableDeclarator" ? node.parent.id?.name : undefined)
    this.#out.push(`class:${name ?? ""}`)
    this.#plain(node)
  }
}
