/**
 * Functions with code identities as a source transform would give them.
 */
import { CodeTag, type Step } from "../../src/index.ts"

/** Tags a function; `source` stands for its code: another text is another identity. */
export const tagged = <F extends (...args: never) => unknown>(
  source: string,
  run: F,
  identity: Partial<CodeTag.CodeIdentity> = {},
): F =>
  CodeTag.tag(run, {
    id: `lib/steps.ts:1 ${source}`,
    identity: () => ({
      digest: `code of ${source}`,
      parts: [{ symbol: "run", file: "lib/steps.ts", digest: source }],
      packages: [],
      values: [],
      env: [],
      notes: [],
      refusals: [],
      ...identity,
    }),
  })

/** A definition whose `run` is tagged. */
export const identified = <D extends { readonly facts: Step.Facts }>(
  source: string,
  definition: D,
  identity: Partial<CodeTag.CodeIdentity> = {},
): D => {
  tagged(source, definition.facts.run, identity)
  return definition
}
