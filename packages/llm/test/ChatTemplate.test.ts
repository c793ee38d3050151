import { describe, expect, it } from "vitest"
import * as ChatTemplate from "../src/ChatTemplate.ts"

const failure = (f: () => unknown): ChatTemplate.ChatTemplateError => {
  try {
    f()
  } catch (error) {
    expect(error).toBeInstanceOf(ChatTemplate.ChatTemplateError)
    return error as ChatTemplate.ChatTemplateError
  }
  throw new Error("nothing was thrown")
}

const user = (content: string): ChatTemplate.Message => ({ role: "user", content })
const assistant = (content: string): ChatTemplate.Message => ({ role: "assistant", content })

const year = (format: string): string => format.replace("%Y", "2026")

describe("rendering", () => {
  it("gives the template messages, special tokens, the generation prompt and tools", () => {
    const template = ChatTemplate.make({
      source:
        "{{ bos_token }}{% if tools %}[{{ tools | tojson }}]{% endif %}{% for m in messages %}<{{ m.role }}>{{ m.content }}{{ eos_token }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}",
      bosToken: "«",
      eosToken: "»",
    })
    expect(template.render([user("a")])).toBe("«<user>a»")
    expect(template.render([user("a")], { addGenerationPrompt: true })).toBe("«<user>a»<assistant>")
    expect(template.render([user("a")], { tools: [{ name: "ü", n: 1 }] })).toBe(
      '«[[{"name": "ü", "n": 1}]]<user>a»',
    )
    expect(template.render([user("a")], { tools: [] })).toBe("«<user>a»")
  })

  it("trims blocks and line ends as Jinja does for transformers", () => {
    const template = ChatTemplate.make({
      source:
        "{% for m in messages %}\r\n    {% if m.role == 'user' %}\r\n{{ m.content }}\r\n    {% endif %}\r\n{% endfor %}\r\n",
    })
    expect(template.render([user("a"), user("b")])).toBe("a\nb\n")
  })

  it("has no clock, so that a text depends on nothing but its messages", () => {
    const source = "{% if strftime_now is defined %}{{ strftime_now('%Y') }}{% else %}no day{% endif %}"
    expect(ChatTemplate.make({ source }).render([])).toBe("no day")
    expect(ChatTemplate.make({ source }).render([], { variables: { strftime_now: year } })).toBe("2026")
  })

  it("gives thoughts under the names that templates read", () => {
    const template = ChatTemplate.make({
      source: "{% for m in messages %}{{ m.reasoning_content }}|{{ m.thinking }};{% endfor %}",
    })
    const messages = [
      { role: "assistant", content: "", reasoning_content: "r" },
      { role: "assistant", content: "", reasoning: "q" } as ChatTemplate.Message,
    ]
    expect(template.render(messages)).toBe("r|r;q|q;")
  })

  it("leaves out the marks of generated text, and reports their places when asked", () => {
    const template = ChatTemplate.make({
      source: [
        "{%- for m in messages %}",
        "    {{- '<' + m.role + '>' }}",
        "    {%- if m.role == 'assistant' %}",
        "        {%- generation %}",
        "        {{- m.content + '.' }}",
        "        {%- endgeneration %}",
        "    {%- else %}",
        "        {{- m.content }}",
        "    {%- endif %}",
        "{%- endfor %}",
      ].join("\n"),
    })
    const messages = [user("a"), assistant("bc"), user("d"), assistant("e")]
    const text = "<user>a<assistant>bc.<user>d<assistant>e."
    expect(template.hasGenerationMarkers).toBe(true)
    expect(template.render(messages)).toBe(text)
    const marked = template.renderMarked(messages)
    expect(marked.text).toBe(text)
    expect(marked.spans.map(({ start, end }) => text.slice(start, end))).toEqual(["bc.", "e."])
    expect(() => template.renderMarked([user("a\u{F0000}b"), assistant("c")])).toThrow(
      /private characters U\+F0000/,
    )
    const without = ChatTemplate.make({ source: "{{ messages[0].content }}" })
    expect(without.renderMarked([user("a")])).toEqual({ text: "a", spans: [] })
  })
})

describe("what cannot be rendered", () => {
  it("surfaces raise_exception with its words and the message that it is about", () => {
    const template = ChatTemplate.make({
      source:
        "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate user/assistant') }}{% endif %}{% endfor %}",
    })
    const error = failure(() => template.render([user("a"), assistant("b"), assistant("c"), user("d")]))
    expect(error.refused).toBe(true)
    expect(error.messageNumber).toBe(3)
    expect(error.message).toBe(
      [
        "The model's chat template refuses these messages.",
        "  It says:  Roles must alternate user/assistant",
        "  Message:  3 of 4, role assistant",
        "  Roles:    user, assistant, assistant, user",
        "Change the messages, or give the model another chat template.",
      ].join("\n"),
    )
  })

  it("names a message that lacks what the template reads", () => {
    const template = ChatTemplate.make({
      source: "{% for m in messages %}{{ m.role + m.content }}{% endfor %}",
    })
    const error = failure(() =>
      template.render([user("a"), { role: "user" } as unknown as ChatTemplate.Message]),
    )
    expect(error.refused).toBe(false)
    expect(error.message).toContain("  Message:  2 of 2, role user")
  })

  it("refuses a source that is no template", () => {
    expect(failure(() => ChatTemplate.make({ source: "{% if %}" })).message).toMatch(
      /^The model's chat template cannot be rendered\.\n {2}Cause: {2}it is no valid template: /,
    )
  })
})
