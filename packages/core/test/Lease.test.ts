import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { Lease, Owner } from "../src/index.ts"
import { project } from "./support/project.ts"

/** A process that holds an owner's lock and a lease on `key` until it is killed. */
const holder = async (root: string, key: string) => {
  const program = `
    import * as Effect from "effect/Effect"
    import { Engine, Lease, Owner } from ${JSON.stringify(join(import.meta.dirname, "../src/index.ts"))}
    await Effect.runPromise(Effect.gen(function* () {
      const lease = (yield* Lease.Leases).acquire(${JSON.stringify(key)})
      process.stdout.write(JSON.stringify({ owner: (yield* Owner.Owner).id, token: lease.token }))
      setInterval(() => {}, 1000)
      yield* Effect.never
    }).pipe(Effect.provide(Engine.layer({ root: ${JSON.stringify(root)} }))))
  `
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
  })
  const [line] = (await once(child.stdout, "data")) as [Buffer]
  const { owner, token } = JSON.parse(line.toString()) as { owner: string; token: number }
  return {
    owner,
    token,
    kill: async () => {
      child.kill("SIGKILL")
      await once(child, "close")
    },
  }
}

describe("a lease", () => {
  it("is held against another process while that one lives, and free at once when it is killed", async () => {
    const at = project()
    const other = await holder(at.root, "k")
    await at.provide(
      Effect.gen(function* () {
        const leases = yield* Lease.Leases
        const owners = yield* Owner.Owner
        expect(owners.isAlive(other.owner)).toBe(true)
        expect(leases.acquire("k")).toBe(undefined)
        expect(leases.acquire("another")?.key).toBe("another")
        expect(leases.held().toSorted()).toEqual(["another", "k"])
        yield* Effect.promise(other.kill)
        expect(owners.isAlive(other.owner)).toBe(false)
        expect(existsSync(join(at.store, "owners", `${other.owner}.sqlite`))).toBe(false)
        expect(leases.acquire("k")!.token).toBeGreaterThan(other.token)
      }),
    )
  })

  it("outlives its owner while the child that it names lives", async () => {
    const at = project()
    const parent = await holder(at.root, "k")
    const child = await holder(at.root, "another")
    await at.provide(
      Effect.gen(function* () {
        const leases = yield* Lease.Leases
        leases.nameChild({ key: "k", token: parent.token }, child.owner)
        yield* Effect.promise(parent.kill)
        expect(leases.acquire("k")).toBe(undefined)
        yield* Effect.promise(child.kill)
        expect(leases.acquire("k")?.key).toBe("k")
      }),
    )
  })

  it("gives tokens that only grow, and is released by its token alone", async () => {
    const at = project()
    await at.provide(
      Effect.gen(function* () {
        const leases = yield* Lease.Leases
        const first = leases.acquire("k")!
        expect(leases.acquire("k")).toBe(undefined)
        leases.release({ key: "k", token: first.token - 1 })
        expect(leases.holds(first)).toBe(true)
        leases.release(first)
        expect(leases.holds(first)).toBe(false)
        expect(leases.acquire("k")!.token).toBe(first.token + 1)
      }),
    )
  })
})
