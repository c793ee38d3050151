/** The runtime where no hook runs in the same process (Vitest's workers): the project is analysed here. */
import { install, rootOf } from "./live.ts"
import { state } from "./runtime.ts"

export { loaded, tag, tagClass, tagMethods } from "./runtime.ts"

if (state.provide === undefined) install(rootOf(`${process.cwd()}/x`))
