/**
 * Random pairs of texts, by the rule of ../../reference/scores_reference.py (class Pairs): the same numbers in both
 * languages, so that only the scores are stored.
 */
import reference from "../fixtures/scores/scores.json" with { type: "json" }

const { odd, spaces } = reference.rule
const roots = reference.rule.roots.split(" ")
const suffixes = reference.rule.suffixes.split(" ")

export interface Pair {
  readonly answer: string
  readonly reference: string
}

export class Pairs {
  #state: bigint

  constructor(seed: number) {
    this.#state = BigInt(seed)
  }

  /** A whole number under `n`: a 32-bit linear congruential generator, its high bits. */
  below(n: number): number {
    this.#state = (this.#state * 1664525n + 1013904223n) % 2n ** 32n
    return Number((this.#state * BigInt(n)) >> 32n)
  }

  #pick<A>(items: ReadonlyArray<A>): A {
    return items[this.below(items.length)]!
  }

  word(): string {
    const kind = this.below(10)
    if (kind === 0) return this.#pick(odd)
    const root = this.#pick(roots)
    let word = root + (kind < 6 ? this.#pick(suffixes) : "")
    if (kind === 9) {
      word = this.below(2) === 0 ? word.toUpperCase() : word[0]!.toUpperCase() + word.slice(1)
    }
    return word + this.#pick(["", "", "", "", ",", ".", "!", "?"])
  }

  join(words: ReadonlyArray<string>): string {
    return words.reduce((text, word, index) => text + (index > 0 ? this.#pick(spaces) : "") + word, "")
  }

  words(count: number): Array<string> {
    return Array.from({ length: count }, () => this.word())
  }

  pair(): Pair {
    const wanted = this.words(this.below(25))
    const level = this.below(10)
    let answer: Array<string> = []
    for (const word of wanted) {
      if (this.below(10) >= level) {
        answer.push(word)
        continue
      }
      const what = this.below(5)
      if (what === 1) answer.push(this.word())
      else if (what === 2) answer.push(word, word)
      else if (what === 3) answer.splice(this.below(answer.length + 1), 0, word)
      else if (what === 4) answer.push(word.toLowerCase())
    }
    if (this.below(10) === 0) answer = this.words(this.below(12))
    return { answer: this.join(answer), reference: this.join(wanted) }
  }
}
