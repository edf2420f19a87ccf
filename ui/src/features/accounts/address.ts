// What the address of the list of accounts says. The router reads it before the list itself is loaded.

/** What the address of the list says. */
export interface AccountsSearch {
  text?: string | undefined;
  mine?: boolean | undefined;
  archived?: boolean | undefined;
}

export function accountsSearch(search: Record<string, unknown>): AccountsSearch {
  return {
    ...(search.text ? { text: String(search.text) } : {}),
    ...(search.mine === true ? { mine: true } : {}),
    ...(search.archived === true ? { archived: true } : {}),
  };
}
