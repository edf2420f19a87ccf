import { useName } from "@/features/directory/names";

/** The name that belongs to an identifier; nothing until it is known. */
export function Name({ id }: { id: string | null | undefined }) {
  return useName(id) ?? null;
}
