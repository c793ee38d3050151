/** The `sluice` command, for programs that want to call it in their own process. */
export { launch } from "./launch.ts"
