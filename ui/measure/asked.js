// What a measurement is asked for: which service, and as whom.
import { parseArgs } from "node:util";

/** The options of a measurement beside its own. The sign-in is that of a store that `mainstay bench load` or `demo` filled. */
const OPTIONS = {
  url: { type: "string", default: process.env.MAINSTAY_URL ?? "http://127.0.0.1:8080" },
  email: { type: "string", default: "priya.nair@mainstay.example" },
  password: { type: "string", default: "keep every promise" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
};

/** The help on them. */
export const ASKED = `  --url URL            the service (MAINSTAY_URL or http://127.0.0.1:8080)
  --email, --password  as whom to sign in (somebody of a store that \`mainstay bench load\` or \`demo\` filled)
  --json               say it as JSON`;

/** Reads them; says the help and ends when it is asked for. */
export function readAsked(help, own) {
  const { values } = parseArgs({ options: { ...OPTIONS, ...own } });
  if (values.help) {
    console.log(help);
    process.exit(0);
  }
  return { ...values, url: values.url.replace(/\/$/, "") };
}

/** The value below which a share of all lies, such as 0.95. */
export function quantile(values, share) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
