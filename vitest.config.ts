import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "examples/**/*.test.ts",
      "pipelines/**/*.test.ts",
      "tests/**/*.test.ts",
    ],
    pool: "forks",
    maxWorkers: 2,
    // Generous: a machine under load must not fail what is right.
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
})
