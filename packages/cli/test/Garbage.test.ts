import { describe, expect, it } from "vitest"
import * as Garbage from "../src/Garbage.ts"

const blob = (digest: string, recent = false) => ({ digest, sizeBytes: 10, recent })

const held: Garbage.Held = {
  runs: [
    { id: "r3", live: false, startedAt: 300, keys: ["k3"] },
    { id: "r2", live: false, startedAt: 200, keys: ["k2", "k3"] },
    { id: "r1", live: false, startedAt: 100, keys: ["k1"] },
  ],
  results: [
    { key: "k1", step: "train", blobs: ["a", "shared"], memories: ["m1"] },
    { key: "k2", step: "train", blobs: ["b"], memories: [] },
    { key: "k3", step: "split", blobs: ["c", "shared"], memories: ["m3"] },
    { key: "part", step: "split", blobs: ["c"], memories: [] },
    { key: "lost", step: "old", blobs: ["d"], memories: [] },
  ],
  checkpoints: [
    { key: "k1", sizeBytes: 5 },
    { key: "k3", sizeBytes: 7 },
  ],
  memories: [
    { scope: "m1", sizeBytes: 3, usedAt: 150 },
    { scope: "m3", sizeBytes: 4, usedAt: 250 },
    { scope: "broken off", sizeBytes: 6, usedAt: 310 },
  ],
  programs: [
    { name: "fits", sizeBytes: 1_000, current: true },
    { name: "edited", sizeBytes: 900, current: false },
  ],
  blobs: [blob("a"), blob("b"), blob("c"), blob("d"), blob("shared"), blob("orphan")],
}

describe("Garbage", () => {
  it("removes what only older runs use, and what nothing uses", () => {
    expect(Garbage.plan(held, 1)).toEqual({
      runs: ["r2", "r1"],
      results: [
        { key: "k1", step: "train" },
        { key: "k2", step: "train" },
        { key: "lost", step: "old" },
      ],
      checkpoints: [{ key: "k1", sizeBytes: 5 }],
      memories: [{ scope: "m1", sizeBytes: 3 }],
      programs: [{ name: "edited", sizeBytes: 900 }],
      blobs: ["a", "b", "d", "orphan"].map((digest) => ({ digest, sizeBytes: 10 })),
      kept: { runs: 1, results: 2, blobs: 2, sizeBytes: 20 },
    })
  })

  it("keeps what any kept run uses", () => {
    const removal = Garbage.plan(held, 3)
    expect(removal.runs).toEqual([])
    expect(removal.results).toEqual([{ key: "lost", step: "old" }])
    expect(removal.blobs.map((b) => b.digest)).toEqual(["d", "orphan"])
    expect(removal.memories).toEqual([])
  })

  it("never touches a live run, nor what was written since it began", () => {
    const live: Garbage.Held = {
      ...held,
      runs: held.runs.map((run) => ({ ...run, live: run.id === "r1" })),
      blobs: [blob("a"), blob("shared"), blob("half-written", true)],
    }
    const removal = Garbage.plan(live, 0)
    expect(removal.runs).toEqual(["r3", "r2"])
    expect(removal.checkpoints.map((c) => c.key)).toEqual(["k3"])
    expect(removal.blobs).toEqual([])
    expect(removal.memories).toEqual([])
    expect(removal.programs).toEqual([])
  })
})
