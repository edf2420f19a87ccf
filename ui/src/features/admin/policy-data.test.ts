import { expect, test } from "vitest";
import { matrices, type Promised } from "./policy-data";

const promised = (tier: string, severity: string | null, name: string, target: number | null): Promised => ({
  tier,
  severity,
  name,
  calendar: "24/7",
  source: "commitments.toml:1",
  target_seconds: target,
});

test("promises stand by commitment, tier and severity, and exceptions after the plain one do not hide it", () => {
  const tiers = ["Gold", "Basic"].map((name) => ({ name, description: null, support_hours: "24/7" }));
  const commitments = [
    promised("Gold", "P1", "first_response", 900),
    promised("Gold", "P1", "first_response", 60),
    promised("Basic", "P4", "first_response", 86_400),
    promised("Gold", null, "uptime", null),
  ];
  const found = matrices({ tiers, commitments });
  expect(found.map(({ commitment }) => commitment)).toEqual(["first_response"]);
  expect(found[0]?.rows.map(({ tier, cells }) => [tier, ...cells.map((cell) => cell?.target_seconds)])).toEqual([
    ["Gold", 900, undefined, undefined, undefined],
    ["Basic", undefined, undefined, undefined, 86_400],
  ]);
});
