import type { Backend, Llama } from "@sluice/llm"

/**
 * The backend that a step's numeric settings name: the same settings that are in its key, so that nothing else
 * decides a result.
 */
export const backendOptions = (settings: Readonly<Record<string, string | number>>): Backend.Options => {
  const { backend, device, kernel, threads } = settings
  return {
    backend: backend === "wasm" || backend === "cpu" ? backend : "tensorflow",
    ...(typeof threads === "number" ? { threads } : {}),
    ...(kernel === "onednn" || kernel === "eigen" ? { kernel } : {}),
    ...(typeof device === "string" ? { device: device.startsWith("gpu") ? "gpu" : "cpu" } : {}),
  }
}

/** In which precision weights are kept and multiplied. */
export const precisionOf = (settings: Readonly<Record<string, string | number>>): Llama.Options =>
  settings["precision"] === "bfloat16" ? { precision: "bfloat16" } : {}
