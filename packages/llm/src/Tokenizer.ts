/**
 * Text to token ids and back, from a GGUF file's metadata or a Hugging Face `tokenizer.json`.
 */
export interface Span {
  /** UTF-16 offsets into the text, end exclusive. */
  readonly start: number
  readonly end: number
}

export interface Encoding {
  readonly ids: ReadonlyArray<number>
  /** For each token the part of the text that it covers; tokens that share one character share its span. */
  readonly spans: ReadonlyArray<Span>
}

export interface Tokenizer {
  readonly vocabularySize: number
  readonly bosId: number | null
  readonly eosId: number | null
  readonly padId: number | null
  /** Ids that end an answer: the end-of-sequence token and the end-of-turn tokens that the vocabulary has. */
  readonly stopIds: ReadonlyArray<number>
  /** Special tokens by id. */
  readonly special: ReadonlyMap<number, string>
  /** Ids of the whole text; special tokens written in it are recognised, none is added unless asked for. */
  readonly encode: (text: string, options?: { readonly addSpecialTokens?: boolean }) => Array<number>
  /** As `encode`, with the place of each token. */
  readonly encodeWithSpans: (text: string) => Encoding
  readonly decode: (ids: ReadonlyArray<number>, options?: { readonly skipSpecialTokens?: boolean }) => string
  readonly tokenText: (id: number) => string | undefined
}
