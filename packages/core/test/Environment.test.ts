import { describe, expect, it } from "vitest"
import * as Environment from "../src/Environment.ts"

const shown = (name: string, value: string | undefined) => Environment.texts([name], () => value)[name]

describe("values of environment variables", () => {
  it("are shown as they are, also where they are not set", () => {
    expect(shown("GREETING", 'say "hi"')).toBe('"say \\"hi\\""')
    expect(shown("GREETING", undefined)).toBe(null)
  })

  it.each([
    "API_KEY",
    "HF_TOKEN",
    "GITHUB_TOKEN2",
    "DB_PASSWORD",
    "PGPASSFILE_PASSWORD",
    "AWS_SECRET_ACCESS_KEY",
    "SESSION_SALT",
    "authToken",
    "SENTRY_DSN",
  ])("are digests where the name %s looks like a secret's", (name) => {
    expect(shown(name, "hunter2")).toMatch(/^sha256 [0-9a-f]{8}$/)
  })

  it.each(["KEYBOARD", "TOKENIZERS_PARALLELISM", "COMPASS", "MONKEY_COUNT", "NODE_ENV"])(
    "are shown for %s, which only contains such a word",
    (name) => {
      expect(shown(name, "plain")).toBe('"plain"')
    },
  )

  it("are digests where the value holds a password, or is very long", () => {
    expect(shown("DATABASE", "postgres://me:hunter2@host/db")).toMatch(/^sha256 /)
    expect(shown("DATABASE", "postgres://host/db")).toBe('"postgres://host/db"')
    expect(shown("LIST", "x".repeat(1000))).toMatch(/^sha256 /)
  })
})
