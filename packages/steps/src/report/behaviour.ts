import { hidden, longest } from "./Html.ts"

/**
 * What the page does where its script runs: rows are filtered, sorted, made as they are asked for; tables are sorted by
 * their headings; tables wider than the page say so, and they alone take the focus. Plain JavaScript for browsers, as
 * text: nothing in the page comes from elsewhere.
 */
export const script = String.raw`
(() => {
  const hidden = /${hidden.source}/gu
  const make = (tag, content, name) => {
    const element = document.createElement(tag)
    if (name) element.className = name
    if (content !== undefined) element.append(...[content].flat())
    return element
  }
  const written = (text) => {
    const parts = []
    let from = 0
    for (const { 0: character, index } of text.matchAll(hidden)) {
      parts.push(text.slice(from, index), make("span", "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0"), "esc"))
      from = index + 1
    }
    return [...parts, text.slice(from)]
  }
  const folded = (text, tag, name) => {
    if (text.length <= ${longest}) return [make(tag, written(text), name)]
    const cut = text.codePointAt(${longest - 1}) > 0xffff ? ${longest - 1} : ${longest}
    const rest = make("details", make("summary", (text.length - cut).toLocaleString("en") + " more characters"), "rest")
    rest.addEventListener("toggle", () => rest.children.length > 1 || rest.append(make(tag, written(text.slice(cut)), name)))
    return [make(tag, [...written(text.slice(0, cut)), "…"], name), rest]
  }
  const regions = [...document.querySelectorAll(".scroll")]
  const fit = () => {
    const wide = regions.map((region) => region.scrollWidth > region.clientWidth + 1)
    regions.forEach((region, at) => {
      if (wide[at]) region.tabIndex = 0
      else region.removeAttribute("tabindex")
      region.previousElementSibling.classList.toggle("wide", wide[at])
    })
  }
  const button = (th, sort) => {
    const element = make("button", [...th.childNodes])
    element.type = "button"
    th.replaceChildren(element)
    th.setAttribute("aria-sort", "none")
    element.addEventListener("click", () => {
      const up = th.getAttribute("aria-sort") === "ascending"
      for (const other of th.parentNode.children) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none")
      th.setAttribute("aria-sort", up ? "descending" : "ascending")
      sort(up ? -1 : 1)
    })
  }
  const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)))

  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const body = table.tBodies[0]
    const value = (row, at) => {
      const cell = row.children[at]
      const given = cell.dataset.value
      return given === undefined ? cell.textContent : given === "" ? -Infinity : Number(given)
    }
    ;[...table.tHead.rows[0].children].forEach((th, at) =>
      button(th, (way) => body.append(...[...body.rows].sort((a, b) => way * compare(value(a, at), value(b, at))))),
    )
  }

  const { texts, rows, learnt } = JSON.parse(document.getElementById("data").textContent)
  const form = document.querySelector(".filters"), output = form.querySelector("output"), more = document.getElementById("more")
  const table = document.querySelector("#answers table"), body = table.tBodies[0]
  const step = 50
  let found = rows, shown = 0, order
  const where = (row) => {
    if (row[4] === "" && row[5].length === 0) return []
    const details = make("details", make("summary", "Where from"))
    details.addEventListener("toggle", () => {
      if (details.children.length > 1) return
      if (row[4] !== "") details.append(make("p", "Asked: " + row[4]))
      if (row[5].length > 0) {
        details.append(make("p", "Most like it among the rows learnt:"))
        details.append(make("ol", row[5].map((at) => {
          const [prompt, expected, fact] = learnt[at].map((text) => texts[text])
          return make("li", [...written(prompt), " → ", make("code", written(expected)), make("br"), make("small", fact)])
        })))
      }
    })
    return [details]
  }
  const labels = [...table.tHead.rows[0].children].map((th) => th.textContent)
  const cell = (content, at) => {
    const td = make("td", content)
    td.setAttribute("role", "cell")
    td.dataset.label = labels[at]
    return td
  }
  const rowOf = (row) => {
    const id = make("th", make("code", row[0]))
    id.scope = "row"
    id.setAttribute("role", "rowheader")
    const answers = row[3].map(([text, mark, style, cut], at) => cell([
      make("span", texts[mark], texts[style]), " ",
      ...folded(texts[text], "code"), ...(cut ? [" ", make("small", "cut")] : []),
    ], at + 3))
    const tr = make("tr", [id, cell([...folded(texts[row[1]], "div", "text"), ...where(row)], 1), cell(folded(texts[row[2]], "code"), 2), ...answers])
    tr.setAttribute("role", "row")
    return tr
  }
  const add = () => {
    const next = found.slice(shown, shown + step)
    body.append(...next.map(rowOf))
    shown += next.length
    more.hidden = shown >= found.length
    output.textContent = found.length + " of " + rows.length + " rows" + (shown < found.length ? ", the first " + shown + " shown" : "")
    return next.length
  }
  const show = () => {
    const arm = form.arm.value, text = form.text.value.toLowerCase()
    const wrong = (row, at) => texts[row[3][at][2]] === "wrong"
    found = rows.filter((row) => {
      const fits = arm === "" || (arm === "*" ? new Set(row[3].map((answer) => answer[4])).size > 1 : wrong(row, Number(arm)))
      return fits && (text === "" || [row[1], row[2], ...row[3].map(([at]) => at)].some((at) => texts[at].toLowerCase().includes(text)) || row[0].includes(text))
    })
    if (order) found.sort(order)
    body.replaceChildren()
    shown = 0
    add()
  }
  ;[...table.tHead.rows[0].children].forEach((th, at) => {
    const value = (row) => at === 0 ? row[0] : at < 3 ? texts[row[at]] : (row[3][at - 3][4] ?? -Infinity)
    button(th, (way) => {
      order = (a, b) => way * compare(value(a), value(b))
      show()
    })
  })
  form.addEventListener("input", show)
  form.addEventListener("submit", (event) => event.preventDefault())
  more.addEventListener("click", () => {
    const from = shown
    add()
    const first = body.rows[from]
    if (first) {
      first.tabIndex = -1
      first.focus()
    }
  })
  form.hidden = false
  show()
  addEventListener("resize", fit)
  document.addEventListener("toggle", fit, true)
  fit()
})()
`
