/**
 * Versions that a new project starts with: those that Sluice itself is built and tested with.
 */

export const effect = "4.1.0"

export const development: Readonly<Record<string, string>> = {
  "@types/node": "^24.10.0",
  typescript: "7.0.2",
  vitest: "5.1.1",
}

/**
 * One version where ranges in Sluice's dependencies overlap: npm would take the lower and pnpm the higher, and with
 * the package its version enters the keys of steps that reach it.
 */
export const shared: Readonly<Record<string, string>> = { "node-fetch": "2.6.13" }

/** What LanceDB would compute embeddings with, and nothing of Sluice asks for: 300 MB. Only pnpm can leave it out. */
export const leftOut: ReadonlyArray<string> = ["@huggingface/transformers", "openai"]
