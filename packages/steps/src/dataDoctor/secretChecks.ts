/** Checks for what must not be learnt: keys, passwords and e-mail addresses. A model can say again what it learnt. */
import { addressesIn, digestOf, isReserved, maskedAddress } from "./emailAddress.ts"
import { around, type Finding, found, type Hit } from "./Finding.ts"
import { maskedNumber, numbersIn } from "./personalChecks.ts"
import { type ChatRow, firstPlace } from "./Subject.ts"

/** Keys by the shapes that their makers document. */
const shapes: ReadonlyArray<RegExp> = [
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  /\bgh[pousr]_[A-Za-z0-9]{36,}\b/g,
  /\bgithub_pat_[A-Za-z0-9_]{22,}\b/g,
  /\bglpat-[A-Za-z0-9_-]{20,}/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g,
  /\bhttps:\/\/hooks\.slack\.com\/services\/[A-Z0-9]+\/[A-Z0-9]+\/[A-Za-z0-9]{16,}/g,
  /\bsk-(?:ant-|proj-|svcacct-|or-v1-)[A-Za-z0-9_-]{16,}/g,
  /\bsk-[A-Za-z0-9]{20,}\b/g,
  /\bAIza[0-9A-Za-z_-]{35}/g,
  /\b(?:sk|rk|pk)_(?:live|test)_[0-9A-Za-z]{16,}\b/g,
  /\bhf_[A-Za-z0-9]{30,}\b/g,
  /\bnpm_[A-Za-z0-9]{36}\b/g,
  /\bpypi-AgEI[A-Za-z0-9_-]{20,}/g,
  /\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}/g,
  /\b(?:AC|SK)[0-9a-f]{32}\b/g,
  /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/g,
  /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----/g,
  /\bAccountKey=[A-Za-z0-9+/=]{40,}/g,
  /\b\d{8,10}:AA[A-Za-z0-9_-]{32,33}(?![A-Za-z0-9_-])/g,
  /\bdo[opr]_v1_[0-9a-f]{64}\b/g,
  /\bdapi[0-9a-f]{32}\b/g,
  /\bgsk_[A-Za-z0-9]{40,}\b/g,
  /\bxai-[A-Za-z0-9]{40,}\b/g,
  /\bpplx-[A-Za-z0-9]{40,}\b/g,
  /\br8_[A-Za-z0-9]{37}\b/g,
  /\bhv[bs]\.[A-Za-z0-9_-]{24,}/g,
  /\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b/g,
  /\bdckr_[op]at_[A-Za-z0-9_-]{27,}/g,
  /\bglsa_[A-Za-z0-9]{32}_[0-9a-f]{8}\b/g,
  /\bsntry[su]_[A-Za-z0-9+/=_-]{40,}/g,
  /\bsbp_[0-9a-f]{40}\b/g,
  /\bntn_[A-Za-z0-9]{40,}\b/g,
  /\blin_api_[A-Za-z0-9]{40}\b/g,
  /\bATATT3x[A-Za-z0-9_=-]{60,}/g,
  /\bxapp-\d-[A-Z0-9]+-\d+-[A-Za-z0-9]{16,}/g,
  /(?<=\bAuthorization: ?)Basic [A-Za-z0-9+/]{12,}={0,2}/gi,
  /-----BEGIN OpenVPN Static key/g,
  /\$(?:apr1|2[aby]|[156])\$[./A-Za-z0-9]{2,}\$[./A-Za-z0-9]{20,}/g,
  /\bGOCSPX-[A-Za-z0-9_-]{28}/g,
  /\bwhsec_[A-Za-z0-9]{24,}/g,
  /\bfigd_[A-Za-z0-9_-]{30,}/g,
  /\bhttps:\/\/discord(?:app)?\.com\/api\/webhooks\/\d+\/[A-Za-z0-9_-]{40,}/g,
  /[?&]sig=(?:[A-Za-z0-9+/]|%[0-9A-F]{2}){40,}/gi,
  /\b[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}/g,
  /\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}\b/g,
  /\bNRAK-[A-Z0-9]{27}\b/g,
  /\bkey-[0-9a-f]{32}\b/g,
  /\bya29\.[A-Za-z0-9_-]{30,}/g,
  /\bAGE-SECRET-KEY-1[A-Z0-9]{58}\b/g,
  /\b[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}\b/g,
]

