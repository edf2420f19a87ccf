import { expect, test } from "vitest";
import { titleIn } from "./titles";

const TITLE = { en: "Answer", es: "Respuesta", "pt-BR": "Resposta" };

test.each([
  [TITLE, "es", "Respuesta"],
  [TITLE, "es-MX", "Respuesta"],
  [TITLE, "pt", "Resposta"],
  [TITLE, "de", "Answer"],
  [{ und: "Answer" }, "es", "Answer"],
  [{ fr: "Réponse" }, "es", "Réponse"],
  [{}, "es", undefined],
  [undefined, "es", undefined],
])("%o is called for readers of %s %s", (title, language, called) => expect(titleIn(title, language)).toBe(called));
