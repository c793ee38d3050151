/** TypeScript that is more than JavaScript with types (enums, decorators, JSX), by esbuild. */
import { transformSync } from "esbuild"
import { comment, type SourceMap } from "./SourceMap.ts"

export const compile = (
  file: string,
  code: string,
  map: SourceMap,
  compilerOptions: Record<string, unknown>,
): string =>
  transformSync(code + comment(map), {
    loader: file.endsWith("x") ? "tsx" : /\.[cm]?ts$/.test(file) ? "ts" : "js",
    format: "esm",
    target: "node24",
    sourcefile: file,
    sourcemap: "inline",
    supported: { decorators: false },
    tsconfigRaw: { compilerOptions: { ...compilerOptions, verbatimModuleSyntax: false } },
  }).code
