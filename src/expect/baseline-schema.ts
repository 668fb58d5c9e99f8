import * as z from "zod";

/** The schema of a baseline: what a check finds and everybody knows of, for `check --baseline`. */
export const baselineSchema = z.strictObject({
  "cni-trace-baseline": z.literal(1).describe("Version of the format."),
  accept: z
    .array(
      z.strictObject({
        id: z.string().describe("As the check names it: `lint/MTU_INCONSISTENT/node-1`."),
        count: z.int().min(0).optional().describe("At most so many machines, pairs or nodes; default: however many."),
        until: z
          .string()
          .regex(/^\d{4}-\d{2}-\d{2}$/)
          .optional()
          .describe("The last day on which it is accepted, as 2027-01-31."),
        reason: z.string().optional(),
      }),
    )
    .describe("What is accepted."),
});

export type BaselineFile = z.infer<typeof baselineSchema>;

/** The same as a JSON Schema, for editors. */
export function baselineJsonSchema(): unknown {
  return { title: "What cni-trace check finds and everybody knows of", ...z.toJSONSchema(baselineSchema) };
}
