/** Prints the digest of the fixed sequence under the options given as JSON: a process of its own per run. */
import * as Effect from "effect/Effect"
import * as Backend from "../../src/ops/Backend.ts"
import { digest } from "./sequence.ts"

const options = JSON.parse(process.argv[2] ?? "{}") as Backend.Options

console.log(
  await Effect.runPromise(
    Effect.scoped(Effect.flatMap(Backend.open(options), (backend) => Effect.promise(() => digest(backend)))),
  ),
)
