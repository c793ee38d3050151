/** TensorFlow's eager context: created once in a process, with pinned threads and arithmetic. */
import type { CApi, Pointer } from "./CApi.ts"
import { BindingFailed } from "../Errors.ts"

export interface Context {
  readonly pointer: Pointer
  readonly device: "cpu" | "gpu"
  /** TensorFlow's full name, `/job:localhost/replica:0/task:0/device:CPU:0`. */
  readonly deviceName: string
}

/**
 * The environment that TensorFlow and oneDNN read when they load. Everything here would otherwise change
 * results behind the back of the settings that name them, so it is set, not defaulted.
 */
export const pinEnvironment = (env: NodeJS.ProcessEnv): void => {
  env["TF_CPP_MIN_LOG_LEVEL"] ??= "3" // failures arrive as errors; the rest is noise
  // By default TensorFlow swaps MatMul for oneDNN's on some CPUs only. Sluice names the kernel itself.
  env["TF_ENABLE_ONEDNN_OPTS"] = "0"
  env["ONEDNN_DEFAULT_FPMATH_MODE"] = "STRICT"
  env["NVIDIA_TF32_OVERRIDE"] = "0" // fp32 products stay fp32 on a GPU
  env["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
  for (const name of [
    "TF_SET_ONEDNN_FPMATH_MODE",
    "ONEDNN_MAX_CPU_ISA",
    "DNNL_MAX_CPU_ISA",
    "DNNL_DEFAULT_FPMATH_MODE",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "TF_OVERRIDE_GLOBAL_THREADPOOL",
    "TF_XLA_FLAGS",
  ]) {
    delete env[name]
  }
}

/** ConfigProto by hand: intra_op (2), inter_op (5), gpu_options (6) { allow_growth (4) }. */
const configProto = (threads: number): Uint8Array => {
  const bytes: Array<number> = []
  const varint = (value: number) => {
    for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128)
    bytes.push(value)
  }
  for (const field of [2, 5]) {
    bytes.push(field << 3)
    varint(threads)
  }
  bytes.push((6 << 3) | 2, 2, 4 << 3, 1)
  return Uint8Array.from(bytes)
}

export const make = (c: CApi, threads: number, use: "cpu" | "gpu" | "best"): Context => {
  const options = c.TFE_NewContextOptions()
  const config = configProto(threads)
  c.TFE_ContextOptionsSetConfig(options, config, config.length, c.status)
  refuse(c, "TensorFlow refused its thread settings.")
  const pointer = c.TFE_NewContext(options, c.status)
  refuse(c, "TensorFlow could not start.")
  c.TFE_DeleteContextOptions(options)

  const devices = c.TFE_ContextListDevices(pointer, c.status)
  refuse(c, "TensorFlow could not list its devices.")
  let cpu = ""
  let gpu = ""
  for (let i = 0; i < c.TF_DeviceListCount(devices); i++) {
    const type = c.TF_DeviceListType(devices, i, c.status)
    if (type === "CPU") cpu = c.TF_DeviceListName(devices, i, c.status)
    if (type === "GPU" && gpu === "") gpu = c.TF_DeviceListName(devices, i, c.status)
  }
  c.TF_DeleteDeviceList(devices)
  if (use === "gpu" && gpu === "") {
    throw new BindingFailed({
      headline: "No GPU that TensorFlow can use.",
      facts: { Devices: cpu },
      hint: "Install the NVIDIA driver and a library with CUDA (`sluice doctor` says how), or leave the device out.",
    })
  }
  const device = use === "cpu" || gpu === "" ? "cpu" : "gpu"
  return { pointer, device, deviceName: device === "gpu" ? gpu : cpu }
}

const refuse = (c: CApi, headline: string): void => {
  if (c.TF_GetCode(c.status) === 0) return
  const reason = c.TF_Message(c.status)
  c.TF_SetStatus(c.status, 0, "")
  throw new BindingFailed({
    headline,
    facts: { Reason: reason },
    hint: "`sluice doctor` shows what was found.",
  })
}
