/** One place to listen; `undefined` when malformed. */
export function parseListen(text: string): { protocol: "tcp" | "udp" | "sctp"; port: number } | undefined {
  const [protocol, digits = "", ...rest] = text.split("/");
  const port = wholeNumber(digits);
  if (protocol !== "tcp" && protocol !== "udp" && protocol !== "sctp") return undefined;
  return port !== undefined && port >= 1 && port <= 65535 && rest.length === 0 ? { protocol, port } : undefined;
}

/** A number of up to five digits; `undefined` when a text is none. */
export function wholeNumber(digits: string): number | undefined {
  return /^(0|[1-9][0-9]{0,4})$/.test(digits) ? Number(digits) : undefined;
}
