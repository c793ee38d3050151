import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { ActionKey, Checkpoint, Lease } from "../src/index.ts"
import { project } from "./support/project.ts"

const record = (learningRate: string): ActionKey.Record => ({
  keyVersion: 1,
  step: "train",
  code: "c",
  version: "",
  outputs: {},
  rowWise: "",
  packages: {},
  env: {},
  numeric: {},
  format: {},
  runtime: {},
  seed: "",
  config: { learningRate },
  inputs: {},
})

const action = (learningRate: string): Checkpoint.Action => ({
  pipeline: "p",
  name: "train",
  key: ActionKey.digest(record(learningRate)),
  recordText: ActionKey.text(ActionKey.staticText(record(learningRate)), record(learningRate)),
  code: {},
  params: { learningRate },
})

const bytes = (text: string) => new Uint8Array(Buffer.from(text))

describe("a checkpoint", () => {
  it("comes back with its meta and parts; the newest wins", async () => {
    const at = project()
    const read = await at.provide(
      Effect.gen(function* () {
        const lease = (yield* Lease.Leases).acquire(action("1").key)!
        const handle = (yield* Checkpoint.Checkpoints).handle(action("1"), lease, () => {})
        expect(Option.isNone(yield* handle.latest)).toBe(true)
        for (const round of [1, 2, 3])
          yield* handle.save({ round }, { weights: bytes(`w${round}`), moments: bytes("m") })
        const saved = Option.getOrThrow(yield* handle.latest)
        return {
          meta: saved.meta,
          parts: saved.parts,
          weights: Buffer.from(yield* saved.part("weights")).toString(),
        }
      }),
    )
    expect(read).toEqual({ meta: { round: 3 }, parts: ["weights", "moments"], weights: "w3" })
  })

  it("that is damaged is left out with a warning, and the one before it serves", async () => {
    const at = project()
    const warnings: Array<string> = []
    const meta = await at.provide(
      Effect.gen(function* () {
        const lease = (yield* Lease.Leases).acquire(action("1").key)!
        const handle = (yield* Checkpoint.Checkpoints).handle(action("1"), lease, (warning) =>
          warnings.push(warning),
        )
        yield* handle.save({ round: 1 }, { weights: bytes("w1") })
        yield* handle.save({ round: 2 }, { weights: bytes("w2") })
        const folder = join(at.store, "checkpoints", action("1").key)
        expect(readdirSync(folder).toSorted()).toEqual(["1", "2", "action.json"])
        const part = join(folder, "2/part-0")
        const damaged = readFileSync(part)
        damaged[0] = damaged[0]! ^ 1
        writeFileSync(part, damaged)
        return Option.getOrThrow(yield* handle.latest).meta
      }),
    )
    expect(meta).toEqual({ round: 1 })
    expect(warnings).toEqual([
      `a checkpoint is damaged and was left out: ${join(at.store, "checkpoints", action("1").key, "2")} ` +
        '(part "weights" (part-0) is damaged: its digest is another)',
    ])
  })

  it("of a result that was stored after it is swept away; a later one and one being worked on stay", async () => {
    const at = project()
    const left = async (storedAt: number, isHeld: boolean): Promise<ReadonlyArray<string>> =>
      at.provide(
        Effect.gen(function* () {
          const leases = yield* Lease.Leases
          const checkpoints = yield* Checkpoint.Checkpoints
          for (const rate of ["1", "2"]) {
            const lease = leases.acquire(action(rate).key)!
            yield* checkpoints.handle(action(rate), lease, () => {}).save({ round: 1 }, {})
            if (!isHeld) leases.release(lease)
          }
          checkpoints.sweep((key) => (key === action("1").key ? storedAt : undefined))
          return readdirSync(join(at.store, "checkpoints")).map((key) =>
            key === action("1").key ? "1" : "2",
          )
        }),
      )
    const hour = 3_600_000
    expect((await left(Date.now() + hour, true)).toSorted()).toEqual(["1", "2"])
    expect((await left(Date.now() - hour, false)).toSorted()).toEqual(["1", "2"])
    expect(await left(Date.now() + hour, false)).toEqual(["2"])
  })

  it("cannot be saved once the lease is another's", async () => {
    const at = project()
    const error = await at.provide(
      Effect.gen(function* () {
        const leases = yield* Lease.Leases
        const stale = leases.acquire(action("1").key)!
        const handle = (yield* Checkpoint.Checkpoints).handle(action("1"), stale, () => {})
        leases.release(stale)
        expect(leases.acquire(action("1").key)!.token).toBeGreaterThan(stale.token)
        return yield* Effect.flip(handle.save({ round: 9 }, {}))
      }),
    )
    expect(error.message.split("\n")[0]).toBe('Step "train" lost its lease.')
    expect(readdirSync(join(at.store, "checkpoints", action("1").key))).toEqual(["action.json"])
    expect(readdirSync(join(at.store, "tmp"))).toEqual([])
  })

  it("that a user names is found by its key or its folder, and refused with each part that is wrong", async () => {
    const at = project()
    const folder = join(at.store, "checkpoints", action("1").key)
    const refusals = await at.provide(
      Effect.gen(function* () {
        const checkpoints = yield* Checkpoint.Checkpoints
        const lease = (yield* Lease.Leases).acquire(action("1").key)!
        const parts = { weights: bytes("w"), moments: bytes("mm"), log: bytes("l") }
        yield* checkpoints.handle(action("1"), lease, () => {}).save({ round: 1 }, parts)
        for (const from of [action("1").key.slice(0, 8), folder, join(folder, "1")]) {
          const found = yield* checkpoints.find(from)
          expect(found).toMatchObject({ place: join(folder, "1"), action: { name: "train" } })
          yield* checkpoints.fits(found, action("1"))
        }
        const unknown = yield* Effect.flip(checkpoints.find("nowhere"))
        const other = yield* Effect.flip(checkpoints.fits(yield* checkpoints.find(folder), action("0.5")))
        rmSync(join(folder, "1/part-0"))
        writeFileSync(join(folder, "1/part-1"), "m")
        writeFileSync(join(folder, "1/part-2"), "k")
        const damaged = yield* Effect.flip(checkpoints.find(folder))
        expect(unknown.message).toBe(
          [
            "The checkpoint cannot be resumed.",
            "  Checkpoint:  nowhere",
            "  Reason:      no checkpoint has this key, and no folder of this name holds one",
            "Name a checkpoint's key or folder, or run without it to start over.",
          ].join("\n"),
        )
        return [unknown, other, damaged].map(({ differences }) => differences)
      }),
    )
    expect(refusals).toEqual([
      ["no checkpoint has this key, and no folder of this name holds one"],
      ["learningRate: 1 -> 0.5"],
      [
        'part "weights" (part-0) is missing',
        'part "moments" (part-1) has 1 bytes of 2',
        'part "log" (part-2) is damaged: its digest is another',
      ],
    ])
  })

  it("of another store is copied into this one by the action that it fits", async () => {
    const [there, here] = [project(), project()]
    await there.provide(
      Effect.gen(function* () {
        const lease = (yield* Lease.Leases).acquire(action("1").key)!
        const handle = (yield* Checkpoint.Checkpoints).handle(action("1"), lease, () => {})
        yield* handle.save({ round: 7 }, { weights: bytes("w") })
      }),
    )
    const meta = await here.provide(
      Effect.gen(function* () {
        const checkpoints = yield* Checkpoint.Checkpoints
        const found = yield* checkpoints.find(join(there.store, "checkpoints", action("1").key))
        yield* checkpoints.adopt(found, action("1"))
        const lease = (yield* Lease.Leases).acquire(action("1").key)!
        return Option.getOrThrow(yield* checkpoints.handle(action("1"), lease, () => {}).latest).meta
      }),
    )
    expect(meta).toEqual({ round: 7 })
  })

  it("under another key is named as unused, with each difference", async () => {
    const at = project()
    const unused = await at.provide(
      Effect.gen(function* () {
        const lease = (yield* Lease.Leases).acquire(action("0.0002").key)!
        const checkpoints = yield* Checkpoint.Checkpoints
        yield* checkpoints.handle(action("0.0002"), lease, () => {}).save({ round: 1 }, {})
        return checkpoints.unused(action("0.0001"))
      }),
    )
    expect(unused).toEqual([{ key: action("0.0002").key, differences: ["learningRate: 0.0002 -> 0.0001"] }])
  })
})
