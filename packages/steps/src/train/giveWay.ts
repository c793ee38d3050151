import * as Effect from "effect/Effect"

/**
 * Optimizer steps are native calls whose promises resolve at once: without a turn of the event loop between them the
 * message that interrupts this process would never be read.
 */
export const giveWay = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
