/** Static members of a class whose values do not follow from its code. */
import { eachIn } from "./Local.ts"
import { isSettled } from "./Purity.ts"
import { fieldsOf, isFunction, type Node, staticName } from "./Syntax.ts"

/** Each with its name, undefined where it cannot be read under one. */
export const computedStatics = (
  node: Node,
): ReadonlyArray<{ readonly name: string | undefined; readonly at: Node }> =>
  (node.body.body as ReadonlyArray<Node>).flatMap((member) => {
    if (member.type === "StaticBlock") {
      return assignedInBlock(member, node).map((name) => ({ name, at: member }))
    }
    const computed =
      member.type === "PropertyDefinition" && member.static && member.value && !isSettled(member.value)
    return computed ? [{ name: staticName(member.key, member.computed), at: member }] : []
  })

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
