import { afterAll, describe, expect, it } from "vitest"
import { copyOf } from "../support/project.ts"

describe("02: a step of one's own", () => {
  const project = copyOf(import.meta.dirname)
  afterAll(project.remove)

  it("takes addresses out and counts them", async () => {
    const { code, lines } = await project.sluice("run", "pipeline.ts")
    expect(lines).toContain("redact  done  KEY  2 addresses in 2 messages")
    expect(code).toBe(0)
  })
})
