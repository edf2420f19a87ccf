// What agents write, as text that reads well in any mail program and as a document that can be drawn and edited: `**bold**`,
// `_italic_`, `` `code` ``, `[words](address)`, lists by `- ` and `1. `, and code between fences.

export interface Mark {
  type: "bold" | "italic" | "code" | "link";
  attrs?: { href: string };
}

export interface Doc {
  type: string;
  text?: string;
  marks?: Mark[];
  attrs?: Record<string, unknown>;
  content?: Doc[];
}

/** The addresses that a link may lead to. */
const SAFE = /^(https?:\/\/|mailto:)/i;

const INLINE =
  /`([^`\n]+)`|\*\*(\S(?:[^*]*\S)?)\*\*|(?<![\w])_(\S(?:[^_\n]*\S)?)_(?![\w])|\[([^\]\n]+)\]\((\S+?)\)|(https?:\/\/[^\s<>]+[^\s<>.,;:!?)\]'"])/;

function words(text: string, marks: Mark[]): Doc {
  return marks.length > 0 ? { type: "text", text, marks } : { type: "text", text };
}

/** Reads one line. */
function inline(text: string, marks: Mark[] = []): Doc[] {
  const found = INLINE.exec(text);
  if (!found) return text ? [words(text, marks)] : [];
  const [whole, code, bold, italic, label, href, bare] = found;
  const link = (to: string): Mark => ({ type: "link", attrs: { href: to } });
  const inner = (): Doc[] => {
    if (code !== undefined) return [words(code, [...marks, { type: "code" }])];
    if (bold !== undefined) return inline(bold, [...marks, { type: "bold" }]);
    if (italic !== undefined) return inline(italic, [...marks, { type: "italic" }]);
    if (bare !== undefined) return [words(bare, [...marks, link(bare)])];
    if (label !== undefined && href !== undefined && SAFE.test(href)) return inline(label, [...marks, link(href)]);
    return [words(whole, marks)];
  };
  const before = text.slice(0, found.index);
  return [
    ...(before ? [words(before, marks)] : []),
    ...inner(),
    ...inline(text.slice(found.index + whole.length), marks),
  ];
}

/** Lines of a paragraph, each but the last ended by a break. */
function paragraph(lines: string[]): Doc {
  const content = lines.flatMap((line, at) => [...(at > 0 ? [{ type: "hardBreak" }] : []), ...inline(line)]);
  return content.length > 0 ? { type: "paragraph", content } : { type: "paragraph" };
}

const ITEM = /^( *)([-*]|\d+[.)]) +(.*)$/;

/** Reads the list that begins at a line; answers it and the line after it. */
function list(lines: string[], start: number): [Doc, number] {
  const first = ITEM.exec(lines[start] ?? "");
  const indent = first?.[1]?.length ?? 0;
  const isOrdered = /\d/.test(first?.[2] ?? "");
  const items: Doc[] = [];
  let at = start;
  while (at < lines.length) {
    const found = ITEM.exec(lines[at] ?? "");
    const depth = found?.[1]?.length ?? -1;
    if (!found || depth < indent || (depth === indent && /\d/.test(found[2] ?? "") !== isOrdered)) break;
    if (depth > indent) {
      const [inner, next] = list(lines, at);
      items.at(-1)?.content?.push(inner);
      at = next;
    } else {
      items.push({ type: "listItem", content: [paragraph([found[3] ?? ""])] });
      at += 1;
    }
  }
  return [{ type: isOrdered ? "orderedList" : "bulletList", content: items }, at];
}

/** Reads a text as a document. */
export function read(text: string): Doc {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const content: Doc[] = [];
  let held: string[] = [];
  const settle = () => {
    if (held.length > 0) content.push(paragraph(held));
    held = [];
  };
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    const end = line.startsWith("```") ? lines.indexOf("```", at + 1) : -1;
    if (end > at) {
      settle();
      const code = lines.slice(at + 1, end).join("\n");
      content.push({ type: "codeBlock", ...(code ? { content: [{ type: "text", text: code }] } : {}) });
      at = end + 1;
    } else if (/^([-*]|\d+[.)]) +/.test(line)) {
      settle();
      const [read, next] = list(lines, at);
      content.push(read);
      at = next;
    } else {
      if (line.trim() === "") settle();
      else held.push(line);
      at += 1;
    }
  }
  settle();
  return { type: "doc", content: content.length > 0 ? content : [{ type: "paragraph" }] };
}

function writeInline(nodes: Doc[] = []): string {
  return nodes.map(writeWord).join("");
}

function writeWord(node: Doc): string {
  if (node.type === "hardBreak") return "\n";
  if (node.type === "mention") return `@${String(node.attrs?.label ?? "")}`;
  const has = (type: Mark["type"]) => node.marks?.find((mark) => mark.type === type);
  const text = node.text ?? "";
  const [, lead = "", core = "", trail = ""] = /^(\s*)(.*?)(\s*)$/s.exec(text) ?? [];
  if (!core) return text;
  let said = core;
  if (has("code")) said = `\`${said}\``;
  if (has("italic")) said = `_${said}_`;
  if (has("bold")) said = `**${said}**`;
  const href = has("link")?.attrs?.href;
  if (href && href !== core) said = `[${said}](${href})`;
  return lead + said + trail;
}

function writeItems(node: Doc, indent: string): string {
  return (node.content ?? [])
    .map((item, at) => {
      const sign = node.type === "orderedList" ? `${at + 1}. ` : "- ";
      return (item.content ?? [])
        .map((inner) =>
          inner.type === "paragraph"
            ? indent + sign + writeInline(inner.content)
            : writeItems(inner, indent + " ".repeat(sign.length)),
        )
        .join("\n");
    })
    .join("\n");
}

/** Writes a document as the text that is kept and sent. */
export function write(doc: Doc): string {
  const blocks = (doc.content ?? []).map((node) => {
    if (node.type === "codeBlock") return `\`\`\`\n${writeInline(node.content)}\n\`\`\``;
    return node.type === "paragraph" ? writeInline(node.content) : writeItems(node, "");
  });
  return blocks
    .filter((block) => block.trim() !== "")
    .join("\n\n")
    .trim();
}

/** Everybody whom a document mentions, each once. */
export function mentionsIn(doc: Doc): string[] {
  const found = new Set<string>();
  const look = (node: Doc) => {
    if (node.type === "mention" && typeof node.attrs?.id === "string") found.add(node.attrs.id);
    node.content?.forEach(look);
  };
  look(doc);
  return [...found];
}
