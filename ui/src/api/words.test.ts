import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import es from "@/locales/es/refusals.json";
import ptBR from "@/locales/pt-BR/refusals.json";
import { sayFault, sayRefusal, speakOfRefusals } from "./words";

afterEach(() => speakOfRefusals(undefined));

/** Everything that the service says, each string as it is written there on one line. */
function service(): string {
  const crates = join(process.cwd(), "../crates");
  return ["app", "channels", "domain", "store", "web"]
    .flatMap((crate) =>
      readdirSync(join(crates, crate, "src"), { recursive: true, encoding: "utf8" })
        .filter((path) => path.endsWith(".rs"))
        .map((path) => readFileSync(join(crates, crate, "src", path), "utf8")),
    )
    .join("\n")
    .replaceAll(/\\\n\s*/g, "");
}

test("every sentence that is translated is still said by the service, and every kind is its own", () => {
  const said = service();
  expect(Object.keys(es.details).filter((english) => !said.includes(english))).toEqual([]);
  const known = [...said.matchAll(/StatusCode::\w+,\s+"([a-z-]+)",/g)].map(([, kind]) => kind ?? "");
  expect(known.length).toBeGreaterThan(15);
  expect([...known, "unreachable"].sort()).toEqual(Object.keys(es.kinds).sort());
});

test("each language has words for the same, with the same variables", () => {
  expect(Object.keys(ptBR.kinds)).toEqual(Object.keys(es.kinds));
  expect(Object.keys(ptBR.details)).toEqual(Object.keys(es.details));
  for (const words of [es, ptBR]) {
    for (const [english, translated] of Object.entries(words.details)) {
      for (const [variable] of translated.matchAll(/\{[^}]*\}/g)) expect(english).toContain(variable);
    }
  }
});

test("a refusal is said in the words of the language, by its sentence or else by its kind", () => {
  speakOfRefusals(es);
  expect(sayRefusal("unauthorised", "The address or the password is wrong.")).toBe(
    "La dirección o la contraseña no es correcta.",
  );
  expect(sayRefusal("conflict", "a change can be undone for 30 seconds; change it back by hand")).toContain(
    "durante 30 segundos",
  );
  expect(sayRefusal("too-many", "Something new.")).toBe(es.kinds["too-many"]);
  expect(sayRefusal("conflict", "Something new.")).toBe(`${es.kinds.conflict} (Something new.)`);
  expect(sayRefusal("conflict", "The store refused: another team has this name.")).toBe("Otro equipo se llama así.");
  expect(sayFault('"here" is not a domain: expected one like example.com')).toContain('"here" no es un dominio');
  expect(sayFault("must not be empty")).toBe("No puede quedar vacío.");
  expect(sayFault("something new")).toBe("Something new.");
  expect(sayFault("error: what\n --> where\n")).toBe("error: what\n --> where\n");
});

test("in English it is what the service says, as a sentence", () => {
  expect(sayRefusal("conflict", "ticket is closed")).toBe("Ticket is closed.");
  expect(sayRefusal("conflict", "The store refused: another team has this name.")).toBe("Another team has this name.");
});
