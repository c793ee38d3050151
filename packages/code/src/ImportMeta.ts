/** `import.meta`: files named beside the source, and what says where the project lies. */
import type { Gathering } from "./Gathering.ts"
import { hostPath } from "./Host.ts"
import { importedPath } from "./Purity.ts"
import { literalText, type Node, staticName } from "./Syntax.ts"
import { globalPath } from "./Usage.ts"

/** Gathers what an `import.meta` is used for, and gives the form of the file that it names, if it names one. */
export const readMeta = (node: Node, into: Gathering): string | undefined => {
  if (node.meta.name !== "import") return undefined
  const member = node.parent
  const property =
    member?.type === "MemberExpression" && member.object === node
      ? staticName(member.property, member.computed)
      : undefined
  const call = member?.parent
  if (property === "main") return undefined
  if (
    property === "url" &&
    call?.type === "NewExpression" &&
    globalPath(call.callee) === "URL" &&
    call.arguments[1] === member
  ) {
    const specifier = literalText(call.arguments[0])
    if (specifier !== undefined) return into.asset(specifier, node)
    into.problem(call, "builds a file's URL from a path that is computed", "write the path as a literal")
    return undefined
  }
  if (
    property === "url" &&
    call?.type === "CallExpression" &&
    importedPath(call.callee)?.path.at(-1) === "createRequire"
  ) {
    return undefined
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
        return into.asset(`./${parts.join("/")}`, node)
      }
    }
  }
  if (property === "resolve" && call?.type === "CallExpression" && call.callee === member) {
    const specifier = literalText(call.arguments[0])
    if (specifier !== undefined) {
      return into.module(specifier, [[]], node)
    }
  }
  into.problem(
    node,
    `\`import.meta${property === undefined ? "" : `.${property}`}\` says where the project lies`,
    'name the file: `new URL("./file", import.meta.url)`',
  )
  return undefined
}
