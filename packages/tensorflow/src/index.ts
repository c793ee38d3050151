/** TensorFlow.js on native TensorFlow: the library, the binding, and the facts about this machine. */
export * as Binding from "./Binding.ts"
export * as Cpu from "./Cpu.ts"
export * as Errors from "./Errors.ts"
export * as Library from "./Library.ts"
export * as Recording from "./Recording.ts"
export * as Tfjs from "./Tfjs.ts"
export * as Wheel from "./Wheel.ts"
export { AttributeType, DataType } from "./native/CApi.ts"