/** What one of the shapes begins with: nearly all texts have none, and are done after one search. */
const beginning =
  /AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox|hooks\.slack|sk-|AIza|[srp]k_|hf_|npm_|pypi-|SG\.|(?:AC|SK)[0-9a-f]|eyJ|-----BEGIN|AccountKey|\d:AA|do[opr]_v1|dapi[0-9a-f]|xai-|pplx-|r8_|hv[bs]\.|shp[acps]|dckr_|glsa_|sntry|sbp_|ntn_|lin_api|ATATT|xapp-|Basic |\$(?:apr1|2[aby]|[156])\$|GOCSPX-|whsec_|figd_|discord|sig=|Q~|PMAK-|NRAK-|key-|ya29|AGE-SEC|\.[A-Za-z0-9_-]{6}\./

/** `https://name:password@host`. */
const inAddress = /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@]{0,64}:([^\s:/@]{3,64})@[^\s/@]+/gi

/** `curl -u name:password`, `sshpass -p password`, `mysql -ppassword`. */
const inCommand =
  /\b(?:curl|wget|http)\b[^\n]{0,200}?\s(?:-u|--user|-a)\s?["']?[^\s:"']{1,64}:([^\s"']{6,64})|\bsshpass -p ?["']?([^\s"']{6,64})|\bmysql(?:dump)? [^\n]{0,80}?-p([^\s"']{6,64})/g

