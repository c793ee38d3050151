/** A model's own chat template: messages to text. */
export interface ToolCall {
  readonly id?: string
  readonly type?: string
  readonly function: { readonly name: string; readonly arguments: unknown }
}

export interface Message {
  readonly role: string
  readonly content: string | null
  readonly reasoning_content?: string
  readonly tool_calls?: ReadonlyArray<ToolCall>
  readonly tool_call_id?: string
  readonly name?: string
}

export interface RenderOptions {
  /** Ends the text with the header of the assistant's turn. */
  readonly addGenerationPrompt?: boolean
  readonly tools?: ReadonlyArray<unknown>
  /** Further variables that the template reads, such as `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>>
}

export interface ChatTemplate {
  readonly source: string
  readonly bosToken: string
  readonly eosToken: string
  /** Throws ChatTemplateError. */
  readonly render: (messages: ReadonlyArray<Message>, options?: RenderOptions) => string
}
