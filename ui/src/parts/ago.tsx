// How long ago something was, drawn again only when the words change.
import { useFormats } from "@/app/format";
import { useAsTimePasses } from "@/app/time";

/** How long ago an instant was, such as `3 hours ago`. */
export function Ago({ at }: { at: string }) {
  const format = useFormats();
  return useAsTimePasses((now) => format.ago(at, now));
}
