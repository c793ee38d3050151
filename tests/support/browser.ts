import chromium from "@sparticuz/chromium"
import { chromium as driver, type Browser } from "playwright-core"

/** A real Chromium from an npm package, without a window and without network. */
export const launch = async (): Promise<Browser> =>
  driver.launch({
    executablePath: await chromium.executablePath(),
    // In a single process the browser ends with its first context.
    args: chromium.args.filter((arg) => arg !== "--single-process"),
    headless: true,
  })
