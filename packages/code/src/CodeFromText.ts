/** Ways to run code that is not written down, by the constructor of functions. */
import { hostPath } from "./Host.ts"
import { isFunction, type Node, staticName } from "./Syntax.ts"
import { globalPath } from "./Usage.ts"

/** `Reflect.construct(Function, ["return 1"])`, `clean.constructor("return 1")` */
export const runsText = (call: Node): boolean =>
  (hostPath(call.callee) === "Reflect.construct" &&
    globalPath(call.arguments[0] ?? call.callee) === "Function") ||
  callsFunctionConstructor(call)

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
export const isFunctionItself = (node: Node): boolean =>
  isFunction(node) ||
  (node.type === "CallExpression" &&
    /^(Object|Reflect)\.getPrototypeOf$/.test(globalPath(node.callee) ?? "") &&
    node.arguments.some(isFunction))
