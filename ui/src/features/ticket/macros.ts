// Macros: answers prepared once, with variables that the service fills in, and what else they do to a ticket.
import { queryOptions } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";

export type Macro = Schemas["Macro"];
export type MacroPreview = Schemas["MacroPreview"];

export const macrosQuery = queryOptions({
  queryKey: ["macros"],
  queryFn: async () => (await data(api.GET("/api/v1/macros", { params: { query: { limit: 200 } } }))).items,
});

/** What a macro would do to a ticket, its variables filled in. */
export const previewMacro = (ticket: string, macro: string) =>
  data(api.GET("/api/v1/tickets/{id}/macros/{macro}", { params: { path: { id: ticket, macro } } }));

/** Whether a macro only says one thing, so that it may be put into what is being written. */
export function isCanned(macro: Pick<Macro, "actions">): boolean {
  return macro.actions.length === 1 && macro.actions.every((action) => action.do === "reply" || action.do === "note");
}

/** Those whose name has every word of what was typed, the ones that begin with it first; at most eight. */
export function matching<T extends { name: string }>(all: T[], typed: string): T[] {
  const wanted = typed.toLocaleLowerCase();
  const words = wanted.split(/\s+/);
  return all
    .filter(({ name }) => words.every((word) => name.toLocaleLowerCase().includes(word)))
    .sort(
      (a, b) =>
        Number(b.name.toLocaleLowerCase().startsWith(wanted)) - Number(a.name.toLocaleLowerCase().startsWith(wanted)),
    )
    .slice(0, 8);
}
