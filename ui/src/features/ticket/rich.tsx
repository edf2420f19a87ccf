// Draws what an agent wrote. Only what `rich-text.ts` knows is drawn, so that nothing in a message can run.
import { Anchor, Code } from "@mantine/core";
import { Fragment, type ReactNode, useMemo } from "react";
import { type Doc, read } from "./rich-text";
import classes from "./ticket.module.css";

export function Rich({ text }: { text: string }) {
  const doc = useMemo(() => read(text), [text]);
  return <div className={classes.rich}>{drawAll(doc.content)}</div>;
}

function drawAll(nodes: Doc[] = []): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: what was said never changes its order.
  return nodes.map((node, at) => <Fragment key={at}>{draw(node)}</Fragment>);
}

function draw(node: Doc): ReactNode {
  switch (node.type) {
    case "text":
      return drawWords(node);
    case "hardBreak":
      return <br />;
    case "bulletList":
      return <ul>{drawAll(node.content)}</ul>;
    case "orderedList":
      return <ol>{drawAll(node.content)}</ol>;
    case "listItem":
      return <li>{drawAll(node.content)}</li>;
    case "codeBlock":
      return <Code block>{node.content?.[0]?.text}</Code>;
    default:
      return <p>{drawAll(node.content)}</p>;
  }
}

function drawWords(node: Doc): ReactNode {
  let drawn: ReactNode = node.text;
  for (const mark of node.marks ?? []) {
    if (mark.type === "bold") drawn = <strong>{drawn}</strong>;
    if (mark.type === "italic") drawn = <em>{drawn}</em>;
    if (mark.type === "code") drawn = <Code>{drawn}</Code>;
    if (mark.type === "link" && mark.attrs) {
      drawn = (
        <Anchor href={mark.attrs.href} target="_blank" rel="noopener noreferrer nofollow" underline="always" inherit>
          {drawn}
        </Anchor>
      );
    }
  }
  return drawn;
}
