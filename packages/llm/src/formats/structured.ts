/** Message layout of the whole project: headline, aligned facts, one hint. */
import { Errors } from "@sluice/core"

export const structured = Errors.structured
