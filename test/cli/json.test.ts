import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { shell, words } from "./shell.ts";

describe("a document is what its published schema says", () => {
  test.each([
    ["trace", "-t two-nodes --mode vxlan pod-a pod-b"],
    ["trace", "-t two-subnets --mode host-gw pod-a pod-b --cold"],
    ["tables", "tables -t two-subnets --mode host-gw"],
    ["route", "route -t two-subnets --mode host-gw node-1 10.244.2.2"],
    ["route", "route -t two-subnets --mode vxlan r1 10.244.2.2"],
    ["check", "check -t two-nodes --mode bgp"],
    ["check", "check -t blocked --mode vxlan --fail-on never"],
    ["bgp", "bgp -t bgp-routers --mode bgp"],
    ["bgp", "bgp -t two-nodes --mode vxlan node-1"],
    ["diff", "diff -t two-nodes vxlan host-gw pod-a pod-b"],
  ])("%s: %s", async (name, line) => {
    const schema = JSON.parse((await shell(["schema", name])).out);
    const { out, err, code } = await shell([...words(line), "-o", "json"]);
    expect([err, code]).toEqual(["", expect.toBeOneOf([0, 1])]);
    const validate = new Ajv2020({ strict: true }).compile(schema);
    const document: unknown = JSON.parse(out);
    expect(validate(document), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
    expect(document).toMatchObject({ schemaVersion: expect.stringMatching(/^1\.\d+$/), kind: name });
  });

  test("the packaged topologies are topologies by the schema", async () => {
    const { parse } = await import("yaml");
    const schema = JSON.parse((await shell(["schema", "topology"])).out);
    const validate = new Ajv2020({ strict: false }).compile(schema);
    const plain = (await shell(["topologies"])).out.matchAll(/^([a-z-]+) {2}/gm);
    const questions = (await shell(["topologies", "--questions"])).out.matchAll(/\(([a-z0-9-]+)\)$/gm);
    for (const [, name = ""] of [...plain, ...questions]) {
      const { out } = await shell(["topologies", name]);
      expect(validate(parse(out)), `${name}: ${JSON.stringify(validate.errors)}`).toBe(true);
    }
  });
});
