/**
 * Equality of an answer and a reference under a stated normalisation of both.
 */
import { words } from "./whiteSpace.ts"

/**
 * - `none`: the texts as they are;
 * - `trim`: without white space at both ends (what Evaluate.compare asks of text);
 * - `spaces`: also any run of white space is one space;
 * - `loose`: also Unicode NFKC and lower case;
 * - `squad`: as SQuAD's script: lower case, ASCII punctuation removed, the articles a, an, the removed, spaces.
 */
export type Normalisation = "none" | "trim" | "spaces" | "loose" | "squad"

export const matches = (answer: string, reference: string, normalisation: Normalisation = "trim"): boolean =>
  normalised(answer, normalisation) === normalised(reference, normalisation)

export const normalised = (text: string, normalisation: Normalisation): string => {
  switch (normalisation) {
    case "none":
      return text
    case "trim":
      return text.trim()
    case "spaces":
      return words(text).join(" ")
    case "loose":
      return words(text.normalize("NFKC").toLowerCase()).join(" ")
    case "squad":
      return words(text.toLowerCase().replace(punctuation, "").replace(articles, " ")).join(" ")
  }
}

const punctuation = /[!-/:-@[-`{-~]/g
// Word borders as Python sees them: \b would know ASCII alone.
const articles = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu
