/** Drops TensorFlow's decorations from a message, and finds the node of a recorded function in it. */
export const readMessage = (message: string): { readonly detail: string; readonly label: string } => {
  const node = /\{\{node ([^}]+)\}\}/.exec(message)?.[1] ?? ""
  const detail = message
    .replaceAll(/\{\{[^}]*\}\}/g, "")
    .replaceAll(/\[\[\s*\]\]/g, "")
    .replace(/\s*\[Op:[^\]]*\]/, "")
    .replace(/\s*name:\s*$/, "")
    .split("\n")[0]!
    .trim()
  return { detail: detail === "" ? message.trim() : detail, label: node }
}
