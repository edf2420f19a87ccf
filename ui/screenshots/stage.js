// Puts on the stage of a demonstration what its story does not hold: an escalation under way, a rota, macros, a view.

import { createHmac } from "node:crypto";
import { AT } from "./program.js";

/** Asks the service, as whom the token stands for. */
export function speaker({ url, token }) {
  return async (method, path, body) => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body && { "content-type": "application/json" }),
        ...(method === "PUT" && { "if-match": "*" }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? undefined : answer.json();
  };
}

const MACROS = [
  {
    name: "Ask for the trace id",
    description: "When a call failed and we do not know which",
    shared: true,
    actions: [
      { do: "reply", text: "Hello {{contact.name}},\n\ncould you send us the trace id of a call that failed?" },
      { do: "set_status", to: "pending_customer" },
    ],
  },
  {
    name: "Known incident",
    description: "It is on the status page already",
    shared: true,
    actions: [
      { do: "reply", text: "We know of this and are working on it. We write again within the hour." },
      { do: "add_tags", tags: ["incident"] },
    ],
  },
  {
    name: "Hand to engineering",
    description: "The cause is in the product",
    shared: true,
    actions: [
      { do: "note", text: "Reproduced. Steps and logs are above." },
      { do: "assign", to: null },
    ],
  },
];

/** What an authenticator shows at an instant for a secret in base 32 (RFC 6238). */
function codeAt(secret, instant) {
  const bits = [...secret.replace(/[\s=]/g, "")].map((letter) =>
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"),
  );
  const key = Buffer.from(
    bits
      .join("")
      .match(/[01]{8}/g)
      .map((byte) => Number.parseInt(byte, 2)),
  );
  const count = Buffer.alloc(8);
  count.writeBigUInt64BE(BigInt(Math.floor(Date.parse(instant) / 30_000)));
  const digest = createHmac("sha1", key).update(count).digest();
  const code = (digest.readUInt32BE(digest[19] & 15) & 0x7fffffff) % 1_000_000;
  return String(code).padStart(6, "0");
}

/** Sets up an authenticator for somebody, as a session of their own does it. */
async function guard({ url }, { email, password }) {
  let cookie;
  const ask = async (path, body) => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-requested-with": "mainstay", ...(cookie && { cookie }) },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    cookie ??= answer.headers.getSetCookie()[0].split(";")[0];
    return answer.json();
  };
  await ask("/sessions", { email, password });
  const { secret } = await ask("/me/second-factor", { password });
  await ask("/me/second-factor/confirmation", { code: codeAt(secret, AT) });
}

/** Makes the first administrator of a store with nothing in it, and says how they sign in. */
export async function setUp({ url, key }) {
  const user = { email: "nora.reyes@example.com", password: "keep every promise" };
  const answer = await fetch(`${url}/api/v1/set-up`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-requested-with": "mainstay" },
    body: JSON.stringify({ ...user, code: key, name: "Nora Reyes", time_zone: "Europe/Madrid" }),
  });
  if (!answer.ok) throw new Error(`set-up: ${answer.status} ${await answer.text()}`);
  return user;
}

/** Sets the stage, and says which things on it are worth a picture. */
export async function setStage(demo) {
  const ask = speaker(demo);
  const agents = Object.fromEntries(
    (await ask("GET", "/agents?limit=200")).items.map((agent) => [agent.email.split(".")[0], agent.id]),
  );
  const team = (await ask("GET", "/teams")).items[0];
  for (const macro of MACROS) await ask("POST", "/macros", macro);
  await ask("POST", "/views", {
    name: "Enterprise, urgent",
    query: "status=new,open&tier=Enterprise&severity=P1,P2",
    shared: true,
  });
  const layer = (name, ...members) => ({
    name,
    agents: members.map((member) => agents[member]),
    starts_on: "2026-02-23",
    hand_over: "09:00",
    time_zone: "Europe/Madrid",
    turn_days: 7,
  });
  await ask("PUT", `/teams/${team.id}/on-call`, {
    layers: [layer("primary", "priya", "tomas", "livia"), layer("secondary", "jonas", "mei")],
  });
  const open = await ask("GET", "/tickets?status=open&severity=P1,P2&tier=Enterprise&sort=next_due&limit=10");
  const [escalated, other] = open.items;
  const [{ id: raised }] = await ask("POST", "/escalations", {
    ticket: escalated.id,
    reason: "business_impact",
    note: "Nobody at the customer can work until this is mended.",
  });
  await ask("POST", `/escalations/${raised}/records`, {
    type: "assess",
    text: "Every sign-in of the customer fails since 13:40; 1,200 people are affected.",
  });
  await ask("POST", "/escalations", {
    ticket: other.id,
    reason: "customer_request",
    note: "Asked for by their director.",
  });
  await ask("POST", "/webhooks", { url: "https://hooks.example.com/mainstay", events: ["clock.*", "escalation.*"] });
  const beside = (await ask("GET", `/tickets?account=${escalated.account}&sort=-opened&limit=10`)).items;
  const twin = beside.find(({ id }) => id !== escalated.id);
  const [hours] = (await ask("GET", "/tickets?status=new&severity=P2&tier=Standard&sort=next_due&limit=1")).items;
  const customer = demo.users.find(({ role }) => role === "portal_administrator");
  const contact = (await ask("GET", `/contacts?text=${encodeURIComponent(customer.email)}`)).items[0];
  const ours = (await ask("GET", `/tickets?account=${contact.account}&sort=-opened&limit=50`)).items;
  const request = ours.find(({ status_kind }) => status_kind === "open") ?? ours[0];
  const guarded = demo.users.find(({ email }) => email.startsWith("livia."));
  await guard(demo, guarded);
  return {
    guarded,
    ticket: escalated.number,
    other: twin.number,
    hours: hours.number,
    escalation: raised,
    account: escalated.account,
    request: request.number,
  };
}
