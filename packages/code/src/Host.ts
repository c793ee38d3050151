/** What code reads of its surroundings: environment, clock, chance, locale, files, network, the machine. */
import { importedPath } from "./Purity.ts"
import type { Variable } from "./Scope.ts"
import { literalText, type Node, staticName } from "./Syntax.ts"
import { globalPath, usageOf } from "./Usage.ts"

/** Where findings go. */
export interface Surroundings {
  readonly env: Set<string>
  readonly note: (node: Node, what: string) => void
  readonly problem: (node: Node, what: string, fix: string) => void
}

const clock = new Set([
  "Date.now",
  "performance.now",
  "process.hrtime",
  "process.hrtime.bigint",
  "process.uptime",
])
const chance = new Set([
  "Math.random",
  "crypto.randomUUID",
  "crypto.getRandomValues",
  "crypto.randomBytes",
  "crypto.randomInt",
])
const machine =
  /^(process\.(argv|cwd|platform|arch|pid|memoryUsage|versions|version)|os\.\w+|navigator\.\w+)$/
const network = /^(fetch|(http|https|net|tls|dgram|dns|http2)\.\w+)$/
const files =
  /^(fs|fs\/promises)\.(promises\.)?(read|open|stat|lstat|access|exists|createReadStream|glob|opendir)\w*$/

