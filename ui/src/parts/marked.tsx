// A text in which the words that were asked for are marked.
import { Mark } from "@mantine/core";
import type { Schemas } from "@/api/client";

export function Marked({ parts }: { parts: Schemas["Segment"][] }) {
  return parts.map(({ text, is_match }, place) =>
    is_match ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have nothing but their place.
      <Mark key={place}>{text}</Mark>
    ) : (
      text
    ),
  );
}