/** `password = "…"`, `"api_key": "…"`, `Authorization: Bearer …`, `mein Passwort lautet …`. */
const assigned =
  /(?:pass(?:word|wort|wd|phrase)?|kennwort|mot de passe|contrase\u00f1a|pwd|(?<![a-z])pw|secret(?:[_-]?(?:access[_-]?)?key)?|(?:api|access|auth|private|encryption|account)[_-]?(?:key|token|secret)|(?<![a-z])token|bearer)["'`]?\s{0,3}(?::=|=>|[:=]|\b(?:is|ist|lautet|est|es)\b|(?<=bearer)\s)\s{0,3}(?:bearer\s+)?["'`]?([^\s"'`,;<>(){}[\]]{8,200})/gi

const placeholder =
  /^(?:.{0,8}x{4,}|\*+|\.{3}|your|my[_-]|the[_-]|some|example|sample|dummy|placeholder|change|insert|replace|process\.|os\.|env|\$|%|redacted|hidden|null|undefined)/i

/** Something drawn by chance and not a word: letters and digits mixed, and many different ones. */
const isDrawn = (value: string): boolean => {
  if (placeholder.test(value)) return false
  const bare = value.replace(/[.!?:]+$/, "")
  if (bare.length < 8 || !/\p{N}/u.test(bare) || !/\p{L}/u.test(bare)) return false
  // Addresses, paths, dates and versions are made of parts that mean something.
  if (/^(?:https?:|\/|\.\/|\d{4}-\d\d|v?\d+\.\d+)/i.test(bare)) return false
  return entropy(bare) >= 2.75
}

/** Shannon's entropy of the characters, in bits for each. */
const entropy = (text: string): number => {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}

interface Place {
  readonly index: number
  readonly text: string
}

const secretsIn = (text: string): ReadonlyArray<Place> => {
  const places: Array<Place> = []
  for (const shape of beginning.test(text) ? shapes : [])
    for (const match of text.matchAll(shape))
      // XXXX stands for a key that is not there.
      if (new Set(match[0].slice(8)).size > 4) places.push({ index: match.index, text: match[0] })
  for (const match of text.matchAll(inAddress))
    if (!placeholder.test(match[1]!) && !/^pass(?:word)?$/i.test(match[1]!))
      places.push({ index: match.index, text: match[0] })
  for (const match of text.matchAll(inCommand)) {
    const password = match.slice(1).find((group) => group !== undefined)!
    if (!placeholder.test(password) && !/^pass(?:word)?$/i.test(password))
      places.push({ index: match.index + match[0].lastIndexOf(password), text: password })
  }
  for (const match of text.matchAll(assigned))
    if (isDrawn(match[1]!))
      places.push({ index: match.index + match[0].lastIndexOf(match[1]!), text: match[1]! })
  return places
}

/** `AKIA********3f9c`: enough to find it by and to tell two apart, and not to use it. */
const masked = (secret: string): string => `${secret.slice(0, 4)}${"*".repeat(8)}${digestOf(secret)}`

/** A text with its secrets, addresses and numbers of persons masked, for showing. */
const safe = (text: string): string => {
  let shown = text
  for (const { text: secret } of secretsIn(text)) shown = shown.replaceAll(secret, masked(secret))
  for (const email of addressesIn(text)) shown = shown.replaceAll(email.text, maskedAddress(email))
  for (const { text: number } of numbersIn(text)) shown = shown.replaceAll(number, maskedNumber(number))
  return shown
}

/** Chats as they may be shown. Rows that hold nothing to mask are the same objects. */
export const maskedChats = (chats: ReadonlyArray<ChatRow>): ReadonlyArray<ChatRow> =>
  chats.map((row) => {
    const messages = row.messages.map((message) => {
      const content = safe(message.content)
      const toolCalls = message.toolCalls ? safe(message.toolCalls) : message.toolCalls
      const isSame = content === message.content && toolCalls === message.toolCalls
      return isSame ? message : { ...message, content, ...(toolCalls === undefined ? {} : { toolCalls }) }
    })
    return messages.every((message, at) => message === row.messages[at]) ? row : { ...row, messages }
  })

export const secrets = (chats: ReadonlyArray<ChatRow>): ReadonlyArray<Finding> => {
  const first = firstPlace((text) => secretsIn(text)[0])
  const hits = chats.flatMap((row): ReadonlyArray<Hit> => {
    const at = first(row)
    if (at === undefined) return []
    const before = at.text.slice(Math.max(0, at.place.index - 40), at.place.index)
    return [{ id: row.id, excerpt: `${safe(before)}${masked(at.place.text)}` }]
  })
  return found(
    "secrets",
    "refuse",
    hits,
    "Text holds what looks like a key or a password, which a tuned model can say to anybody.",
    "Take it out of the data and withdraw the key: it has been copied already.",
  )
}

export const emailAddresses = (chats: ReadonlyArray<ChatRow>): ReadonlyArray<Finding> => {
  const real: Array<Hit> = []
  const examples: Array<Hit> = []
  const firstOf = (isExample: boolean) =>
    firstPlace((text) => addressesIn(text).find((place) => isReserved(place) === isExample))
  const [firstReal, firstExample] = [firstOf(false), firstOf(true)]
  for (const row of chats) {
    const realAt = firstReal(row)
    const at = realAt ?? firstExample(row)
    if (at === undefined) continue
    const excerpt = safe(around(at.text, at.place.index, at.place.text.length))
    ;(realAt === undefined ? examples : real).push({ id: row.id, excerpt })
  }
  const fix = "Replace them by a mark such as [email], unless the model is to know them."
  return [
    ...found("emailAddresses", "warn", real, "Text holds e-mail addresses, which are personal data.", fix),
    ...found(
      "emailAddresses",
      "note",
      examples,
      "Text holds e-mail addresses at domains kept for examples.",
      fix,
    ),
  ]
}
