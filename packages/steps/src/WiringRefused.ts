/**
 * A built-in step used in a way that cannot be, found while the pipeline is built: nothing has run, and the mistake is in
 * the pipeline's file. A TypeError: it is what the compiler would have said, had the type been able to.
 */
export class WiringRefused extends TypeError {
  readonly _tag = "WiringRefused"
}
