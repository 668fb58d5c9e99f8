import * as z from "zod";

/** The schema of an expectations file: what must hold of a network, for `check --expect`. */

const labels = z.record(z.string(), z.string()).describe("Labels that must all be there.");
const most = z.int().min(0);

const selector = z
  .union([
    z.string().describe("A pod (`shop/db-0`), all of a namespace (`shop/*`), or every pod (`*`)."),
    z.strictObject({
      namespace: z.string().optional().describe("Pods of this namespace."),
      labels: labels.optional(),
      host: z.string().optional().describe("Pods on this host."),
      hostLabels: labels.optional(),
      subnet: z.string().optional().describe("Pods on hosts with a card on this subnet."),
    }),
  ])
  .describe("Which pods; of several conditions all must hold.");

const places = z.array(z.string()).min(1);

const pairs = z.strictObject({
  name: z.string().optional().describe("What a report calls it."),
  from: selector,
  to: selector,
  protocol: z.enum(["udp", "tcp", "icmp", "sctp"]).optional().describe("Default udp."),
  port: z.int().min(1).max(65535).optional().describe("Where to; default 9000."),
  packet: z
    .enum(["small", "full"])
    .optional()
    .describe("small, the default, or as long as the sender's MTU and not to be fragmented."),
  reachable: z.boolean().optional().describe("Whether packet and reply arrive; default true."),
  code: z.string().optional().describe("The code that must come, as NO_ROUTE; then reachable follows from it."),
  passes: places.optional().describe("Hosts and routers that every packet must pass."),
  avoids: places.optional().describe("Hosts and routers that none may pass."),
  crossings: most.optional().describe("Crossings between user and kernel space, at most."),
  headerBytes: most.optional().describe("Bytes added on the wire, at most."),
  pathMtu: z.int().min(68).max(65535).optional().describe("At least, both ways."),
  fabric: z
    .array(z.string())
    .optional()
    .describe("What the fabric may be asked to pass, and nothing else: `udp/8472`, `proto/4`, `any-ip`."),
});

const rows = z.strictObject({
  name: z.string().optional().describe("What a report calls it."),
  rows: z
    .partialRecord(z.enum(["route", "neigh", "fdb", "lease", "set", "wireguard", "filter"]), most)
    .describe("How many rows of a table a node may hold, at most: `route: 1000`."),
});

export const expectationsSchema = z.strictObject({
  "cni-trace-expect": z.literal(1).describe("Version of the format."),
  expect: z.array(z.union([pairs, rows])).min(1),
});

export type SelectorEntry = z.infer<typeof selector>;
export type PairsEntry = z.infer<typeof pairs>;
export type RowsEntry = z.infer<typeof rows>;

/** The same as a JSON Schema, for editors. */
export function expectationsJsonSchema(): unknown {
  return { title: "What must hold of a network, for cni-trace check --expect", ...z.toJSONSchema(expectationsSchema) };
}
