/**
 * Finite differences: the derivative of L = Σ w∘y along a direction d of one input, computed twice.
 *
 *     ⟨dL/dx, d⟩ ≈ (L(x + h·d) − L(x − h·d)) / 2h
 */
import { expect } from "vitest"
import type { Backend, Tensor } from "../../src/ops/Ops.ts"
import { floats } from "./backend.ts"
import { ramp } from "./ramp.ts"

export interface Values {
  readonly data: Float32Array
  readonly shape: ReadonlyArray<number>
}

type Tensors = Readonly<Record<string, Tensor>>

const step = 2 ** -8

export const expectGradients = async (
  backend: Backend,
  inputs: Readonly<Record<string, Values>>,
  forward: (inputs: Tensors) => Tensor,
  /** Gradients of the inputs it names, from the inputs and dL/dy. */
  backward: (inputs: Tensors, dy: Tensor) => Tensors,
): Promise<void> => {
  const run = async (values: typeof inputs) =>
    floats(
      backend,
      backend.scope(() => forward(upload(backend, values))),
    )
  const y = await run(inputs)
  const yShape = backend.scope(() => forward(upload(backend, inputs))).shape
  const weights = ramp(90, y.length, 1, 1)
  const loss = (output: Float32Array) => output.reduce((sum, value, i) => sum + value * weights[i]!, 0)
  const gradients = backend.scope(() => backward(upload(backend, inputs), backend.tensor(weights, yShape)))
  for (const [name, gradient] of Object.entries(gradients)) {
    const { data, shape } = inputs[name]!
    const values = await floats(backend, gradient)
    expect(gradient.shape).toEqual(shape)
    for (let trial = 0; trial < 3; trial++) {
      const direction = ramp(100 + trial, data.length, 1, 1)
      const moved = (h: number) => data.map((value, i) => value + h * direction[i]!)
      const above = loss(await run({ ...inputs, [name]: { data: moved(step), shape } }))
      const below = loss(await run({ ...inputs, [name]: { data: moved(-step), shape } }))
      const numeric = (above - below) / (2 * step)
      const exact = values.reduce((sum, value, i) => sum + value * direction[i]!, 0)
      const size = Math.hypot(...values) * Math.hypot(...direction)
      expect(Math.abs(numeric - exact) / (size + 1e-6), `d/d${name}, direction ${trial}`).toBeLessThan(2e-3)
      expect(size, `d/d${name} is not all zero`).toBeGreaterThan(0)
    }
  }
}

const upload = (backend: Backend, inputs: Readonly<Record<string, Values>>): Tensors =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, { data, shape }]) => [name, backend.tensor(data, shape)]),
  )

/** Reproducible values of a shape. */
export const values = (number: number, shape: ReadonlyArray<number>, bound = 1): Values => ({
  data: ramp(
    number,
    shape.reduce((a, b) => a * b, 1),
    1,
    bound,
  ),
  shape,
})
