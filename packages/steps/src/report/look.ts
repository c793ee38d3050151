/** Style of the report: system fonts, light and dark, contrast of 4.5 : 1 and more. */
export const style = `
:root { --ink: #1b1f24; --soft: #57606a; --paper: #ffffff; --panel: #f4f6f8; --line: #d0d7de; --accent: #0b57d0; --good: #116329; --bad: #a40e26; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9da7b3; --paper: #0d1117; --panel: #161b22; --line: #3d444d; --accent: #79b8ff; --good: #56d364; --bad: #ff8f8a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; color: var(--ink); background: var(--paper); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
.verdict { font-size: 1.15rem; padding: .75rem 1rem; border-left: 4px solid var(--accent); background: var(--panel); }
.skip { position: absolute; left: -99rem; } .skip:focus { position: static; }
a { color: var(--accent); } :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.scroll { overflow-x: auto; margin: .75rem 0; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; color: var(--soft); padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
thead th { background: var(--panel); } tbody th { font-weight: 600; white-space: nowrap; }
code { font: .85rem ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
#answers .text { max-width: 30rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.right, .better { color: var(--good); font-weight: 600; } .wrong, .worse { color: var(--bad); font-weight: 600; } small { color: var(--soft); }
.side { display: flex; flex-wrap: wrap; gap: 1.5rem; } .side > * { flex: 1 1 20rem; }
.filters { display: flex; flex-wrap: wrap; gap: 1rem; align-items: center; padding: .5rem 0; } .filters[hidden] { display: none; }
select, input { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--soft); border-radius: 4px; padding: .25rem .5rem; }
svg { width: 100%; max-width: 44rem; height: auto; font: 14px system-ui, sans-serif; } svg text { fill: var(--ink); } svg .tick { fill: var(--soft); }
svg .grid { stroke: var(--line); } svg .interval { stroke: var(--soft); stroke-width: 2; } svg circle { fill: var(--soft); }
svg .tuned .interval { stroke: var(--accent); } svg .tuned circle { fill: var(--accent); }
dt { font-weight: 600; } dd { margin: 0 0 .4rem 0; color: var(--soft); }
@media print { .filters, .skip { display: none; } .scroll { overflow: visible; } }
`

/** Filters the rows in place. */
export const script = `
(() => {
  const form = document.querySelector(".filters"), rows = [...document.querySelectorAll("#answers tbody tr")]
  const output = form.querySelector("output")
  const show = () => {
    const arm = form.arm.value, text = form.text.value.toLowerCase()
    let shown = 0
    for (const row of rows) {
      const cells = [...row.querySelectorAll("[data-arm]")], exact = cells.map((cell) => cell.dataset.exact)
      const fits = arm === "" || (arm === "*" ? new Set(exact).size > 1 : cells.some((cell) => cell.dataset.arm === arm && cell.dataset.exact === "0"))
      row.hidden = !fits || !row.textContent.toLowerCase().includes(text)
      if (!row.hidden) shown++
    }
    output.textContent = shown + " of " + rows.length + " rows"
  }
  form.addEventListener("input", show)
  form.addEventListener("submit", (event) => event.preventDefault())
  form.hidden = false
  show()
})()
`
