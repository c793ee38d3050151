/** Opens the library, runs nothing, and ends of itself. */
import { open } from "./native.ts"

console.log(open().version)
