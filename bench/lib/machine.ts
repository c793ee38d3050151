/** What a figure was measured on: it means nothing without. */
import * as fs from "node:fs"
import * as os from "node:os"

export const machine = () => ({
  cpu: os.cpus()[0]?.model ?? "unknown",
  cores: os.availableParallelism(),
  memoryGiB: Math.round(os.totalmem() / 2 ** 30),
  platform: `${os.platform()} ${os.arch()}`,
  node: process.version,
  loadAverage: os.loadavg().map((load) => Math.round(load * 100) / 100),
  avx512: fs.existsSync("/proc/cpuinfo") && fs.readFileSync("/proc/cpuinfo", "utf8").includes("avx512f"),
})
