/**
 * What this machine offers, as far as Sluice cares.
 */
import { Cpu } from "@sluice/tensorflow"
import { spawnSync } from "node:child_process"
import { availableParallelism, cpus, totalmem } from "node:os"

export interface Machine {
  readonly platform: string
  readonly processor: string
  readonly cores: number
  /** Of the container where one sets a limit, else of the machine. */
  readonly memoryBytes: number
  /** CPUs of one class give the same bits. */
  readonly cpuClass: string
  readonly bfloat16Fast: boolean
  readonly node: string
}

export const machine = (): Machine => {
  const { cpuClass, bfloat16Fast } = Cpu.kernels(Cpu.features())
  const limit = process.constrainedMemory()
  return {
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? "unknown processor",
    cores: availableParallelism(),
    memoryBytes: limit > 0 && limit < totalmem() ? limit : totalmem(),
    cpuClass,
    bfloat16Fast,
    node: process.versions.node,
  }
}

export interface Python {
  /** `3.11.2`, or `undefined` where python3 was not found. */
  readonly version: string | undefined
  readonly pip: string | undefined
}

/** Python and pip fetch the TensorFlow library and models; nothing else needs them. */
export const python = (): Python => {
  const version = firstMatch("python3", ["--version"], /Python (\S+)/)
  return {
    version,
    pip: version === undefined ? undefined : firstMatch("python3", ["-m", "pip", "--version"], /pip (\S+)/),
  }
}

const firstMatch = (command: string, args: ReadonlyArray<string>, pattern: RegExp): string | undefined => {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8", timeout: 20_000 })
  return status === 0 ? pattern.exec(stdout)?.[1] : undefined
}
