import type { Facts } from "./Facts.ts"
import { escape, section, written } from "./Html.ts"
import { script } from "./behaviour.ts"
import { style } from "./look.ts"
import { reading, type Report } from "./Report.ts"
import * as rows from "./rows.ts"
import * as run from "./runSections.ts"
import * as found from "./sections.ts"

/**
 * The report as one HTML page that needs nothing else: it opens from a file, asks no network, follows the reader's light
 * or dark setting, prints, and reads without its script, which filters, sorts and makes further rows. With the facts of a
 * run it says as well what was measured, where the data went, and what each answer was learnt from.
 */
export const render = (report: Report, facts?: Facts): string => {
  const sections = [
    found.arms(report, facts),
    found.differences(report),
    found.scores(report),
    found.confusions(report),
    ...(facts === undefined ? [] : [run.costs(facts), run.curves(facts)]),
    rows.changed(report, facts),
    rows.worst(report, facts),
    found.asides(report),
    ...(facts === undefined ? [] : [run.accounting(facts), run.lineage(facts)]),
    rows.all(report, facts),
    run.provenance(report, facts),
    section(
      "reading",
      "Reading this",
      `<dl>${reading.map(([term, meaning]) => `<dt>${escape(term)}</dt><dd>${escape(meaning)}</dd>`).join("")}</dl>`,
    ),
  ].filter((each) => each !== "")
  const contents = sections.map((each) => /<h2 id="([^"]+)"[^>]*>([^<]*)</.exec(each)!)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escape(report.title)}</title>
<style>${style}</style>
</head>
<body>
<a class="skip" href="#rows">Skip to the rows</a>
<header><h1>${written(report.title)}</h1>
<p class="verdict">${escape(report.verdict)}</p></header>
<nav aria-label="Contents"><ul>${contents.map(([, id, title]) => `<li><a href="#${id}">${title}</a></li>`).join("")}</ul></nav>
<main>
${sections.join("\n")}
</main>
<script>${script}</script>
</body>
</html>
`
}
