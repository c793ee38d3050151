import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { onTestFinished } from "vitest"

export interface Asked {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: any
}

/** A local server of OpenAI's form, until the test ends: `reply` gives status, JSON and headers for each request. */
export const serve = async (
  reply: (asked: Asked, number: number) => readonly [number, unknown, Record<string, string>?],
): Promise<{ readonly url: string; readonly asked: Array<Asked> }> => {
  const asked: Array<Asked> = []
  const server = createServer((request, response) => {
    let text = ""
    request.setEncoding("utf8").on("data", (piece: string) => (text += piece))
    request.on("end", () => {
      const one: Asked = { path: request.url!, headers: request.headers, body: JSON.parse(text) }
      asked.push(one)
      const [status, value, headers] = reply(one, asked.length)
      response.writeHead(status, { "content-type": "application/json", ...headers })
      response.end(typeof value === "string" ? value : JSON.stringify(value))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, asked }
}

/** A chat completion. */
export const completion = (content: string, more: Record<string, unknown> = {}) => ({
  choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
  usage: { prompt_tokens: 11, completion_tokens: 3 },
  ...more,
})
