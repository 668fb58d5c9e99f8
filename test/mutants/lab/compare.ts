import { expect, test } from "vitest";
import { firstDisagreement } from "./labs.ts";

/* `lab verify --from` of every record, by a mutant. */

test("the model agrees with what kernels did", async () => {
  expect(await firstDisagreement()).toBe(undefined);
}, 600_000);