/** Environment, clock, chance, locale, machine: what a path from a global or a built-in module means. */
export const look = (node: Node, into: Surroundings): void => {
  const path = hostPath(node)
  if (path === undefined) {
    lookAtEffect(node, into)
    return
  }
  if (path === "process.env") {
    lookAtEnvironment(node, into)
    return
  }
  if (path === "process" && !isNamed(node)) {
    into.problem(node, "hands `process` about", "read what is needed by name: `process.env.NAME`")
    return
  }
  const parent = node.parent
  const called =
    (parent?.type === "CallExpression" || parent?.type === "NewExpression") && parent.callee === node
  const what = steadyNote(path) ?? (called ? callNote(path, parent.arguments) : undefined)
  if (what !== undefined) into.note(node, what)
  else if (parent?.type === "VariableDeclarator" && parent.init === node) lookAtTaken(path, parent.id, into)
  if (path === "eval" || (path === "Function" && (called || isKept(node)))) {
    into.problem(
      node,
      `${path === "eval" ? "`eval`" : "`Function(...)`"} runs code that is not written down`,
      "write the code as a function, or declare a `version` on the step",
    )
  } else if (/^vm\.\w+$/.test(path)) {
    into.problem(node, `\`${path}\` runs code that is not written down`, "write the code as a function")
  } else if (path === "process.getBuiltinModule") {
    into.problem(node, "loads one of Node's modules by a name of its own", "import the module")
  } else if (path === "Date" && called) {
    if (parent.type === "CallExpression" || parent.arguments.length === 0) {
      into.note(node, `reads the clock: ${parent.type === "NewExpression" ? "new " : ""}Date()`)
    } else if (parent.arguments.length > 1)
      into.note(node, "depends on the time zone: new Date(year, month, ...)")
  } else if (path === "Date.prototype" || path === "Temporal.Now") into.note(node, `reads the clock: ${path}`)
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

/** What a call of a method of any value may depend on. */
export const methodNote = (name: string): string | undefined =>
  localeMethods.has(name)
    ? `depends on the locale: .${name}()`
    : zoneMethods.has(name)
      ? `depends on the time zone: .${name}()`
      : undefined

/** What any mention of a path means. */
const steadyNote = (path: string): string | undefined => {
  if (clock.has(path)) return `reads the clock: ${path}()`
  if (chance.has(path)) return `draws at random: ${path}()`
  if (machine.test(path)) return `depends on the machine: ${path}`
  return /^Intl\.\w+$/.test(path) ? `depends on the locale: ${path}` : undefined
}

/** What a call of a path means. */
const callNote = (path: string, given: ReadonlyArray<Node>): string | undefined => {
  if (path === "process.loadEnvFile") return `reads a file that no input declares: ${path}()`
  if (network.test(path)) return `uses the network: ${path}()`
  if (/^child_process\.\w+$/.test(path)) return `starts a process: ${path}()`
  return files.test(path) && !given.some(isAssetUrl)
    ? `reads a file that no input declares: ${path}()`
    : undefined
}

/**
 * What a path of one of Node's own modules (`process.env.HOME`) means to code that has it through a module of the
 * project, or by `import()`.
 */
export const lookThrough = (
  path: ReadonlyArray<string>,
): { readonly env?: string; readonly note?: string; readonly problem?: string } => {
  const [module, ...rest] = path
  const names = rest[0] === "default" ? rest.slice(1) : rest
  const full = [module, ...names].join(".")
  if (module === "vm" && names.length > 0)
    return { problem: `\`${full}\` runs code that is not written down` }
  if (full === "process") return { problem: "hands `process` about" }
  if (full === "process.env") return { problem: "reads `process.env` as a whole" }
  if (full.startsWith("process.env.")) return { env: names[1]! }
  const note = hostNote(full)
  return note === undefined ? {} : { note }
}

const hostNote = (path: string): string | undefined => steadyNote(path) ?? callNote(path, [])

/** `const { now } = Date`, `const read = fs.readFileSync`: calls of what is taken are not seen as such. */
const lookAtTaken = (path: string, pattern: Node, into: Surroundings): void => {
  if (pattern.type !== "ObjectPattern") {
    const what = callNote(path, [])
    if (what !== undefined) into.note(pattern, what)
    return
  }
  for (const property of pattern.properties as ReadonlyArray<Node>) {
    const name = property.type === "Property" ? staticName(property.key, property.computed) : undefined
    const what = name === undefined ? undefined : hostNote(`${path}.${name}`)
    if (what !== undefined) into.note(property, what)
  }
}

/** Whether a mention is kept under another name, by which it is called where nobody sees it. */
const isKept = (node: Node): boolean => {
  const { parent } = node
  return (
    (parent?.type === "VariableDeclarator" && parent.init === node && parent.id.type === "Identifier") ||
    (parent?.type === "AssignmentExpression" && parent.right === node)
  )
}

/** Effect's own clock, random numbers and configuration. */
const lookAtEffect = (node: Node, into: Surroundings): void => {
  if (node.type !== "MemberExpression" && node.type !== "Identifier") return
  const imported = importedPath(node)
  if (imported === undefined || !/^effect(\/|$)/.test(imported.specifier)) return
  const path =
    imported.specifier === "effect"
      ? imported.path
      : [imported.specifier.slice("effect/".length), ...imported.path]
  if (path.length === 1 && path[0] === "Config" && !isMemberOfParent(node)) {
    into.problem(node, "passes `Config` about", 'call it in place: `Config.String("NAME")`')
  }
  if (path.length < 2) return
  const [module, name] = [path[0]!, path[1]!]
  if (module === "Clock" && name.startsWith("current")) into.note(node, `reads the clock: Clock.${name}`)
  else if (module === "Random") into.note(node, `draws at random: Random.${name}`)
  else if (module === "DateTime" && name.startsWith("now"))
    into.note(node, `reads the clock: DateTime.${name}`)
  else if (module === "Config" && path.length === 2) lookAtConfig(node, name, into)
}

const lookAtConfig = (node: Node, name: string, into: Surroundings): void => {
  const call = node.parent
  if (call?.type !== "CallExpression" || call.callee !== node) {
    if (/^[A-Z]/.test(name))
      into.problem(node, `passes \`Config.${name}\` about`, `call it in place with a literal name`)
    return
  }
  if (name === "nested" || name === "schema") {
    into.problem(
      node,
      `\`Config.${name}\` builds variable names that are not written down`,
      `use \`Config.String("PREFIX_NAME")\`, or list the names in the step's \`env\` and declare a \`version\``,
    )
    return
  }
  if (!/^[A-Z]/.test(name)) return
  const argument = ["Literal", "Literals", "Array", "Record"].includes(name)
    ? call.arguments[1]
    : call.arguments[0]
  const text = literalText(argument)
  if (text !== undefined) into.env.add(text)
  else
    into.problem(
      node,
      `\`Config.${name}\` of a name that is not written down`,
      "write the variable's name as a literal",
    )
}

const lookAtEnvironment = (node: Node, into: Surroundings): void => {
  const parent = node.parent
  const whole = (): void =>
    into.problem(node, "reads `process.env` as a whole", "read the variables by name: `process.env.NAME`")
  if (parent?.type === "MemberExpression" && parent.object === node) {
    const name = staticName(parent.property, parent.computed)
    if (name === undefined) {
      into.problem(
        parent,
        "reads `process.env` under a name that is computed",
        "read the variable by name: `process.env.NAME`",
      )
    } else into.env.add(name)
    return
  }
  if (parent?.type === "VariableDeclarator" && parent.init === node) {
    if (parent.id.type === "ObjectPattern") {
      for (const property of parent.id.properties as ReadonlyArray<Node>) {
        const name = property.type === "Property" ? staticName(property.key, property.computed) : undefined
        if (name === undefined) whole()
        else into.env.add(name)
      }
      return
    }
    const alias = parent.id.variable as Variable | undefined
    const uses = alias?.references.map((r) => usageOf(r))
    const exported = alias !== undefined && isExported(alias)
    if (alias === undefined || alias.kind !== "const" || exported || uses!.some((u) => u.chain.length === 0))
      whole()
    else for (const use of uses!) into.env.add(use.chain[0]!)
    return
  }
  whole()
}

/** `fs.readFileSync`, `Date.now`, `process.env`: a path from a global or from one of Node's own modules. */
export const hostPath = (node: Node): string | undefined => {
  const path = globalPath(node)
  if (path !== undefined) return path.startsWith("Deno.") ? path.slice("Deno.".length) : path
  const imported = importedPath(node)
  if (imported === undefined) return undefined
  const specifier = imported.specifier.startsWith("node:") ? imported.specifier.slice(5) : imported.specifier
  if (!hostModules.has(specifier)) return undefined
  const rest = imported.path[0] === "default" ? imported.path.slice(1) : imported.path
  return [specifier, ...rest].join(".")
}

const hostModules = new Set(
  (
    "process fs fs/promises crypto os path child_process http https http2 net tls dgram dns vm perf_hooks util module url " +
    "worker_threads"
  ).split(" "),
)

/** `Config` in `Config.String` */
const isMemberOfParent = (node: Node): boolean =>
  node.parent?.type === "MemberExpression" &&
  node.parent.object === node &&
  staticName(node.parent.property, node.parent.computed) !== undefined

/** Whether a global is only read by a property's name, taken apart by name, or asked for its type. */
export const isNamed = (node: Node): boolean => {
  const parent = node.parent
  if (parent?.type === "MemberExpression" && parent.object === node) {
    return staticName(parent.property, parent.computed) !== undefined
  }
  if (parent?.type === "UnaryExpression") return parent.operator === "typeof"
  if (parent?.type !== "VariableDeclarator" || parent.id.type !== "ObjectPattern") return false
  return parent.id.properties.every(
    (p: Node) =>
      p.type === "Property" &&
      ![undefined, "env", "process", "eval", "Function"].includes(staticName(p.key, p.computed)),
  )
}

const isAssetUrl = (node: Node): boolean =>
  node.type === "NewExpression" &&
  globalPath(node.callee) === "URL" &&
  node.arguments[1]?.type === "MemberExpression" &&
  node.arguments[1].object.type === "MetaProperty"

const isExported = (variable: Variable): boolean => {
  const program = variable.scope.node
  if (program.type !== "Program") return false
  if (variable.declarations[0]?.parent?.parent?.type === "ExportNamedDeclaration") return true
  return (program.body as ReadonlyArray<Node>).some((statement) =>
    statement.type === "ExportNamedDeclaration"
      ? !statement.source && statement.specifiers.some((s: Node) => s.local.name === variable.name)
      : statement.type === "ExportDefaultDeclaration" && statement.declaration.variable === variable,
  )
}
