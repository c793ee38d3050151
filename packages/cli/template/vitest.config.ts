import { sluice } from "@sluice/code/vite"
import { defineConfig } from "vitest/config"

// The plugin gives functions the same identities as under the command line: the same keys, so the same cache.
export default defineConfig({ plugins: [sluice()] })
