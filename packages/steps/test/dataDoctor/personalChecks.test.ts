import { describe, expect, it } from "vitest"
import { asking, findingsOf, found, said, withChats } from "./subject.ts"

const of = (text: string) => findingsOf({ chats: withChats(asking(text)) })

describe("e-mail addresses", () => {
  it.each([
    ["Email:jane.doe@gmail.com", "@gmail.com"],
    ["mailto:jane.doe@web.de", "@web.de"],
    ["write to jane [at] gmail [dot] com soon", "@gmail.com"],
    ["jane(at)gmail.com", "@gmail.com"],
    ["jane at gmail dot com", "@gmail.com"],
    ["jane＠gmail.com", "@gmail.com"],
    ["jane%40gmail.com", "@gmail.com"],
    ["jane&#64;gmail.com", "@gmail.com"],
    ["jane.doe @ gmail.com", "@gmail.com"],
    ["jane.doe@\ngmail.com", "@gmail.com"],
    ["jane@gmail dot com", "@gmail.com"],
    ['"jane doe"@gmail.com', "@gmail.com"],
  ])("are found as %s, and masked", (text, host) => {
    const finding = found(of(text), "emailAddresses")
    expect(finding).toMatchObject({ severity: "warn", rows: ["planted"] })
    expect(finding!.excerpt).toContain(host)
    expect(finding!.excerpt).not.toContain("jane")
  })

  it.each([
    "we met at the polka dot café",
    "look at this (at home) and that",
    "5 @ 3.50 each",
    "see https://host:8080/a%40b",
    "let us meet @ noon. Coming?",
  ])("are none: %s", (text) => {
    expect(found(of(text), "emailAddresses")).toBeUndefined()
  })

  it("at domains for examples are a note, however they are written", () => {
    expect(found(of("jane (at) example.com"), "emailAddresses")).toMatchObject({ severity: "note" })
  })
})

describe("telephone numbers", () => {
  it.each([
    "06 12 34 56 78",
    "07911 123456",
    "030 / 12 34 56 78",
    "Tel.: 4155552671",
    "my mobile number is 0171 2345678",
    "Handy 0171-2345678",
    "0049 30 1234567",
    "call me on 07911123456",
    "de89370400440532013000",
    "DE89-3704-0044-0532-0130-00",
  ])("are found without their country's code, and masked: %s", (text) => {
    const finding = found(of(`Ring me, ${text}, please`), "personalNumbers")
    expect(finding).toMatchObject({ severity: "warn", rows: ["planted"] })
    expect(finding!.excerpt).not.toContain(text.slice(-4))
  })

  it.each([
    "the phone 2023-10-05 arrived",
    "order 06 12 34 56 789",
    "pages 030/031",
    "my iPhone 14 cost 1200",
    "phone: 415-555-0123",
    "1.06 12 34 56 78",
  ])("are none: %s", (text) => {
    expect(found(of(text), "personalNumbers")).toBeUndefined()
  })
})

describe("what is not content", () => {
  // Written in parts, so that no scanner takes this file for a leak.
  const key = ["gh", "p_aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY2zA4"].join("")
  const call = (text: string) => ({
    ...said("assistant", ""),
    toolCalls: JSON.stringify([{ name: "find", arguments: { note: text } }]),
  })
  const row = (text: string) => ({
    id: "planted",
    messages: [said("user", "Find it."), call(text), said("tool", "none"), said("assistant", "I did not.")],
  })

  it("is searched too: calls, thoughts and tools", () => {
    const asked = asking("Is the harbour open for small boats in winter?")
    const thought = {
      ...asked,
      messages: asked.messages.map((message) => ({ ...message, reasoning: `with ${key}` })),
    }
    const tools = { ...asked, tools: `[{"description": "needs ${key}"}]` }
    for (const planted of [row(key), thought, tools])
      expect(found(findingsOf({ chats: withChats(planted) }), "secrets")).toMatchObject({
        severity: "refuse",
        rows: ["planted"],
      })
    expect(found(findingsOf({ chats: withChats(row("jane@gmail.com")) }), "emailAddresses")).toMatchObject({
      count: 1,
    })
    expect(found(findingsOf({ chats: withChats(row("+49 30 901820")) }), "personalNumbers")).toMatchObject({
      count: 1,
    })
  })

  it("is masked where another finding shows it", () => {
    const ending = { ...row(key), messages: row(key).messages.slice(0, 2) }
    const other = { id: "other", messages: [said("user", "Find it."), said("assistant", "No.")] }
    const shown = findingsOf({ chats: withChats(ending, other) }).map(({ excerpt }) => excerpt)
    expect(shown.join("\n")).toContain(key.slice(0, 4) + "********")
    expect(shown.join("\n")).not.toContain(key)
  })
})

describe("keys", () => {
  it.each([
    ["GOCSPX-", "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8v"],
    ["user: admin / pw: ", "hT6yq9Pz2L"],
    ["sshpass -p '", "hT6yq9Pz2L' ssh root@10.0.0.1"],
    ["mysql -uroot -p", "hT6yq9Pz2L prod"],
    ["Authorization: Basic ", "YWRtaW46aFQ2eXE5UHoyTA=="],
    ["admin:$apr1$x7Yz12ab$", "Qk3N8mPz0LrT5vWbXcYdE1"],
    ["xapp-1-A0123456789-1234567890123-", "a1b2c3d4e5a1b2c3d4e5"],
    ["-----BEGIN OpenVPN ", "Static key V1-----\n6acef03f62675b4b1bbd03e53b187727"],
    ["redis://:", "aB3dE5fG7hJ9@cache:6379/0"],
    ["mein Passwort lautet ", "aB3dE5fG7!"],
    ["curl -u admin:", "aB3dE5fG7hJ9 https://api.shop.net"],
    ["https://shop.blob.core.windows.net/c?sv=2022&sig=", "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY2zA4aB3dE5f%3D"],
  ])("are found: %s…", (start, rest) => {
    expect(found(of(start + rest), "secrets")).toMatchObject({ severity: "refuse", rows: ["planted"] })
  })

  it.each([
    "curl -u user:password https://api.shop.net",
    "redis://:password@cache:6379",
    "le mot de passe est perdu",
    "ssh -p 2222 host",
    "a Basic introduction",
  ])("are none: %s", (text) => {
    expect(found(of(text), "secrets")).toBeUndefined()
  })
})
