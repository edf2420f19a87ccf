// The rich field in which a message is written. It is heavy, so it comes when somebody writes.
import "@mantine/tiptap/styles.css";
import { Link, RichTextEditor } from "@mantine/tiptap";
import { IconBraces } from "@tabler/icons-react";
import Mention from "@tiptap/extension-mention";
import Placeholder from "@tiptap/extension-placeholder";
import { useEditor } from "@tiptap/react";
import StarterKit from "@tiptap/starter-kit";
import { tokenize } from "linkifyjs";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "./composer.module.css";
import { matching } from "./macros";
import { type Doc, mentionsIn, read, write } from "./rich-text";
import { type Offer, type Offered, Suggestions, suggestions } from "./suggest";

/** After how long nobody waits for the field any more, in milliseconds. */
const READY = 250;

interface EditorProps {
  label: string;
  hint: string;
  initial: string;
  people: Offer[];
  macros: Offer[];
  /** Puts the cursor into the field whenever it changes to another number than 0. */
  focus: number;
  onChange: (text: string, mentions: string[]) => void;
  onSend: () => void;
  onFiles: (files: File[]) => void;
  /** A prepared answer was chosen; `insert` puts text where it was. */
  onMacro: (macro: string, insert: (text: string) => void) => void;
  tools?: ReactNode;
}

export default function Editor(props: EditorProps) {
  const { t } = useTranslation("ticket");
  const [offered, setOffered] = useState<Offered>();
  // The field is made once; what it calls is what was given last.
  const now = useRef(props);
  now.current = props;
  const editor = useEditor({
    immediatelyRender: true,
    content: read(props.initial),
    extensions: [
      StarterKit.configure({
        heading: false,
        blockquote: false,
        horizontalRule: false,
        strike: false,
        underline: false,
        link: false,
      }),
      Link.configure({ openOnClick: false, protocols: ["https", "http", "mailto"] }),
      Placeholder.configure({ placeholder: () => now.current.hint }),
      Mention.extend({ addProseMirrorPlugins: () => [] }).configure({ HTMLAttributes: { class: classes.mention } }),
      suggestions(
        [
          {
            char: "@",
            find: (typed) => matching(now.current.people, typed),
            take: ({ id, name }, insert) =>
              insert([
                { type: "mention", attrs: { id, label: name } },
                { type: "text", text: " " },
              ]),
          },
          {
            char: "/",
            find: (typed) => matching(now.current.macros, typed),
            take: ({ id }, insert) => now.current.onMacro(id, (text) => insert(read(text).content ?? [])),
          },
        ],
        setOffered,
      ),
    ],
    editorProps: {
      attributes: () => ({
        class: classes.field ?? "",
        role: "textbox",
        "aria-multiline": "true",
        "aria-label": now.current.label,
      }),
      handleKeyDown: (view, event) => {
        if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) {
          now.current.onSend();
          return true;
        }
        if (event.key === "Escape") view.dom.blur();
        return event.key === "Escape";
      },
      handlePaste: (_view, event) => takeFiles(event.clipboardData, now.current.onFiles),
      handleDrop: (_view, event) => takeFiles(event.dataTransfer, now.current.onFiles),
    },
    onUpdate: ({ editor }) => {
      const doc: Doc = editor.getJSON() as Doc;
      now.current.onChange(write(doc), mentionsIn(doc));
    },
  });
  useEffect(() => {
    if (props.focus > 0) editor.commands.focus("end");
  }, [props.focus, editor]);
  // The name and the hint are drawn anew when the message becomes a note, or a reply again.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the label says which it is.
  useEffect(() => {
    if (editor.isInitialized) editor.view.dispatch(editor.state.tr);
  }, [props.label, editor]);
  // What knows a link in what is written is made when the first word ends, which would be felt: it is made before.
  useEffect(() => {
    const timer = setTimeout(() => tokenize("a"), READY);
    return () => clearTimeout(timer);
  }, []);
  return (
    <RichTextEditor
      editor={editor}
      variant="subtle"
      classNames={{
        root: classes.editor ?? "",
        toolbar: classes.toolbar ?? "",
        controlsGroup: classes.group ?? "",
        control: classes.control ?? "",
        content: classes.content ?? "",
      }}
      labels={{
        boldControlLabel: t("write.bold"),
        italicControlLabel: t("write.italic"),
        codeControlLabel: t("write.code"),
        codeBlockControlLabel: t("write.codeBlock"),
        bulletListControlLabel: t("write.bullets"),
        orderedListControlLabel: t("write.numbers"),
        linkControlLabel: t("write.link"),
        linkEditorInputLabel: t("write.address"),
        linkEditorInputPlaceholder: "https://",
        linkEditorSave: t("write.setLink"),
      }}
    >
      <RichTextEditor.Content />
      <RichTextEditor.Toolbar>
        <RichTextEditor.ControlsGroup>
          <RichTextEditor.Bold />
          <RichTextEditor.Italic />
          <RichTextEditor.Code />
          <RichTextEditor.Link />
        </RichTextEditor.ControlsGroup>
        <RichTextEditor.ControlsGroup>
          <RichTextEditor.BulletList />
          <RichTextEditor.OrderedList />
          <RichTextEditor.CodeBlock icon={IconBraces} />
        </RichTextEditor.ControlsGroup>
        {props.tools}
      </RichTextEditor.Toolbar>
      <Suggestions offered={offered} />
    </RichTextEditor>
  );
}

/** Takes the files out of what is pasted or dropped; whether there were any. */
function takeFiles(from: DataTransfer | null, onFiles: (files: File[]) => void): boolean {
  const files = [...(from?.files ?? [])];
  if (files.length > 0) onFiles(files);
  return files.length > 0;
}
